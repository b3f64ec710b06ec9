import { registerHooks } from 'node:module';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '../../shared/contract.ts';
import { eventually } from '../helpers/dcmtk.ts';
import * as electron from './fake-electron.ts';

/** Runs the built main process against the stand-in: opens, asks over the port, quits. Prints what it was answered. */
const fake = new URL('./fake-electron.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: fake, shortCircuit: true } : next(specifier, context),
});
// A name in a variable: the type checker must not look for a build.
const built = '../../dist/electron/main.js';
await import(built);
electron.app.makeReady();
const failed = () => electron.told.find(([what]) => what === 'error');
await eventually(() => electron.BrowserWindow.all[0] ?? failed(), 'a window', 20_000);
const [window] = electron.BrowserWindow.all;
if (!window) throw new Error(JSON.stringify(failed()));
electron.ipcMain.emit('want-rpc-port', { senderFrame: { url: 'app://console/' }, sender: window.webContents });
const port = await eventually(() => window.webContents.ports[0], 'a port');
const client: ContractRouterClient<Contract> = createORPCClient(new RPCLink({ port: port.raw as never }));
port.raw.start();
const { version, listener } = await client.health.get();
console.log(JSON.stringify({ version, listening: listener.listening }));
electron.app.quit();
await eventually(() => electron.told.some(([what]) => what === 'quit'), 'the end');
process.exit(0);
