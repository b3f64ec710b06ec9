import type { Destination, Flow, FlowSummary } from '../../../shared/schemas/flows.ts';
import type { LoadedFlow } from './flow-files.ts';

/** A destination in words. */
export function destinationWords(destination: Destination): string {
  if (destination.kind === 'peer') return `peer ${destination.peer}`;
  if (destination.kind === 'folder') return `folder ${destination.path}`;
  return `${destination.aeTitle} at ${destination.host}:${destination.port}`;
}

const destinationsOf = (flow: Flow): string[] => [
  ...flow.returnToSenderOnPort.map(port => `the sender, port ${port}`),
  ...flow.destinations.map(destinationWords),
];

/** A flow file as lists show it; of a refused one only its name and problems are known. */
export function summaryOf({ file, flow, problems }: Pick<LoadedFlow, 'file' | 'flow' | 'problems'>): FlowSummary {
  return {
    file,
    name: flow?.name ?? '',
    version: flow?.version ?? '',
    enabled: flow?.enabled ?? false,
    valid: flow !== null,
    priority: flow?.priority ?? 0,
    collect: flow?.collect ?? 'association',
    models: flow?.models.map(model => model.name) ?? [],
    destinations: flow ? destinationsOf(flow) : [],
    problems,
  };
}
