import { type Flow, type FlowProblem, flowSchema } from '../../../shared/schemas/flows.ts';
import { readDestinations, readSenderPorts } from './definition/destinations.ts';
import { durationOf } from './definition/durations.ts';
import { createFindings, type Findings } from './definition/findings.ts';
import { checkKeyword } from './definition/keywords.ts';
import { networkOf, readModels } from './definition/models.ts';
import {
  booleanOf,
  checkKeys,
  type Entries,
  entriesOf,
  isEmpty,
  oneOrMore,
  refuse,
  type Spot,
  textOf,
  wholeOf,
} from './definition/spot.ts';
import { readTriggers } from './definition/triggers.ts';
import { readTree, type Tree } from './definition/yaml-tree.ts';

export const flowKeyNames = [
  ...['name', 'version', 'description', 'priority', 'enabled', 'collect', 'quiet', 'tar_subdir', 'network', 'triggers'],
  ...['models', 'destinations', 'return_to_sender_on_port', 'return_to_sender_on_ports'],
];
const defaultQuietMs = 60_000;
const quietRange = { minMs: 1, maxMs: 7 * 86_400_000 };

/**
 * Reads a flow file: DicomFlow's format, with Gantry's own keys. Never throws.
 *
 * @param file its name, for messages
 * @returns the flow with every default filled in, null when there is an error; and every problem at its line and column
 */
export function parseFlow(text: string, file: string): { flow: Flow | null; problems: FlowProblem[] } {
  const findings = createFindings();
  const tree = readTree(text, file, findings);
  const flow = tree ? readFlow(tree, findings) : undefined;
  if (flow && !findings.hasErrors()) {
    const checked = flowSchema.safeParse(flow);
    if (checked.success) return { flow: checked.data, problems: findings.list() };
    for (const issue of checked.error.issues) {
      findings.error(
        { line: 1, column: 1 },
        issue.path.join('.'),
        `${issue.path.join('.')}: ${issue.message}`,
        'Correct the value.',
      );
    }
  }
  return { flow: null, problems: findings.list() };
}

function readFlow(tree: Tree, findings: Findings): Flow | undefined {
  const root: Spot = { tree, path: '', keyAt: tree.at };
  const entries = entriesOf(root, 'a mapping with triggers, models and destinations', findings);
  if (!entries) return undefined;
  carried(entries, findings);
  checkKeys(entries, flowKeyNames, findings);
  const given = <T>(key: string, read: (spot: Spot) => T | undefined): T | undefined => {
    const spot = entries.get(key);
    return spot && !isEmpty(spot) ? read(spot) : undefined;
  };
  const text = (spot: Spot) => textOf(spot, 'text', findings)?.slice(0, 200);

  if (!entries.has('triggers')) {
    findings.warn(
      tree.at,
      'triggers',
      'The flow has no triggers: it fires for every batch',
      'Add triggers, or triggers: [] to say so.',
    );
  }
  const network = given('network', spot => networkOf(spot, findings)) ?? 'none';
  const collect = given('collect', spot => collectOf(spot, findings)) ?? 'association';
  return {
    name: given('name', text) ?? '',
    version: given('version', text) ?? '',
    priority: given('priority', spot => wholeOf(spot, { min: 0, max: 5 }, findings)) ?? 0,
    enabled: given('enabled', spot => booleanOf(spot, findings)) ?? true,
    collect,
    quietMs: quietOf(entries, collect, findings),
    tarSubdir: given('tar_subdir', spot => keywordsOf(spot, findings)) ?? [],
    triggers: given('triggers', spot => readTriggers(spot, findings)) ?? [],
    models: given('models', spot => readModels(spot, network, findings)) ?? [],
    destinations: given('destinations', spot => readDestinations(spot, findings)) ?? [],
    returnToSenderOnPort: [
      ...(given('return_to_sender_on_port', spot => readSenderPorts(spot, findings)) ?? []),
      ...(given('return_to_sender_on_ports', spot => readSenderPorts(spot, findings)) ?? []),
    ],
  };
}

/** DicomFlow hands these on to nobody in particular; one of them switches its GPU request off. */
function carried(entries: Entries, findings: Findings): void {
  for (const key of ['optional_kwargs', 'extra']) {
    const spot = entries.get(key);
    if (spot) findings.warn(spot.keyAt, spot.path, `${key} has no effect in Gantry`, `Remove ${key}.`);
    entries.delete(key);
  }
}

function collectOf(spot: Spot, findings: Findings): Flow['collect'] | undefined {
  const text = spot.tree.kind === 'scalar' ? spot.tree.text : '';
  if (text === 'association' || text === 'series' || text === 'study') return text;
  return refuse(spot, 'association, series or study', findings);
}

function quietOf(entries: Entries, collect: Flow['collect'], findings: Findings): number {
  const spot = entries.get('quiet');
  const given = spot && !isEmpty(spot) ? durationOf(spot, quietRange, findings) : undefined;
  if (collect !== 'association') return given ?? defaultQuietMs;
  if (spot) {
    const what = 'quiet has no effect: a batch of one association ends with the association';
    findings.warn(spot.keyAt, spot.path, what, 'Add collect: series or collect: study, or remove quiet.');
  }
  return 0;
}

/** Keywords whose values become folders of the input; one text, or a list. */
function keywordsOf(spot: Spot, findings: Findings): string[] {
  const items = oneOrMore(spot);
  if (items.length > 16) refuse(spot, 'a list of at most 16 keywords', findings);
  return items.slice(0, 16).flatMap(item => {
    const keyword = textOf(item, 'a DICOM keyword', findings);
    if (keyword === undefined) return [];
    if (!/^[A-Za-z0-9]{1,64}$/.test(keyword)) return refuse(item, 'a DICOM keyword', findings) ?? [];
    checkKeyword(keyword, item.tree.at, item.path, `the folder will be called ${keyword}`, findings);
    return [keyword];
  });
}
