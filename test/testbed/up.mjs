/**
 * Brings up what the tests need and a machine may lack: Debian packages, a Docker engine, the images busybox and hello-world.
 * Node's own modules only. One line for each thing done; what was there already is used as it is.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { importBusybox } from './images.mjs';

/** Program that shows that a package is there, and the package. */
const packages = [
  ['dockerd', 'docker.io'],
  ['iptables', 'iptables'],
  ['storescu', 'dcmtk'],
  ['Orthanc', 'orthanc'],
  ['chromium', 'chromium'],
  ['busybox', 'busybox-static'],
  ['openssl', 'openssl'],
  ['mmdebstrap', 'mmdebstrap'],
];
const socketPath = '/var/run/docker.sock';
const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
const isThere = program => folders.some(folder => existsSync(join(folder, program)));
const say = words => console.log(`test bed: ${words}`);

function sh(program, words, options = {}) {
  const { status, stderr, error } = spawnSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  if (status !== 0)
    throw new Error(`${program} ${words.join(' ')} failed: ${error?.message ?? stderr?.toString().slice(-2000)}`);
}

function installPackages() {
  const missing = packages.filter(([program]) => !isThere(program)).map(([, name]) => name);
  if (missing.length === 0) return;
  if (!isThere('apt-get') || process.getuid?.() !== 0)
    throw new Error(`install ${missing.join(', ')}, or run as root on Debian`);
  say(`installing ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Packages come with services that start by themselves: the tests start their own.
  sh('apt-get', ['update'], { env });
  sh('apt-get', ['install', '-y', '--no-install-recommends', 'ca-certificates', ...missing], { env, timeout: 900_000 });
}

/** @returns whether an engine answers */
function answers(path) {
  return new Promise(resolve => {
    const asked = request({ socketPath: path, path: '/_ping', timeout: 3000 }, response => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
    asked.on('timeout', () => asked.destroy());
    asked.end();
  });
}

/** Debian 12 without systemd mounts no cgroups; dockerd needs them. */
function mountCgroups() {
  const mounts = readFileSync('/proc/mounts', 'utf8');
  if (/ \/sys\/fs\/cgroup(\/\S+)? cgroup2? /.test(mounts)) return;
  sh('mount', ['-t', 'tmpfs', 'cgroup', '/sys/fs/cgroup']);
  const controllers = readFileSync('/proc/cgroups', 'utf8')
    .split('\n')
    .filter(line => /\t1$/.test(line))
    .map(line => line.split('\t')[0]);
  for (const name of controllers) {
    mkdirSync(join('/sys/fs/cgroup', name), { recursive: true });
    spawnSync('mount', ['-t', 'cgroup', '-o', name, 'cgroup', join('/sys/fs/cgroup', name)]);
  }
  say('cgroups are mounted');
}

async function startEngine() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error('start Docker: no engine answers');
  mountCgroups();
  const folder = mkdtempSync(join(tmpdir(), 'gantry-engine-'));
  const pidFile = join(folder, 'dockerd.pid');
  const log = openSync(join(folder, 'dockerd.log'), 'a');
  const words = ['--host', `unix://${socketPath}`, '--pidfile', pidFile, '--log-level', 'warn'];
  const child = spawn('dockerd', words, { detached: true, stdio: ['ignore', log, log] });
  child.unref();
  for (let tries = 0; tries < 120; tries++) {
    if (await answers(socketPath)) {
      say('a Docker engine was started');
      return () => stopEngine(pidFile, folder);
    }
    if (child.exitCode !== null) break;
    await new Promise(resolve => setTimeout(resolve, 500));
  }
  throw new Error(`dockerd did not answer: ${readFileSync(join(folder, 'dockerd.log'), 'utf8').slice(-3000)}`);
}

/** Ends the engine that we started, and only if the process is still that. */
async function stopEngine(pidFile, folder) {
  const pid = Number(readFileSync(pidFile, 'utf8'));
  const isOurs = () => {
    try {
      return readlinkSync(`/proc/${pid}/exe`).endsWith('/dockerd');
    } catch {
      return false;
    }
  };
  if (isOurs()) process.kill(pid, 'SIGTERM');
  for (let tries = 0; tries < 80 && isOurs(); tries++) await new Promise(resolve => setTimeout(resolve, 500));
  rmSync(folder, { recursive: true, force: true });
}

/** @returns environment for the tests, and what takes the bed down again */
export async function up() {
  installPackages();
  const given = process.env.DOCKER_HOST?.replace(/^unix:\/\//, '');
  const path =
    given ||
    [socketPath, join(homedir(), '.docker', 'run', 'docker.sock')].find(candidate => existsSync(candidate)) ||
    socketPath;
  const down = (await answers(path)) ? async () => {} : await startEngine();
  await importBusybox(given || (await answers(path)) ? path : socketPath, say);
  return { env: { GANTRY_TESTBED: '1' }, down };
}
