import type { ContainerSpec, Model } from '../../../../shared/schemas/flows.ts';
import { didYouMean } from './did-you-mean.ts';
import { portsOf } from './docker-ports.ts';
import { refusedKwarg } from './docker-refused.ts';
import { bytesOf, commandOf, deviceRulesOf, environmentOf, labelsOf, throttlesOf } from './docker-values.ts';
import type { Findings } from './findings.ts';
import { booleanOf, type Entries, entriesOf, isEmpty, refuse, type Spot, textOf, wholeOf } from './spot.ts';

type Reader = (spot: Spot, spec: ContainerSpec, findings: Findings) => void;

const most = Number.MAX_SAFE_INTEGER;

/** A setting of HostConfig: its name there, and how its value is read. */
const hostSetting =
  (name: string, read: (spot: Spot, findings: Findings) => unknown): Reader =>
  (spot, spec, findings) => {
    const value = isEmpty(spot) ? undefined : read(spot, findings);
    if (value !== undefined) spec.HostConfig[name] = value;
  };
const whole = (min: number, max: number) => (spot: Spot, findings: Findings) => wholeOf(spot, { min, max }, findings);
/** Engine's rule for CFS quotas: a period of 1 ms to 1 s; -1 is no quota. */
const quota = (spot: Spot, findings: Findings) => {
  const what = '-1, 0 or at least 1000 microseconds';
  const value = wholeOf(spot, { min: -1, max: most, what }, findings);
  return value !== undefined && value > 0 && value < 1000 ? refuse(spot, what, findings) : value;
};
/** The engine refuses to start with less. */
const leastMemory = 6 * 2 ** 20;

/** docker-py's `containers.run` names that a flow may use, mapped to the Engine API. */
const kwargs: Record<string, Reader> = {
  image: readImage,
  command: (spot, spec, findings) => assign(spec, 'Cmd', commandOf(spot, findings)),
  entrypoint: (spot, spec, findings) => assign(spec, 'Entrypoint', commandOf(spot, findings)),
  environment: (spot, spec, findings) => assign(spec, 'Env', environmentOf(spot, findings)),
  labels: (spot, spec, findings) => assign(spec, 'Labels', labelsOf(spot, findings)),
  user: (spot, spec, findings) => assign(spec, 'User', isEmpty(spot) ? undefined : userOf(spot, findings)),
  network_disabled: (spot, spec, findings) =>
    assign(spec, 'NetworkDisabled', isEmpty(spot) ? undefined : booleanOf(spot, findings)),
  ports: (spot, spec, findings) => {
    if (isEmpty(spot)) return;
    const { exposed, bindings } = portsOf(spot, findings);
    spec.ExposedPorts = exposed;
    spec.HostConfig.PortBindings = bindings;
  },
  cpu_period: hostSetting('CpuPeriod', whole(1000, 1_000_000)),
  cpu_quota: hostSetting('CpuQuota', quota),
  cpu_rt_period: hostSetting('CpuRealtimePeriod', whole(0, most)),
  cpu_rt_runtime: hostSetting('CpuRealtimeRuntime', whole(0, most)),
  cpu_shares: hostSetting('CpuShares', whole(0, 262_144)),
  cpuset_cpus: hostSetting('CpusetCpus', cpusOf),
  nano_cpus: hostSetting('NanoCpus', whole(1, most)),
  device_cgroup_rules: hostSetting('DeviceCgroupRules', deviceRulesOf),
  device_read_bps: hostSetting('BlkioDeviceReadBps', throttlesOf),
  device_read_iops: hostSetting('BlkioDeviceReadIOps', throttlesOf),
  device_write_bps: hostSetting('BlkioDeviceWriteBps', throttlesOf),
  device_write_iops: hostSetting('BlkioDeviceWriteIOps', throttlesOf),
  ipc_mode: hostSetting('IpcMode', ipcOf),
  mem_limit: hostSetting('Memory', (spot, findings) => bytesOf(spot, leastMemory, findings)),
  mem_reservation: hostSetting('MemoryReservation', (spot, findings) => bytesOf(spot, leastMemory, findings)),
  mem_swappiness: hostSetting('MemorySwappiness', whole(0, 100)),
  memswap_limit: hostSetting('MemorySwap', (spot, findings) => bytesOf(spot, -1, findings)),
  shm_size: hostSetting('ShmSize', (spot, findings) => bytesOf(spot, 1, findings)),
};

/** Every key that docker_kwargs may hold. */
export const allowedKwargs: readonly string[] = Object.keys(kwargs);

/**
 * `docker_kwargs` as the body of `POST /containers/create`. Keys outside the allow-list are refused by name.
 *
 * @returns undefined when there is no image to run
 */
