import { describe, expect, it } from 'vitest';
import { parseFlow } from '../../../electron/core/flows/definition.ts';
import { errorsOf, flowOf, warningsOf } from '../../helpers/flow-text.ts';

/** The examples of DicomFlow's README, word for word. */
const simplest = `triggers:
  - Modality: CT
models:
  - docker_kwargs:
      image: hello-world
destinations: []
`;
const complexTriggers = `triggers:
  - Modality: "CT" # Matches if CT is contained in "Modality"
    SeriesDescription: "Head|Neck|Brain"  # Matches either Head, Neck or Brain in only the files with Modality: CT
  - SOPClassUID: "1.2.840.10008.5.1.4.1.1.4" # SOPClassUID for MRI
    StudyDescription: "AutoSegProtocol"
`;
const comprehensive = `models:
  - docker_kwargs:  # All variables in \`docker_kwargs\` are actually configured through the containers.run interface of [docker-py](https://docker-py.readthedocs.io/en/stable/containers.html), and thus almost any value can be used (some are not allowed per design)
      image: busybox
      command: sh -c 'echo $CONTAINER_ORDER; cp -r /input /output/'
      environment:
        CONTAINER_ORDER: 0
    gpu: False
    input_dir: /input/  # This is already default
    output_dir: /output/  # This is already default
    
  - docker_kwargs:
      image: busybox
      command: sh -c 'echo $CONTAINER_ORDER; cp -r /input /output/'
      environment:
        CONTAINER_ORDER: 1
    gpu: True  # Request GPU support
    input_dir: /input/
    output_dir: /output/ #
    pull_before_exec: True  # Try to pull "busybox" from hub.docker.com before every execution. 
    timeout: 1800  # default timeout is 1800 seconds. If the container is running for longer, it will be terminated forcefully. This is to avoid hanging container jobs, which obstruct the queue.
    static_mounts: 
      - "AwesomeModel1:/model"
      - "AwesomeModel2:/model"# giving the container access to static model. 
                                             # Note "AwesomeModel2" must be mounted to the static_storage service to
                                             # "/opt/DicomFlow/static" as tar: "/opt/DicomFlow/static/AwesomeModel2.tar"
                                             # Note that you cannot specify "ro" or "rw" - only one colon should be in the string
                                             # splitting src_filename:dst_in_container

`;
const destinations = `destinations:
  - host: localhost
    port: 10001
    ae_title: STORESCP
  - host: storage.some-system.org
    port: 104
    ae_title: FANCYSTORE
`;
const full = `name: "FancyFlow"
version: "1.02
priority: 4
triggers:
  - Modality: "CT" 
    SeriesDescription: "Head|Neck|Brain" 
  - SOPClassUID: "1.2.840.10008.5.1.4.1.1.4" 
    StudyDescription: "AutoSegProtocol"
models:
  - docker_kwargs:
      image: busybox
      command: sh -c 'echo $CONTAINER_ORDER; cp -r /input /output/'
      environment:
        CONTAINER_ORDER: 0
    gpu: False
    input_dir: /input/
    output_dir: /output/
    
  - docker_kwargs:
      image: busybox
      command: sh -c 'echo $CONTAINER_ORDER; cp -r /input /output/'
      environment:
        CONTAINER_ORDER: 1
    gpu: True
    input_dir: /input/
    output_dir: /output/
    pull_before_exec: True
    timeout: 1800
    static_mount: "/home/DicomFlow/models/AwesomeModel1:/model:ro"
destinations:
  - host: localhost
    port: 10001
    ae_title: STORESCP
  - host: storage.some-system.org
    port: 104
    ae_title: FANCYSTORE
`;

describe('flow files of the DicomFlow README', () => {
  it('the simplest flow loads, with the defaults the README names', () => {
    const { flow, problems } = parseFlow(simplest, 'simplest.yml');
    expect(problems).toEqual([]);
    expect(flow).toMatchObject({ name: '', version: '', priority: 0, enabled: true, collect: 'association' });
    expect(flow?.triggers).toEqual([{ Modality: 'CT' }]);
    expect(flow?.models).toEqual([
      {
        name: 'hello-world',
        container: { Image: 'hello-world', Env: [], Labels: {}, HostConfig: {} },
        gpu: false,
        inputDir: '/input',
        outputDir: '/output',
        pullBeforeExec: true,
        timeoutSeconds: 1800,
        staticMounts: [],
        network: 'none',
      },
    ]);
    expect(flow?.destinations).toEqual([]);
  });

  it('the more complex triggers load', () => {
    expect(flowOf(complexTriggers).triggers).toEqual([
      { Modality: 'CT', SeriesDescription: 'Head|Neck|Brain' },
      { SOPClassUID: '1.2.840.10008.5.1.4.1.1.4', StudyDescription: 'AutoSegProtocol' },
    ]);
  });

  it('the comprehensive models load, even the comment that begins right behind a quote', () => {
    const [first, second] = flowOf(comprehensive).models;
    const Cmd = ['sh', '-c', 'echo $CONTAINER_ORDER; cp -r /input /output/'];
    expect(first).toMatchObject({ container: { Image: 'busybox', Cmd, Env: ['CONTAINER_ORDER=0'] }, gpu: false });
    expect(second).toMatchObject({ container: { Cmd, Env: ['CONTAINER_ORDER=1'] }, gpu: true, pullBeforeExec: true });
    expect(second?.staticMounts).toEqual([
      { name: 'AwesomeModel1', target: '/model' },
      { name: 'AwesomeModel2', target: '/model' },
    ]);
    expect(warningsOf(comprehensive)).toContain('23:31 A comment begins without a blank before its #');
  });

  it('the destinations load', () => {
    expect(flowOf(destinations).destinations).toEqual([
      { kind: 'dicom', host: 'localhost', port: 10001, aeTitle: 'STORESCP' },
      { kind: 'dicom', host: 'storage.some-system.org', port: 104, aeTitle: 'FANCYSTORE' },
    ]);
  });

  it('the full example is refused at the quote nobody closed, with the remedy', () => {
    const { flow, problems } = parseFlow(full, 'full.yml');
    expect(flow).toBeNull();
    expect(problems).toEqual([
      {
        severity: 'error',
        line: 2,
        column: 10,
        path: '',
        what: 'The text that begins here has no closing "',
        remedy: 'Add " at the end of the text on line 2.',
      },
    ]);
  });

  it('the full example loads once the quote is closed; its static_mount becomes the tar of that name', () => {
    const closed = full.replace('"1.02', '"1.02"');
    expect(errorsOf(closed)).toEqual([]);
    const flow = flowOf(closed);
    expect(flow).toMatchObject({ name: 'FancyFlow', version: '1.02', priority: 4 });
    expect(flow.models[1]?.staticMounts).toEqual([{ name: 'AwesomeModel1', target: '/model' }]);
    expect(warningsOf(closed)).toEqual([
      '29:19 :ro has no effect: each container gets its own copy of a static mount',
      '29:19 /home/DicomFlow/models/AwesomeModel1 is a path; the tar read is static/AwesomeModel1.tar of the data directory',
    ]);
  });
});
