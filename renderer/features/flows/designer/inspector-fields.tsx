import { SimpleGrid, Text } from '@mantine/core';
import { isMap, isSeq } from 'yaml';
import { words } from '../../../words/words.ts';
import { ChoiceField, LinesField, PairFields, SuggestField, SwitchField, TextField } from './fields.tsx';
import { keysAt, nodeAt, type Path, textAt, textsAt } from './flow-document.ts';
import { ImageField } from './image-field.tsx';
import type { Inspected } from './inspector.tsx';
import { isOff } from './shape.ts';

const { designer: w } = words;

/** Numbers stand in the YAML as numbers. */
const plain = (text: string) => (/^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text);

/** Props of a field for one key: what stands there, what is wrong with it, and how it is changed. */
function field({ document, path, change, problemOf }: Inspected, ...key: Path) {
  const at = [...path, ...key];
  return {
    value: textAt(document, at),
    problem: problemOf(...key),
    commit: (value: string | null) =>
      change(value === null ? { kind: 'remove', path: at } : { kind: 'set', path: at, value: plain(value) }),
  };
}

function lines({ document, path, change, problemOf }: Inspected, ...key: Path) {
  const at = [...path, ...key];
  return {
    value: textsAt(document, at),
    problem: problemOf(...key),
    commit: (items: string[]) =>
      change(items.length === 0 ? { kind: 'remove', path: at } : { kind: 'set', path: at, value: items.map(plain) }),
  };
}

function toggle({ document, path, change, problemOf }: Inspected, otherwise: boolean, ...key: Path) {
  const text = textAt(document, [...path, ...key]);
  return {
    on: text === null ? otherwise : !isOff(text),
    problem: problemOf(...key),
    commit: (on: boolean) => change({ kind: 'set', path: [...path, ...key], value: on }, true),
  };
}

export function FlowFields(at: Inspected) {
  return (
    <>
      <SimpleGrid cols={2} spacing="xs" verticalSpacing={6}>
        <TextField label={w.name} {...field(at, 'name')} />
        <TextField label={w.version} {...field(at, 'version')} />
        <ChoiceField
          label={w.collect}
          data={['association', 'series', 'study']}
          otherwise="association"
          {...field(at, 'collect')}
        />
        <TextField label={w.quiet} otherwise="60s" {...field(at, 'quiet')} />
        <ChoiceField
          label={w.priority}
          data={['0', '1', '2', '3', '4', '5']}
          otherwise="0"
          {...field(at, 'priority')}
        />
        <LinesField label={w.senderPorts} {...lines(at, 'return_to_sender_on_port')} />
      </SimpleGrid>
      <SwitchField label={w.enabled} {...toggle(at, true, 'enabled')} />
      <Others {...at} shown={['name', 'version', 'collect', 'quiet', 'priority', 'enabled', ...drawn]} />
    </>
  );
}
const drawn = ['return_to_sender_on_port', 'triggers', 'models', 'destinations'];

export function TriggerFields({ document, path, change, problemOf, known }: Inspected) {
  const pairs = keysAt(document, path).map((key): [string, string] => [
    key,
    textsAt(document, [...path, key])[0] ?? '',
  ]);
  return (
    <>
      <Text size="xs" c="dimmed">
        {w.triggerHint}
      </Text>
      <PairFields
        label={w.keys}
        names={{ key: w.keyword, value: w.pattern, add: w.addKey }}
        pairs={pairs}
        suggested={known.keys?.keywords ?? []}
        problemOf={key => problemOf(key)}
        set={(key, value) => change({ kind: 'set', path: [...path, key], value })}
        rename={(key, to) => change({ kind: 'rename', path: [...path, key], to }, true)}
        remove={key => change({ kind: 'remove', path: [...path, key] }, true)}
      />
    </>
  );
}

const shownOfModel = ['name', 'docker_kwargs', 'gpu', 'input_dir', 'output_dir', 'pull_before_exec', 'timeout'];
const shownKwargs = ['image', 'command', 'environment', 'mem_limit', 'shm_size'];

