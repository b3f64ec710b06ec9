import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answering, ended, freePort } from './dcmtk.ts';

/** Debian's Orthanc as a process of its own, with its data below `directory`. */
export interface OrthancPeer {
  aeTitle: string;
  dicomPort: number;
  httpPort: number;
  processId: number;
  /** Bytes of the archived file. @throws when Orthanc does not have it */
  fileOf(sopInstanceUid: string): Promise<Buffer>;
  count(): Promise<number>;
  stop(): Promise<void>;
}

const binary = () => ['/usr/sbin/Orthanc', '/usr/bin/Orthanc'].find(path => existsSync(path)) ?? 'Orthanc';

export async function startOrthanc(directory: string, more: Record<string, unknown> = {}): Promise<OrthancPeer> {
  mkdirSync(directory, { recursive: true });
  const [dicomPort, httpPort] = [await freePort(), await freePort()];
  const configuration = {
    Name: 'peer',
    DicomAet: 'ORTHANC',
    DicomPort: dicomPort,
    HttpPort: httpPort,
    RemoteAccessAllowed: false,
    AuthenticationEnabled: false,
    StorageDirectory: join(directory, 'db'),
    IndexDirectory: join(directory, 'db'),
    DicomAlwaysAllowStore: true,
    UnknownSopClassAccepted: true,
    Plugins: [],
    ...more,
  };
  const file = join(directory, 'orthanc.json');
  writeFileSync(file, JSON.stringify(configuration));
  const child = spawn(binary(), [file], { stdio: 'ignore' });
  await answering(httpPort, child);
  await answering(dicomPort, child);
  const rest = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${httpPort}${path}`, init);
  return {
    aeTitle: 'ORTHANC',
    dicomPort,
    httpPort,
    processId: child.pid ?? 0,
    async fileOf(sopInstanceUid) {
      const found = (await (await rest('/tools/lookup', { method: 'POST', body: sopInstanceUid })).json()) as {
        ID: string;
        Type: string;
      }[];
      const instance = found.find(item => item.Type === 'Instance');
      if (!instance) throw new Error(`Orthanc has no ${sopInstanceUid}`);
      return Buffer.from(await (await rest(`/instances/${instance.ID}/file`)).arrayBuffer());
    },
    count: async () => ((await (await rest('/statistics')).json()) as { CountInstances: number }).CountInstances,
    stop: () => ended(child),
  };
}
