import { join } from 'node:path';
import { app, BrowserWindow, session, shell } from 'electron';
import { appOrigin } from './app-protocol.ts';

/** Only these leave the console, and only into the user's own browser. */
const outside = (url: string) => URL.canParse(url) && new URL(url).protocol === 'https:';
const isOurs = (url: string) => url === appOrigin || url.startsWith(`${appOrigin}/`);

/** Locks every page down before the first one is made: no foreign page, no new window, no permission. */
export function guardPages(): void {
  app.on('web-contents-created', (_event, page) => {
    const stay = (event: { preventDefault(): void }, url: string) => {
      if (!isOurs(url)) event.preventDefault();
    };
    page.on('will-navigate', event => stay(event, event.url));
    page.on('will-redirect', event => stay(event, event.url));
    page.on('will-frame-navigate', event => stay(event, event.url));
    page.on('will-attach-webview', event => event.preventDefault());
    page.setWindowOpenHandler(({ url }) => {
      if (outside(url)) void shell.openExternal(url);
      return { action: 'deny' };
    });
  });
}

/** What a page may ask for: to copy text, and nothing else. */
export function guardPermissions(): void {
  const allowed = new Set(['clipboard-sanitized-write']);
  session.defaultSession.setPermissionRequestHandler((_page, permission, answer) => answer(allowed.has(permission)));
  session.defaultSession.setPermissionCheckHandler((_page, permission) => allowed.has(permission));
  session.defaultSession.setDevicePermissionHandler(() => false);
  session.defaultSession.setDisplayMediaRequestHandler((_request, answer) => answer({}));
}

export function openWindow(directory: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    minWidth: 900,
    minHeight: 600,
    show: false,
    title: 'Gantry',
    webPreferences: {
      preload: join(directory, '..', 'preload', 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      webSecurity: true,
      nodeIntegration: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  void window.loadURL(`${appOrigin}/`);
  return window;
}

export { isOurs };
