import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { AppError } from '../../../shared/problems.ts';

/** Content of the PEM files of a TLS end. */
export interface TlsMaterial {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
}

/**
 * Reads and tries the PEM files.
 * @param clientCa '' for none
 * @throws TLS_FILE_UNREADABLE naming the file that cannot be used
 */
export function readTlsFiles(certificate: string, key: string, clientCa: string): TlsMaterial {
  const cert = read(certificate);
  tried(certificate, () => createSecureContext({ cert }));
  const keyBytes = read(key);
  tried(key, () => createSecureContext({ cert, key: keyBytes }));
  if (clientCa === '') return { cert, key: keyBytes };
  const ca = read(clientCa);
  tried(clientCa, () => createSecureContext({ ca }));
  return { cert, key: keyBytes, ca };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function tried(path: string, work: () => void) {
  try {
    work();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): AppError<'TLS_FILE_UNREADABLE'> {
  const reason = path === '' ? 'no file is set' : (error as Error).message;
  return new AppError('TLS_FILE_UNREADABLE', { path: path || 'TLS_CERTIFICATE/TLS_KEY', reason }, { cause: error });
}
