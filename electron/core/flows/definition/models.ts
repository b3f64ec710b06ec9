import type { Model } from '../../../../shared/schemas/flows.ts';
import { allowedKwargs, readDockerKwargs } from './docker-kwargs.ts';
import { durationOf } from './durations.ts';
import type { Findings } from './findings.ts';
import {
  booleanIn,
  booleanOf,
  checkKeys,
  type Entries,
  entriesOf,
  isEmpty,
  itemsOf,
  refuse,
  type Spot,
  textOf,
} from './spot.ts';
import { folderInContainer, staticMountOf, staticMountsOf } from './static-mounts.ts';

type Network = Model['network'];

export const modelKeyNames = [
  ...['docker_kwargs', 'name', 'gpu', 'input_dir', 'output_dir', 'pull_before_exec', 'timeout'],
  ...['static_mounts', 'static_mount', 'network'],
];
const mostModels = 100;
const monthMs = 31 * 86_400_000;

/** `models`: run one after the other, the output of one is the input of the next. */
export function readModels(spot: Spot, network: Network, findings: Findings): Model[] {
  if (isEmpty(spot)) return [];
  const items = itemsOf(spot, 'a list of models', findings) ?? [];
  if (items.length > mostModels) refuse(spot, `a list of at most ${mostModels} models`, findings);
  return items.slice(0, mostModels).flatMap(item => readModel(item, network, findings) ?? []);
}

function readModel(spot: Spot, flowNetwork: Network, findings: Findings): Model | undefined {
  const entries = entriesOf(spot, 'a model: a mapping with docker_kwargs', findings);
  if (!entries) return undefined;
  checkKeys(entries, modelKeyNames, findings, misplaced);
  const given = <T>(key: string, read: (found: Spot) => T | undefined): T | undefined => {
    const found = entries.get(key);
    return found && !isEmpty(found) ? read(found) : undefined;
  };

  const asked = given('network', found => networkOf(found, findings)) ?? flowNetwork;
  const kwargs = entries.get('docker_kwargs');
  if (!kwargs) {
    findings.error(
      spot.tree.at,
      spot.path,
      `${spot.path} has no docker_kwargs`,
      'Add docker_kwargs with at least image.',
    );
    return undefined;
  }
  const container = readDockerKwargs(kwargs, asked, findings);
  if (!container) return undefined;
  if (container.NetworkDisabled && asked === 'bridge') {
    const what = 'network: bridge has no effect: docker_kwargs says network_disabled: true';
    findings.warn(kwargs.keyAt, kwargs.path, what, 'Remove one of the two.');
  }
  const folder = (key: string) => given(key, found => folderOf(found, findings));
  const [inputDir, outputDir] = [folder('input_dir') ?? '/input', folder('output_dir') ?? '/output'];
  if (inputDir === outputDir) sameFolder(entries, spot, inputDir, findings);
  const range = { minMs: 1000, maxMs: monthMs };
  return {
    name: given('name', found => textOf(found, 'text', findings)?.slice(0, 200)) ?? shortName(container.Image),
    container,
    gpu: given('gpu', found => gpuOf(found, findings)) ?? false,
    inputDir,
    outputDir,
    pullBeforeExec: given('pull_before_exec', found => booleanOf(found, findings)) ?? true,
    timeoutSeconds: (given('timeout', found => durationOf(found, range, findings)) ?? 1_800_000) / 1000,
    staticMounts: [
      ...(given('static_mounts', found => staticMountsOf(found, findings)) ?? []),
      ...(given('static_mount', found => staticMountOf(found, findings)) ?? []),
    ],
    network: container.NetworkDisabled ? 'none' : asked,
  };
}

/** Keys that mean something elsewhere, or in DicomFlow 2, where ignoring them would change what a flow does. */
function misplaced(key: string): { what: string; remedy: string } | null {
  if (allowedKwargs.includes(key))
    return { what: `${key} belongs under docker_kwargs`, remedy: `Move ${key} under docker_kwargs.` };
  if (key === 'input_mounts' || key === 'output_mounts') {
    return {
      what: `${key} of DicomFlow 2 cannot be followed: models run one after the other here`,
      remedy: `Use ${key === 'input_mounts' ? 'input_dir' : 'output_dir'} instead of ${key}.`,
    };
  }
  if (key !== 'config' && key !== 'config_dump_folder') return null;
  return {
    what: `${key} of DicomFlow 2 is not supported`,
    remedy: 'Put the file into a static mount, or use environment.',
  };
}

export function networkOf(spot: Spot, findings: Findings): Network | undefined {
  const text = spot.tree.kind === 'scalar' ? spot.tree.text : '';
  return text === 'none' || text === 'bridge' ? text : refuse(spot, 'none or bridge', findings);
}

/** DicomFlow takes any text for true; a word such as `all` asks for more than Gantry gives. */
function gpuOf(spot: Spot, findings: Findings): boolean | undefined {
  const flag = booleanIn(spot.tree);
  if (flag !== undefined || spot.tree.kind !== 'scalar') return flag ?? refuse(spot, 'true or false', findings);
  const what = `gpu: ${spot.tree.text} counts as true: a run gets one GPU of the settings`;
  findings.warn(spot.tree.at, spot.path, what, 'Write gpu: true or gpu: false.');
  return true;
}

function folderOf(spot: Spot, findings: Findings): string | undefined {
  const text = textOf(spot, 'an absolute folder in the container', findings);
  if (text === undefined) return undefined;
  return folderInContainer(text) ?? refuse(spot, 'an absolute folder in the container, not its root', findings);
}

function sameFolder(entries: Entries, spot: Spot, folder: string, findings: Findings): void {
  const at = entries.get('output_dir') ?? entries.get('input_dir') ?? spot;
  const what = `input_dir and output_dir are both ${folder}: the input would be taken for output`;
  findings.error(at.tree.at, at.path, what, 'Give output_dir a folder of its own.');
}

const shortName = (image: string): string => image.replace(/@.*$/, '').replace(/^.*\//, '').replace(/:.*$/, '');