export function ModelFields(at: Inspected) {
  const { document, path, change, problemOf, known } = at;
  const environment = [...path, 'docker_kwargs', 'environment'];
  const listed = isSeq(nodeAt(document, environment));
  return (
    <>
      <SimpleGrid cols={2} spacing="xs" verticalSpacing={6}>
        <TextField label={w.name} {...field(at, 'name')} />
        <ImageField images={known.images} {...field(at, 'docker_kwargs', 'image')} />
      </SimpleGrid>
      <CommandField {...at} />
      {listed ? (
        <LinesField label={w.environment} {...lines(at, 'docker_kwargs', 'environment')} />
      ) : (
        <PairFields
          label={w.environment}
          names={{ key: w.variable, value: w.value, add: w.addVariable }}
          pairs={keysAt(document, environment).map(key => [key, textAt(document, [...environment, key]) ?? ''])}
          suggested={[]}
          problemOf={key => problemOf('docker_kwargs', 'environment', key)}
          set={(key, value) => change({ kind: 'set', path: [...environment, key], value })}
          rename={(key, to) => change({ kind: 'rename', path: [...environment, key], to }, true)}
          remove={key => change({ kind: 'remove', path: [...environment, key] }, true)}
        />
      )}
      <SimpleGrid cols={3} spacing="xs" verticalSpacing={6}>
        <TextField label={w.timeout} otherwise="1800" {...field(at, 'timeout')} />
        <TextField label={w.inputDir} otherwise="/input/" {...field(at, 'input_dir')} />
        <TextField label={w.outputDir} otherwise="/output/" {...field(at, 'output_dir')} />
        <TextField label={w.memory} {...field(at, 'docker_kwargs', 'mem_limit')} />
        <TextField label={w.sharedMemory} {...field(at, 'docker_kwargs', 'shm_size')} />
        <ChoiceField label={w.network} data={['none', 'bridge']} otherwise="none" {...field(at, 'network')} />
      </SimpleGrid>
      <LinesField label={w.staticMounts} {...lines(at, 'static_mounts')} />
      <SwitchField label={w.gpu} {...toggle(at, false, 'gpu')} />
      <SwitchField label={w.pull} {...toggle(at, true, 'pull_before_exec')} />
      <Others {...at} shown={[...shownOfModel, 'network', 'static_mounts']} />
      <Others {...at} path={[...path, 'docker_kwargs']} shown={shownKwargs} />
    </>
  );
}

/** A text as a shell takes it apart, or a list in brackets. */
function CommandField(at: Inspected) {
  const path = [...at.path, 'docker_kwargs', 'command'];
  const node = nodeAt(at.document, path);
  const value = isSeq(node) ? JSON.stringify(textsAt(at.document, path)) : textAt(at.document, path);
  const commit = (text: string | null) =>
    at.change(text === null ? { kind: 'remove', path } : { kind: 'set', path, value: commandOf(text) });
  return (
    <TextField
      label={w.command}
      value={value}
      otherwise={w.commandHint}
      problem={at.problemOf('docker_kwargs', 'command')}
      commit={commit}
    />
  );
}

function commandOf(text: string): unknown {
  if (!text.startsWith('[')) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // While a list is being typed it is none yet.
    return text;
  }
}

const destinationKinds = { dicom: ['host', 'port', 'ae_title'], peer: ['peer'], folder: ['folder'] } as const;

export function DestinationFields(at: Inspected) {
  const { document, path, change, problemOf, known } = at;
  const node = nodeAt(document, path);
  const keys = keysAt(document, path);
  const kind = keys.includes('folder') ? 'folder' : keys.includes('peer') || !isMap(node) ? 'peer' : 'dicom';
  const turn = (to: string | null) => {
    if (to === kind || to === null) return;
    const first = { folder: { folder: 'results' }, peer: { peer: known.peers[0] ?? 'ARCHIVE' } }[to];
    const value = first ?? { host: '127.0.0.1', port: 104, ae_title: 'ARCHIVE' };
    change({ kind: 'set', path, value }, true);
  };
  // A peer may stand as its bare name.
  const bare = kind === 'peer' && !isMap(node);
  return (
    <>
      <ChoiceField
        label={w.kind}
        data={Object.keys(destinationKinds)}
        value={kind}
        problem={problemOf()}
        commit={value => turn(value)}
      />
      {kind === 'folder' && <TextField label={w.folder} {...field(at, 'folder')} />}
      {kind === 'peer' && <SuggestField label={w.peer} data={known.peers} {...field(at, ...(bare ? [] : ['peer']))} />}
      {kind === 'dicom' && (
        <SimpleGrid cols={3} spacing="xs">
          <TextField label={w.host} {...field(at, 'host')} />
          <TextField label={w.port} {...field(at, 'port')} />
          <TextField label={w.aeTitle} {...field(at, 'ae_title')} />
        </SimpleGrid>
      )}
      <Others {...at} shown={['host', 'port', 'ae_title', 'peer', 'folder']} />
    </>
  );
}

/** What stands in the YAML and has no field here: nobody must think it was lost. */
function Others({ document, path, shown }: Inspected & { shown: readonly string[] }) {
  const others = keysAt(document, path).filter(key => !shown.includes(key));
  if (others.length === 0) return null;
  return (
    <Text size="xs" c="dimmed">
      {w.alsoInYaml} <span className="mono">{others.join(', ')}</span>
    </Text>
  );
}
