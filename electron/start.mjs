/** `npm start`: installs what is missing, builds what has changed, then opens the window or, where there can be none, the headless door. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, installPackages, root, run, underNewNode } from './prepare.mjs';

const parameters = process.argv.slice(2);
const downloadWithinMs = 300_000;
/** An Electron that ends with an error this soon never showed a window. */
const soonMs = 5000;

/** @returns why there can be no window, or null */
function noWindow() {
  if (parameters.includes('--headless') || ['1', 'true', 'yes'].includes(process.env.GANTRY_HEADLESS ?? ''))
    return 'asked for';
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
    return 'there is no display';
  if (process.platform === 'linux' && process.getuid?.() === 0) return 'Electron does not run as root';
  return electron() ? null : 'the Electron binary is not here and could not be fetched';
}

/** Looks at files: `require('electron')` would start a download without a limit. */
function electron() {
  const home = join(root, 'node_modules', 'electron');
  const names = { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' };
  const binary = join(home, 'dist', names[process.platform] ?? 'electron');
  if (existsSync(binary)) return binary;
  if (!existsSync(join(home, 'install.js'))) return null;
  console.error('Fetching the Electron binary, once.');
  spawnSync(process.execPath, [join(home, 'install.js')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    timeout: downloadWithinMs,
  });
  return existsSync(binary) ? binary : null;
}

async function start() {
  installPackages();
  build();
  let why = noWindow();
  if (!why) {
    const begun = Date.now();
    const { code, told } = await run(electron(), [root, ...parameters]);
    if (code === 0 || told || Date.now() - begun > soonMs) return code;
    why = `Electron ended at once with code ${code}`;
  }
  if (why !== 'asked for') console.error(`No window: ${why}. Starting headless; open the address below in a browser.`);
  const door = join(root, 'dist', 'electron', 'headless.js');
  return (await run(process.execPath, [door, ...parameters.filter(word => word !== '--headless')])).code;
}

try {
  process.exitCode = (await underNewNode(fileURLToPath(import.meta.url), parameters)) ?? (await start());
} catch (error) {
  console.error(`Gantry cannot start: ${error.message}.`);
  process.exitCode = 1;
}
