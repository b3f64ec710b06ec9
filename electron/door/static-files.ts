import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** For both doors: a page that runs only what came with it and talks only to where it came from. */
export const contentSecurityPolicy = (connect: string) =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "worker-src 'self' blob:",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

export const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * A file of the built renderer.
 *
 * @param path of the URL, still encoded; what has no extension of a file of ours is a page (a UID has dots, too), and every
 *   page is index.html
 * @returns null when there is no such file below `root`, however the path is spelt
 */
export async function findStatic(
  root: string,
  path: string,
): Promise<{ file: string; type: string; immutable: boolean } | null> {
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    return null;
  }
  if (plain.includes('\0') || plain.includes('\\') || plain.split('/').includes('..')) return null;
  const wanted = Object.hasOwn(types, extname(plain)) ? plain : '/index.html';
  const file = normalize(join(root, wanted));
  if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) return null;
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) return null;
  const type = types[extname(file)] ?? 'application/octet-stream';
  return { file, type, immutable: plain.startsWith('/assets/') };
}

export const openStatic = (file: string) => createReadStream(file);
