import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DockerOptions } from 'dockerode';

/** The engine to use: what was set, else docker's current context, else the first socket that exists. */
export function engineAddress(wanted: string, home = homedir(), environment: NodeJS.ProcessEnv = process.env): string {
  if (wanted !== '') return wanted;
  const context = contextAddress(home);
  if (context) return context;
  if (process.platform === 'win32') return 'npipe:////./pipe/docker_engine';
  const sockets = [
    '/var/run/docker.sock',
    join(home, '.docker', 'run', 'docker.sock'),
    join(environment.XDG_RUNTIME_DIR ?? '/nowhere', 'docker.sock'),
  ];
  return `unix://${sockets.find(path => existsSync(path)) ?? sockets[0]}`;
}

/** dockerode reads no docker contexts: `currentContext` names one, kept in a folder named by the hash of its name. */
function contextAddress(home: string): string | null {
  try {
    const config = JSON.parse(readFileSync(join(home, '.docker', 'config.json'), 'utf8')) as {
      currentContext?: string;
    };
    if (!config.currentContext || config.currentContext === 'default') return null;
    const folder = createHash('sha256').update(config.currentContext).digest('hex');
    const meta = JSON.parse(readFileSync(join(home, '.docker', 'contexts', 'meta', folder, 'meta.json'), 'utf8')) as {
      Endpoints?: { docker?: { Host?: string } };
    };
    return meta.Endpoints?.docker?.Host || null;
  } catch {
    return null;
  }
}

/** @throws Error for an address that is none */
export function dockerodeOptions(address: string, environment: NodeJS.ProcessEnv = process.env): DockerOptions {
  const socket = /^(?:unix|npipe):\/\/(.+)$/.exec(address)?.[1];
  if (socket) return { socketPath: socket };
  const { protocol, hostname, port, username } = new URL(address);
  if (protocol === 'ssh:') return { protocol: 'ssh', host: hostname, port: port || '22', username };
  const certificates = environment.DOCKER_CERT_PATH;
  const tls = protocol === 'https:' || Boolean(environment.DOCKER_TLS_VERIFY);
  const pem = (name: string) => (tls && certificates ? readFileSync(join(certificates, name)) : undefined);
  return {
    protocol: tls ? 'https' : 'http',
    host: hostname,
    port: port || (tls ? '2376' : '2375'),
    ca: pem('ca.pem')?.toString(),
    cert: pem('cert.pem')?.toString(),
    key: pem('key.pem')?.toString(),
  };
}
