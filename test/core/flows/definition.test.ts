import { describe, expect, it } from 'vitest';
import { parseFlow } from '../../../electron/core/flows/definition.ts';
import { errorsOf, flowOf, seeded, warningsOf, withModel } from '../../helpers/flow-text.ts';

const minimal = 'triggers: []\n';

describe('flow definition', () => {
  it('keeps name and version as they are written, numbers too', () => {
    expect(flowOf(`${minimal}name: 7\nversion: 1.02`)).toMatchObject({ name: '7', version: '1.02' });
    expect(flowOf(`${minimal}version: 1.10`).version).toBe('1.10');
    expect(flowOf(`${minimal}version:\nname:`)).toMatchObject({ name: '', version: '' });
  });

  it('takes a priority from 0 to 5, also in quotes', () => {
    for (const priority of [0, 5, '"4"'])
      expect(flowOf(`${minimal}priority: ${priority}`).priority).toBe(Number(String(priority).replace(/"/g, '')));
    for (const priority of [6, 9, -1, 1.5, 'high', true, '[1]']) {
      expect(errorsOf(`${minimal}priority: ${priority}`)).toEqual([
        expect.stringMatching(/^2:11 priority is .*, not a whole number from 0 to 5$/),
      ]);
    }
  });

  it('takes the booleans of YAML 1.1', () => {
    for (const word of ['false', 'False', 'no', 'off'])
      expect(flowOf(`${minimal}enabled: ${word}`).enabled).toBe(false);
    for (const word of ['true', 'yes', 'On']) expect(flowOf(`${minimal}enabled: ${word}`).enabled).toBe(true);
    expect(errorsOf(`${minimal}enabled: maybe`)).toEqual(['2:10 enabled is "maybe", not true or false']);
  });

  it('reads collect and quiet', () => {
    expect(flowOf(minimal)).toMatchObject({ collect: 'association', quietMs: 0 });
    expect(flowOf(`${minimal}collect: series`)).toMatchObject({ collect: 'series', quietMs: 60_000 });
    for (const [quiet, ms] of [
      ['60s', 60_000],
      ['5m', 300_000],
      ['90', 90_000],
      ['1h30m', 5_400_000],
      ['0.5', 500],
      ['500ms', 500],
    ] as const) {
      expect(flowOf(`${minimal}collect: study\nquiet: ${quiet}`).quietMs).toBe(ms);
    }
    expect(errorsOf(`${minimal}collect: patient`)).toEqual([
      '2:10 collect is "patient", not association, series or study',
    ]);
    expect(errorsOf(`${minimal}collect: study\nquiet: soon`)[0]).toMatch(/^3:8 quiet is "soon", not a time/);
    expect(errorsOf(`${minimal}collect: study\nquiet: 0`)[0]).toMatch(/^3:8 /);
    expect(warningsOf(`${minimal}quiet: 60s`)[0]).toMatch(/^2:1 quiet has no effect/);
  });

  it('reads tar_subdir as a list or as one keyword', () => {
    expect(flowOf(`${minimal}tar_subdir: [SOPClassUID, SeriesInstanceUID]`).tarSubdir).toEqual([
      'SOPClassUID',
      'SeriesInstanceUID',
    ]);
    expect(flowOf(`${minimal}tar_subdir: Modality`).tarSubdir).toEqual(['Modality']);
    expect(warningsOf(`${minimal}tar_subdir: [Modality, Modalty]`)).toEqual([
      '2:24 Modalty is no DICOM keyword: the folder will be called Modalty',
    ]);
    expect(errorsOf(`${minimal}tar_subdir: ["../x"]`)).toEqual(['2:14 tar_subdir[0] is "../x", not a DICOM keyword']);
  });

  it('reads return_to_sender_on_port as a number or a list, and by its later name', () => {
    expect(flowOf(`${minimal}return_to_sender_on_port: 104`).returnToSenderOnPort).toEqual([104]);
    expect(flowOf(`${minimal}return_to_sender_on_port: [104, "11112"]`).returnToSenderOnPort).toEqual([104, 11112]);
    expect(flowOf(`${minimal}return_to_sender_on_ports: [104]`).returnToSenderOnPort).toEqual([104]);
    expect(errorsOf(`${minimal}return_to_sender_on_port: [104, 70000]`)).toEqual([
      '2:33 return_to_sender_on_port[1] is "70000", not a whole number from 1 to 65535',
    ]);
  });

  it('carries what DicomFlow carries, with a warning', () => {
    expect(errorsOf(`${minimal}optional_kwargs: {a: 1}\nextra: {DEBUG_DISABLE_GPU: 1}`)).toEqual([]);
    expect(warningsOf(`${minimal}optional_kwargs: {a: 1}\nextra: {b: 1}`)).toEqual([
      '2:1 optional_kwargs has no effect in Gantry',
      '3:1 extra has no effect in Gantry',
    ]);
  });

  it('refuses a key that is a slip of a known one, and warns of one that is not', () => {
    expect(errorsOf('trigers:\n  - Modality: CT')).toEqual(['1:1 trigers means nothing here; triggers does']);
    expect(errorsOf(`${minimal}destination: []`)).toEqual(['2:1 destination means nothing here; destinations does']);
    expect(errorsOf(`${minimal}owner: me`)).toEqual([]);
    expect(warningsOf(`${minimal}owner: me`)).toEqual(['2:1 owner means nothing to Gantry and is ignored']);
    expect(warningsOf(`${minimal}x-note: me`)).toEqual([]);
  });

  it('warns of a flow without triggers, but not of one that says so', () => {
    expect(warningsOf('models: []')).toEqual(['1:1 The flow has no triggers: it fires for every batch']);
    expect(warningsOf('triggers: []')).toEqual([]);
  });
});

describe('models', () => {
  const first = (...lines: string[]) => flowOf(withModel(...lines)).models[0];

  it('reads gpu as DicomFlow does', () => {
    for (const word of ['true', 'True', 'yes', '"true"', '1']) expect(first(`gpu: ${word}`)?.gpu).toBe(true);
    for (const word of ['false', 'False', '"False"', '0', '']) expect(first(`gpu: ${word}`)?.gpu).toBe(false);
    expect(first('gpu: all')?.gpu).toBe(true);
    expect(warningsOf(withModel('gpu: all'))).toEqual([
      '4:10 gpu: all counts as true: a run gets one GPU of the settings',
    ]);
    expect(errorsOf(withModel('gpu: [0]'))).toEqual(['4:10 models[0].gpu is a list, not true or false']);
  });

  it('reads folders, absolute and apart', () => {
    expect(first('input_dir: /data/in/', 'output_dir: /data//out')).toMatchObject({
      inputDir: '/data/in',
      outputDir: '/data/out',
    });
    for (const folder of ['input', '/', '/proc/1', '/a/../..']) {
      expect(errorsOf(withModel(`input_dir: ${folder}`))[0]).toMatch(
        /^4:16 models\[0\]\.input_dir is .* an absolute folder/,
      );
    }
    expect(errorsOf(withModel('input_dir: /data', 'output_dir: /data/'))[0]).toMatch(
      /^5:17 input_dir and output_dir are both/,
    );
    expect(errorsOf(withModel('output_dir: /input'))[0]).toMatch(/^4:17 input_dir and output_dir are both/);
  });

  it('reads timeout in seconds or with a unit', () => {
    for (const [timeout, seconds] of [
      ['60', 60],
      ['"60"', 60],
      ['30m', 1800],
      ['1.5h', 5400],
    ] as const) {
      expect(first(`timeout: ${timeout}`)?.timeoutSeconds).toBe(seconds);
    }
    for (const timeout of ['0', '-5', 'never', 'true', '[1]', '100d'])
      expect(errorsOf(withModel(`timeout: ${timeout}`))[0]).toMatch(/^4:14 /);
  });

  it('names a model by its image where it has no name', () => {
    expect(first()?.name).toBe('busybox');
    expect(first('name: Segment the lung')?.name).toBe('Segment the lung');
    expect(flowOf('triggers: []\nmodels:\n  - docker_kwargs: {image: "reg:5000/team/seg:1.2"}').models[0]?.name).toBe(
      'seg',
    );
  });

  it('reads network by model and by flow; none by default', () => {
    expect(first()?.network).toBe('none');
    expect(first('network: bridge')?.network).toBe('bridge');
    expect(flowOf(`network: bridge\n${withModel()}`).models[0]?.network).toBe('bridge');
    expect(flowOf(`network: bridge\n${withModel('network: none')}`).models[0]?.network).toBe('none');
    for (const network of ['host', 'container:db', 'my_net', '[none]']) {
      expect(errorsOf(withModel(`network: ${network}`))[0]).toMatch(
        /^4:14 models\[0\]\.network is .*, not none or bridge$/,
      );
    }
  });

  it('reads static mounts: a list, a mapping, the alias, paths', () => {
    const mounts = (...lines: string[]) => first(...lines)?.staticMounts;
    expect(mounts('static_mounts: ["A:/a", "B.tar:/b/"]')).toEqual([
      { name: 'A', target: '/a' },
      { name: 'B', target: '/b' },
    ]);
    expect(mounts('static_mounts: {A: /a, B: /b}')).toEqual([
      { name: 'A', target: '/a' },
      { name: 'B', target: '/b' },
    ]);
    expect(mounts('static_mount: A:/a')).toEqual([{ name: 'A', target: '/a' }]);
    expect(mounts('static_mount: ["A:/a"]', 'static_mounts: ["B:/b"]')).toEqual([
      { name: 'B', target: '/b' },
      { name: 'A', target: '/a' },
    ]);
    expect(mounts('static_mount: C:\\models\\M1.tar:/m:rw')).toEqual([{ name: 'M1', target: '/m' }]);
    for (const wrong of [
      'A',
      'A:b',
      ':/a',
      '/:/a',
      '..:/a',
      '"A:/"',
      '"A:/../.."',
      '"A:/sys/x"',
      '".hidden:/a"',
      '3',
    ]) {
      expect(errorsOf(withModel(`static_mount: ${wrong}`)), wrong).toHaveLength(1);
    }
    expect(errorsOf(withModel('static_mounts: A:/a'))[0]).toMatch(/^4:20 .* is "A:\/a", not a list of/);
  });

  it('says where a key belongs', () => {
    expect(errorsOf('triggers: []\nmodels:\n  - image: busybox')).toEqual([
      '3:5 image belongs under docker_kwargs',
      '3:5 models[0] has no docker_kwargs',
    ]);
    expect(errorsOf(withModel('input_mounts: {src: /x}'))[0]).toMatch(/^4:5 input_mounts of DicomFlow 2/);
    expect(errorsOf(withModel('time_out: 5'))).toEqual(['4:5 time_out means nothing here; timeout does']);
    expect(errorsOf('triggers: []\nmodels: busybox')).toEqual(['2:9 models is "busybox", not a list of models']);
    expect(errorsOf('triggers: []\nmodels:\n  - busybox')[0]).toMatch(/^3:5 models\[0\] is "busybox", not a model/);
  });
});

describe('destinations', () => {
  it('reads nodes, peers and folders', () => {
    const text = `${minimal}destinations:
  - {host: 10.0.0.1, port: "104", ae_title: PACS}
  - ARCHIVE
  - peer: ARCHIVE-2
  - folder: results/ct
  - folder: /srv/results
  - folder: 'D:\\results'
`;
    expect(flowOf(text).destinations).toEqual([
      { kind: 'dicom', host: '10.0.0.1', port: 104, aeTitle: 'PACS' },
      { kind: 'peer', peer: 'ARCHIVE' },
      { kind: 'peer', peer: 'ARCHIVE-2' },
      { kind: 'folder', path: 'results/ct' },
      { kind: 'folder', path: '/srv/results' },
      { kind: 'folder', path: 'D:\\results' },
    ]);
  });

  const wrong: [item: string, message: RegExp][] = [
    ['{host: a, port: 104}', /^3:5 destinations\[0\] has no ae_title$/],
    ['{}', /^3:5 destinations\[0\] has no host and no port and no ae_title$/],
    ['{host: a, port: 0, ae_title: X}', /^3:21 destinations\[0\]\.port is "0"/],
    ['{host: a, port: 104, ae_title: SEVENTEENLETTERS1}', /^3:36 destinations\[0\]\.ae_title is .*1 to 16 characters/],
    ['{host: a, port: 104, ae_title: "A\\\\B"}', /^3:36 /],
    ['{host: "a b", port: 104, ae_title: X}', /^3:12 destinations\[0\]\.host/],
    ['{host: a, port: 104, aetitle: X}', /^3:5 destinations\[0\] has no ae_title$/],
    ['{peer: A, host: b}', /^3:15 A destination has either peer or host, not both$/],
    ['{peer: "a b"}', /^3:12 destinations\[0\]\.peer is "a b", not the name of a peer/],
    ['{folder: ../up}', /^3:14 destinations\[0\]\.folder is "\.\.\/up"/],
    ['{folder: ""}', /^3:14 /],
    ['{folder: "C:relative"}', /^3:14 /],
    ['"a b"', /^3:5 destinations\[0\] is "a b", not the name of a peer/],
    ['', /^3:\d+ destinations\[0\] is empty/],
    ['[a]', /^3:5 destinations\[0\] is a list/],
  ];
  it.each(wrong)('refuses %s', (item, message) => {
    expect(errorsOf(`${minimal}destinations:\n  - ${item}`)[0]).toMatch(message);
  });
});

describe('problems', () => {
  it('reports every problem of a file, in its order', () => {
    const text = `name: F
priority: 9
triggers:
  - Modality: "("
models:
  - docker_kwargs:
      image: busybox
      privileged: true
    timeout: soon
destinations:
  - {host: a, port: 1, ae_title: ''}
`;
    expect(errorsOf(text).map(line => line.split(' ')[0])).toEqual(['2:11', '4:15', '8:7', '9:14', '11:34']);
  });

  it('every problem has a remedy and a path', () => {
    const { problems } = parseFlow(withModel('gpu: [1]'), 'x.yml');
    expect(problems).toEqual([
      {
        severity: 'error',
        line: 4,
        column: 10,
        path: 'models[0].gpu',
        what: 'models[0].gpu is a list, not true or false',
        remedy: 'Give models[0].gpu true or false.',
      },
    ]);
  });

  it('fires for none of: no text, no mapping, text in another encoding', () => {
    for (const text of ['', '  \n', '# only a comment\n', '---\n', 'null'])
      expect(errorsOf(text), JSON.stringify(text)).toEqual(['1:1 The file is empty']);
    expect(errorsOf('- a\n- b')[0]).toMatch(/^1:1 The file is a list, not a mapping/);
    expect(errorsOf('hello')[0]).toMatch(/^1:1 The file is "hello"/);
    expect(errorsOf('a: 1\n---\nb: 2')).toEqual(['3:1 The file holds more than one YAML document']);
  });

  it('never throws, whatever the text: 3000 mutations of a flow', () => {
    const random = seeded(4711);
    const base = `name: F\nversion: 1.0\ntriggers:\n  - Modality: "CT"\n    ImageType: '(?i)prim'\nmodels:\n  - docker_kwargs: &k {image: busybox, environment: {A: 1}}\n    static_mounts: ["A:/a"]\n  - docker_kwargs: *k\ndestinations:\n  - {host: a, port: 104, ae_title: X}\n`;
    const signs = `:-[]{}"'#&*!|>%@\`\n\t ,?\\0aé\u0000\u2028`;
    for (let round = 0; round < 3000; round++) {
      let text = base;
      for (let change = 0; change < 1 + random() * 4; change++) {
        const at = Math.floor(random() * text.length);
        const removed = Math.floor(random() * 6);
        text = text.slice(0, at) + signs[Math.floor(random() * signs.length)] + text.slice(at + removed);
      }
      const { flow, problems } = parseFlow(text, 'x.yml');
      const lines = text.split('\n').length;
      if (flow === null)
        expect(
          problems.some(problem => problem.severity === 'error'),
          text,
        ).toBe(true);
      for (const { line, column } of problems) {
        expect(line >= 1 && line <= lines + 1 && column >= 1, `${line}:${column} of ${text}`).toBe(true);
      }
    }
  });
});
