import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { AppError, type Problem, problemOf } from '../../../shared/problems.ts';
import { createAnnouncer } from '../lib/announcer.ts';
import type { LogHub } from '../logs/index.ts';
import type { Settings } from '../settings/index.ts';
import { type Association, createAssociation } from './association.ts';
import { plainAddress } from './association-policy.ts';
import { readIntoOneBuffer } from './one-buffer.ts';
import type { Reception } from './reception.ts';
import { readTlsFiles } from './tls-files.ts';

export interface ListenerStatus {
  listening: boolean;
  port: number;
  tlsPort: number | null;
  openAssociations: number;
  problem: Problem | null;
}

/** The DICOM SCP of this machine: C-ECHO and C-STORE on a plain and, when set, a TLS port. */
export interface Listener {
  /** @throws PORT_TAKEN, TLS_FILE_UNREADABLE, OPTION_INVALID: nothing listens then */
  start(): Promise<void>;
  /** Ends every association; objects that are whole are still stored and answered in the index. */
  stop(): Promise<void>;
  status(): ListenerStatus;
  /** @returns the function that ends the listening */
  onChange(listener: () => void): () => void;
}

interface Needs {
  settings: Pick<Settings, 'get'>;
  inbox: Reception;
  log: LogHub;
  /** ARTIM of PS3.8 §9.1.5: how long a peer may take to ask for an association, or to hang up. */
  artimMs?: number;
}

/** Most bytes of one read. */
const readBytes = 2 ** 18;
/** Connections without an association yet, beyond the associations themselves. */
const spareConnections = 64;
/** Also of TLS connections whose handshake is not done. */
const mostConnections = 1000 + spareConnections;

export function createListener({ settings, inbox, log, artimMs = 30_000 }: Needs): Listener {
  const changes = createAnnouncer<void>();
  const associations = new Set<Association>();
  const servers: Server[] = [];
  let ports: { port: number; tlsPort: number | null } | undefined;
  let problem: Problem | null = null;
  let places = 0;

  function connected(socket: Socket, tls: boolean) {
    const host = plainAddress(socket.remoteAddress);
    if (associations.size >= settings.get('MAX_ASSOCIATIONS') + spareConnections) {
      log.warn('listener', `connection from ${host} closed: ${associations.size} are open`);
      socket.destroy();
      return;
    }
    // An answer is one small write: Nagle would hold it back for the peer's delayed acknowledgement.
    socket.setNoDelay(true);
    const association = createAssociation({
      transport: {
        host,
        port: socket.remotePort ?? 0,
        tls,
        write: bytes => !socket.writable || socket.write(bytes),
        end: () => void socket.end(),
        destroy: () => void socket.destroy(),
        pause: () => void socket.pause(),
        resume: () => void socket.resume(),
      },
      reception: inbox,
      policy: () => ({
        calledAeTitles: settings.get('CALLED_AE_TITLES'),
        callingAeTitles: settings.get('CALLING_AE_TITLES'),
        callingHosts: settings.get('CALLING_HOSTS'),
      }),
      claimPlace() {
        if (places >= settings.get('MAX_ASSOCIATIONS')) return false;
        places++;
        changes.tell();
        return true;
      },
      releasePlace() {
        places--;
        changes.tell();
      },
      maxPduLength: settings.get('MAX_PDU'),
      idleMs: settings.get('IDLE_TIMEOUT') * 1000,
      artimMs,
      log: (level, line) => log.write(level, 'listener', line),
    });
    associations.add(association);
    void association.over.then(() => associations.delete(association));
    let why = 'the connection was closed without a release';
    readIntoOneBuffer(socket, readBytes, association.data);
    socket.on('drain', () => association.writable());
    socket.on(
      'error',
      error => (why = `the connection broke: ${(error as NodeJS.ErrnoException).code ?? error.message}`),
    );
    socket.on('close', () => association.closed(why));
  }

  async function listen(server: Server, port: number, use: string): Promise<number> {
    const host = settings.get('DICOM_HOST');
    server.maxConnections = mostConnections;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    }).catch(error => {
      throw bindProblem(error, port, host, use);
    });
    server.on('error', error => log.error('listener', `server on port ${port}: ${error.message}`));
    servers.push(server);
    const address = server.address();
    return typeof address === 'object' && address ? address.port : port;
  }

  async function startTls(port: number): Promise<number> {
    const material = readTlsFiles(
      settings.get('TLS_CERTIFICATE'),
      settings.get('TLS_KEY'),
      settings.get('TLS_CLIENT_CA'),
    );
    const asked = material.ca ? { requestCert: true, rejectUnauthorized: true } : {};
    const server = createTlsServer(
      { ...material, ...asked, minVersion: 'TLSv1.2', handshakeTimeout: artimMs },
      (socket: TLSSocket) => connected(socket, true),
    );
    server.on('tlsClientError', (error, socket) => {
      log.warn('listener', `TLS connection from ${plainAddress(socket.remoteAddress)} refused: ${error.message}`);
    });
    return listen(server, port, 'DICOM over TLS');
  }

  async function closeServers() {
    const closing = servers.splice(0);
    await Promise.all(closing.map(server => new Promise<void>(resolve => server.close(() => resolve()))));
  }

  return {
    async start() {
      try {
        const plain = createPlainServer({ noDelay: true }, socket => connected(socket, false));
        const port = await listen(plain, settings.get('DICOM_PORT'), 'DICOM');
        const wanted = settings.get('TLS_PORT');
        ports = { port, tlsPort: wanted === null ? null : await startTls(wanted) };
        problem = null;
        const tls = ports.tlsPort === null ? '' : `, TLS on ${ports.tlsPort}`;
        log.info('listener', `listening as ${settings.get('AE_TITLE')} on port ${port}${tls}`);
      } catch (error) {
        problem = problemOf(error);
        await closeServers();
        throw error;
      } finally {
        changes.tell();
      }
    },
    async stop() {
      ports = undefined;
      const closed = closeServers();
      const open = [...associations];
      for (const association of open) association.stop();
      // A peer that does not hang up after our A-ABORT is not waited for.
      await new Promise(resolve => setTimeout(resolve, open.length > 0 ? 50 : 0));
      for (const association of open) association.closed('Gantry stopped');
      await Promise.all(open.map(association => association.over));
      await closed;
      changes.tell();
    },
    status: () => ({
      listening: ports !== undefined,
      port: ports?.port ?? settings.get('DICOM_PORT'),
      tlsPort: ports?.tlsPort ?? null,
      openAssociations: places,
      problem,
    }),
    onChange: changes.listen,
  };
}

function bindProblem(error: NodeJS.ErrnoException, port: number, host: string, use: string): AppError {
  if (error.code === 'EADDRINUSE') return new AppError('PORT_TAKEN', { port, use }, { cause: error });
  if (error.code === 'EACCES') {
    const expected = 'a port above 1023, or run with the right to bind low ports';
    return new AppError(
      'OPTION_INVALID',
      { option: `the port for ${use}`, value: String(port), expected },
      { cause: error },
    );
  }
  const expected = `an address of this machine (${error.code ?? error.message})`;
  return new AppError('OPTION_INVALID', { option: 'DICOM_HOST', value: host, expected }, { cause: error });
}
