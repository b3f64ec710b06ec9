import { join } from 'node:path';
import { app, BrowserWindow, dialog, ipcMain } from 'electron';
import type { Problem } from '../shared/problems.ts';
import { defaultDataDirectory } from './door/data-directory.ts';
import { packageDirectory } from './door/version.ts';
import { declareAppProtocol, serveAppProtocol } from './shell/app-protocol.ts';
import { createCoreHost } from './shell/core-host.ts';
import { guardPages, guardPermissions, isOurs, openWindow } from './shell/window.ts';

/** The Electron door: one instance, the core in its own process, one window on it. */
const directory = join(packageDirectory(), 'dist', 'electron');
const parameters = process.argv
  .slice(app.isPackaged ? 1 : 2)
  .filter(word => word !== '--headless' && word !== '--no-open');

function say(problem: Problem | null): void {
  const detail = problem?.remedy ?? 'Start Gantry from a terminal to read its log.';
  dialog.showErrorBox(problem?.title ?? 'The core of Gantry ended', detail);
}

const core = createCoreHost({
  directory,
  parameters,
  defaultDataDirectory: defaultDataDirectory(process.env),
  restarted: () => {
    for (const window of BrowserWindow.getAllWindows()) core.connect(window.webContents);
  },
  lost: problem => {
    say(problem);
    app.quit();
  },
});

async function open(): Promise<void> {
  guardPermissions();
  serveAppProtocol(join(packageDirectory(), 'dist', 'renderer'), core);
  // The page asks when it is ready to listen, and again after a reload.
  ipcMain.on('want-rpc-port', event => {
    if (isOurs(event.senderFrame?.url ?? '')) core.connect(event.sender);
  });
  try {
    await core.start();
  } catch (problem) {
    say(problem as Problem | null);
    return app.exit(1);
  }
  openWindow(directory);
}

if (!app.requestSingleInstanceLock()) app.quit();
else {
  app.enableSandbox();
  declareAppProtocol();
  guardPages();
  app.on('second-instance', () => {
    const [window] = BrowserWindow.getAllWindows();
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) openWindow(directory);
  });
  app.on('window-all-closed', () => app.quit());
  let stopped = false;
  app.on('before-quit', event => {
    if (stopped) return;
    event.preventDefault();
    void core.stop().then(() => {
      stopped = true;
      app.quit();
    });
  });
  void app.whenReady().then(open);
}