export function readDockerKwargs(spot: Spot, network: Model['network'], findings: Findings): ContainerSpec | undefined {
  const entries = entriesOf(spot, 'a mapping with at least image', findings);
  if (!entries) return undefined;
  const spec: ContainerSpec = { Image: '', Env: [], Labels: {}, HostConfig: {} };
  for (const [key, item] of entries) {
    if (Object.hasOwn(kwargs, key)) kwargs[key]?.(item, spec, findings);
    else refuseKwarg(key, item, findings);
  }
  if (!entries.has('image')) {
    findings.error(spot.keyAt, spot.path, `${spot.path} names no image`, 'Add image: the name of the image to run.');
  }
  checkTogether(spec, entries, network, findings);
  return spec;
}

function refuseKwarg(key: string, spot: Spot, findings: Findings): void {
  const reason = refusedKwarg(key);
  const meant = reason ? null : didYouMean(key, allowedKwargs);
  const what = reason ? `${key} is not allowed in docker_kwargs: ${reason}` : `${key} is not allowed in docker_kwargs`;
  findings.error(spot.keyAt, spot.path, what, meant ? `Write ${meant} instead of ${key}.` : `Remove ${key}.`);
}

function assign<K extends keyof ContainerSpec>(spec: ContainerSpec, key: K, value: ContainerSpec[K] | undefined): void {
  if (value !== undefined) spec[key] = value;
}

/** What the engine would refuse only when the run starts. */
function checkTogether(spec: ContainerSpec, entries: Entries, network: Model['network'], findings: Findings): void {
  const { Memory, MemorySwap, MemoryReservation, NanoCpus } = spec.HostConfig as Record<string, number | undefined>;
  const complain = (key: string, what: string, remedy: string) => {
    const spot = entries.get(key);
    if (spot) findings.error(spot.keyAt, spot.path, what, remedy);
  };
  if (MemorySwap !== undefined && MemorySwap > 0 && (Memory === undefined || MemorySwap < Memory)) {
    const what = Memory === undefined ? 'memswap_limit needs a mem_limit' : 'memswap_limit is less than mem_limit';
    complain('memswap_limit', what, 'Set mem_limit, and memswap_limit to memory and swap together, or to -1.');
  }
  if (Memory !== undefined && MemoryReservation !== undefined && MemoryReservation > Memory) {
    complain('mem_reservation', 'mem_reservation is more than mem_limit', 'Lower mem_reservation, or raise mem_limit.');
  }
  if (NanoCpus !== undefined && ('CpuPeriod' in spec.HostConfig || 'CpuQuota' in spec.HostConfig)) {
    complain('nano_cpus', 'nano_cpus cannot be combined with cpu_period or cpu_quota', 'Keep one of the two ways.');
  }
  const ports = entries.get('ports');
  if (ports && network === 'none' && !isEmpty(ports)) {
    const what = 'ports have no effect: the container has no network';
    findings.warn(ports.keyAt, ports.path, what, 'Remove ports, or give the model network: bridge.');
  }
}

/** The grammar of image references, as the engine's distribution library has it. */
const reference =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d{1,5})?\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-fA-F]{32,})?$/;

function readImage(spot: Spot, spec: ContainerSpec, findings: Findings): void {
  const image = textOf(spot, 'the name of an image', findings);
  if (image === undefined) return;
  // Tried on a bounded text: the grammar nests repetitions.
  if (image.length > 255 || !reference.test(image))
    refuse(spot, 'an image name such as registry:5000/name:tag', findings);
  else spec.Image = image;
}

function userOf(spot: Spot, findings: Findings): string | undefined {
  const user = textOf(spot, 'a user, or user:group', findings);
  if (user === undefined || /^[\w.-]+(:[\w.-]+)?$/.test(user)) return user;
  return refuse(spot, 'a user, or user:group', findings);
}

function cpusOf(spot: Spot, findings: Findings): string | undefined {
  const cpus = textOf(spot, 'CPUs such as 0-3 or 0,2', findings)?.replaceAll(' ', '');
  if (cpus === undefined || /^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(cpus)) return cpus;
  return refuse(spot, 'CPUs such as 0-3 or 0,2', findings);
}

function ipcOf(spot: Spot, findings: Findings): string | undefined {
  const mode = textOf(spot, 'private, none or shareable', findings);
  if (mode === undefined || ['private', 'none', 'shareable'].includes(mode)) return mode;
  const what = `ipc_mode: ${mode} would share memory with the host or another container`;
  findings.error(spot.tree.at, spot.path, what, 'Use private, none or shareable, and shm_size for more shared memory.');
  return undefined;
}
