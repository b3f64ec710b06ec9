import Docker from 'dockerode';
import { AppError, describe, type Problem } from '../../../shared/problems.ts';
import { createAnnouncer } from '../lib/announcer.ts';
import type { LogHub } from '../logs/index.ts';
import { dockerodeOptions, engineAddress } from './address.ts';
import { type ContainerLogs, createContainerLogs, type LastKept } from './container-logs.ts';
import { type Containers, createContainers } from './containers.ts';
import { createImages, type Images } from './images.ts';
import { within } from './problems.ts';

export interface EngineStatus {
  reachable: boolean;
  address: string;
  version: string | null;
  apiVersion: string | null;
  gpuRuntime: boolean;
  problem: Problem | null;
}

export interface Engine {
  address: string;
  containers: Containers;
  images: Images;
  logs: ContainerLogs;
  status(): EngineStatus;
  /** Called when the engine comes, goes or changes. @returns the function that ends the listening */
  onChange(listener: () => void): () => void;
  /** Asks the engine now, e.g. after a call to it has failed. */
  look(): Promise<void>;
  /** Looks for the first time, then again and again; an engine that is away is no error here. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Needs {
  /** '' finds one. */
  address: string;
  installationId: string;
  log: LogHub;
  /** Without it the log of a container begins with its last lines. */
  lastKept?: LastKept;
}

const lookAgainMs = 2000;
const lookSeconds = 5;

export function createEngine({ address: wanted, installationId, log, lastKept = async () => null }: Needs): Engine {
  const address = engineAddress(wanted);
  const changes = createAnnouncer<void>();
  const away = (reason: string): EngineStatus => ({
    reachable: false,
    address,
    version: null,
    apiVersion: null,
    gpuRuntime: false,
    problem: describe('DOCKER_UNREACHABLE', { address, reason }),
  });
  let status = away('it has not been asked yet');
  const docker = connect(address);

  async function ask(): Promise<EngineStatus> {
    try {
      const version = await within(docker.version(), lookSeconds, 'tell its version', address);
      const known = status.version === version.Version && status.reachable;
      // Which runtimes there are changes only with a restart of the engine.
      const gpuRuntime = known
        ? status.gpuRuntime
        : offersGpu(await within(docker.info(), lookSeconds, 'describe itself', address));
      return {
        reachable: true,
        address,
        version: version.Version,
        apiVersion: version.ApiVersion,
        gpuRuntime,
        problem: null,
      };
    } catch (error) {
      return away(
        error instanceof AppError ? String((error.problem.params as { reason?: string }).reason) : String(error),
      );
    }
  }

  async function look(): Promise<void> {
    const before = status;
    status = await ask();
    if (before.reachable === status.reachable && before.version === status.version) return;
    if (status.reachable) log.info('docker', `engine ${status.version} answers at ${address}`);
    else log.warn('docker', `${status.problem?.title}. ${status.problem?.remedy}`);
    changes.tell();
  }

  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const again = () => {
    timer = setTimeout(() => void look().finally(() => stopped || again()), lookAgainMs);
  };
  return {
    address,
    containers: createContainers({ docker, address, installationId }),
    images: createImages({ docker, address }),
    logs: createContainerLogs({ docker, address, installationId, log, lastKept }),
    status: () => status,
    onChange: changes.listen,
    look,
    async start() {
      await look();
      if (!status.reachable) log.warn('docker', `${status.problem?.title}: flows with containers wait`);
      again();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** An address that cannot be read is an engine that does not answer. */
function connect(address: string): Docker {
  try {
    return new Docker(dockerodeOptions(address));
  } catch {
    return new Docker({ socketPath: `/nowhere/${address}` });
  }
}

function offersGpu(info: { Runtimes?: Record<string, unknown>; DiscoveredDevices?: { ID?: string }[] }): boolean {
  return (
    Object.hasOwn(info.Runtimes ?? {}, 'nvidia') ||
    (info.DiscoveredDevices ?? []).some(device => device.ID?.startsWith('nvidia.com/gpu'))
  );
}
