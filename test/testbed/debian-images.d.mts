export function ensureImage(name: 'postgres' | 'orthanc', socketPath?: string): Promise<string>;
