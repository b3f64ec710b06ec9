import type { Model } from '../../../../shared/schemas/flows.ts';
import type { Settings } from '../../settings/index.ts';

/**
 * HostConfig of a step: what the flow asked for within its allow-list, and what no flow can change. No host path, no
 * privilege, no network but by `network: bridge`, no restart, and the one GPU it was given.
 */
export function hostConfig(model: Model, gpu: string | null, settings: Pick<Settings, 'get'>): Record<string, unknown> {
  const asked = model.container.HostConfig;
  const memory = settings.get('STEP_MEMORY_BYTES');
  const cpus = settings.get('STEP_CPUS');
  const limitsCpu = ['NanoCpus', 'CpuQuota', 'CpuPeriod'].some(key => asked[key] !== undefined);
  return {
    ...(memory > 0 ? { Memory: memory } : {}),
    ...(cpus > 0 && !limitsCpu ? { NanoCpus: Math.round(cpus * 1e9) } : {}),
    ...asked,
    Privileged: false,
    Binds: [],
    Mounts: [],
    NetworkMode: model.network,
    SecurityOpt: ['no-new-privileges'],
    PidsLimit: settings.get('STEP_PIDS'),
    RestartPolicy: { Name: 'no' },
    AutoRemove: false,
    LogConfig: { Type: 'json-file', Config: { 'max-size': '64m', 'max-file': '2' } },
    ...(gpu === null ? {} : { DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: [gpu], Capabilities: [['gpu']] }] }),
  };
}
