/**
 * What `npm start` and `npm test` need before anything of ours can run: a Node that is new enough, the packages of the lock
 * file, a build that is not older than its sources. Node's own modules only: nothing is installed yet.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nodeVersion = '24.21.0';
const isWindows = process.platform === 'win32';

/** The database driver and the packages need this much. */
export function isNewEnough(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 14);
}

function npm(parameters) {
  const { status } = spawnSync(isWindows ? 'npm.cmd' : 'npm', parameters, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: isWindows,
  });
  if (status !== 0) throw new Error(`npm ${parameters[0]} failed (see above)`);
}

/** How often we look whether npm is still there. */
const parentLookMs = 500;

/** Runs until it ends; a signal to us is a signal to it, and the end of npm, which tells only its shell, is a SIGTERM. @returns the exit code, and whether we were told to end */
export function run(binary, words, environment = process.env) {
  return new Promise(resolve => {
    const child = spawn(binary, words, { cwd: process.cwd(), stdio: 'inherit', env: environment });
    let told = false;
    const pass = signal => {
      told = true;
      child.kill(signal);
    };
    const parent = process.ppid;
    const look = setInterval(() => {
      if (process.env.npm_lifecycle_event && process.ppid !== parent && !told) pass('SIGTERM');
    }, parentLookMs);
    const end = code => {
      clearInterval(look);
      process.off('SIGTERM', pass);
      process.off('SIGINT', pass);
      resolve({ code, told });
    };
    process.on('SIGTERM', pass);
    process.on('SIGINT', pass);
    child.on('error', () => end(1));
    child.on('exit', (code, signal) => end(code ?? (signal ? 1 : 0)));
  });
}

/**
 * Goes on under a newer Node when this one is too old: one from the npm registry, kept in `.runtime/`.
 * @returns the exit code of the other process, or null when this Node will do
 */
export async function underNewNode(script, parameters) {
  if (isNewEnough()) return null;
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const home = join(root, '.runtime');
  const binary = join(home, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node');
  if (!existsSync(binary)) {
    console.error(`Node ${process.versions.node} is too old: fetching Node ${nodeVersion} for Gantry alone.`);
    mkdirSync(home, { recursive: true });
    try {
      npm([
        'install',
        '--prefix',
        home,
        '--no-save',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        `${name}@${nodeVersion}`,
      ]);
    } catch {
      throw new Error(`install Node 22.14 or newer: none for ${process.platform} ${process.arch} could be fetched`);
    }
  }
  const environment = { ...process.env, PATH: `${dirname(binary)}${isWindows ? ';' : ':'}${process.env.PATH}` };
  return (await run(binary, [script, ...parameters], environment)).code;
}

/** Installs exactly what the lock file says, when it says something else than last time. */
export function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const mark = join(root, 'node_modules', '.gantry-lock');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  console.error('Installing packages.');
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  writeFileSync(mark, lock);
}

function newest(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map(name => newest(join(path, name))));
}

/** Builds when a source is newer than the last build. */
export function build() {
  const stamp = join(root, 'dist', '.stamp');
  const sources = ['electron', 'renderer', 'shared', 'package.json', 'package-lock.json'].map(name => join(root, name));
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= Math.max(...sources.map(newest))) return;
  console.error('Building.');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const begun = new Date();
  const { status } = spawnSync(process.execPath, [vite, 'build', '-c', 'electron/vite.config.ts', '--app'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error('the build failed (see above)');
  writeFileSync(stamp, begun.toISOString());
}
