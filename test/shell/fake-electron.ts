import { EventEmitter } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { type MainPort, mainPort } from './main-port.ts';

/**
 * Electron as far as main.ts uses it. It records what it is told, and gives the core a thread instead of a process, so that
 * real calls go over the real ports. A machine without the binary can prove no more.
 */
class FakeContents extends EventEmitter {
  ports: MainPort[] = [];
  openHandler: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });
  postMessage(channel: string, _message: unknown, ports: MainPort[]) {
    if (channel === 'rpc-port') this.ports.push(...ports);
  }
  setWindowOpenHandler(handler: FakeContents['openHandler']) {
    this.openHandler = handler;
  }
}

export class BrowserWindow extends EventEmitter {
  static all: BrowserWindow[] = [];
  static getAllWindows = () => BrowserWindow.all;
  webContents = new FakeContents();
  url = '';
  focused = 0;
  shown = false;
  options: Record<string, unknown> & { webPreferences: Record<string, unknown> };
  constructor(options: BrowserWindow['options']) {
    super();
    this.options = options;
    BrowserWindow.all.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  loadURL(url: string) {
    this.url = url;
    queueMicrotask(() => this.emit('ready-to-show'));
    return Promise.resolve();
  }
  show() {
    this.shown = true;
  }
  focus() {
    this.focused++;
  }
  restore() {}
  isMinimized = () => true;
}

let makeReady: () => void = () => {};
const ready = new Promise<void>(resolve => {
  makeReady = resolve;
});

/** What was told to Electron, in order. */
export const told: unknown[][] = [];

export const app = Object.assign(new EventEmitter(), {
  isPackaged: false,
  requestSingleInstanceLock: () => true,
  enableSandbox: () => void told.push(['enableSandbox']),
  whenReady: () => ready,
  makeReady: () => makeReady(),
  quit: () => {
    let prevented = false;
    app.emit('before-quit', { preventDefault: () => (prevented = true) });
    if (!prevented) told.push(['quit']);
  },
  exit: (code: number) => void told.push(['exit', code]),
});

type Handler = (request: Request) => Promise<Response>;
export const handlers = new Map<string, Handler>();
export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown) => void told.push(['schemes', schemes]),
  handle: (scheme: string, handler: Handler) => void handlers.set(scheme, handler),
};

type Permission = (page: unknown, permission: string, answer?: (allowed: boolean) => void) => boolean;
export const permissions: { request?: Permission; check?: Permission; device?: () => boolean } = {};
export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler: Permission) => (permissions.request = handler),
    setPermissionCheckHandler: (handler: Permission) => (permissions.check = handler),
    setDevicePermissionHandler: (handler: () => boolean) => (permissions.device = handler),
    setDisplayMediaRequestHandler: () => {},
  },
};

export const shell = { openExternal: async (url: string) => void told.push(['openExternal', url]) };
export const dialog = { showErrorBox: (...words: string[]) => void told.push(['error', ...words]) };
export const ipcMain = new EventEmitter();

export class MessageChannelMain {
  port1: MainPort;
  port2: MainPort;
  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = mainPort(port1);
    this.port2 = mainPort(port2);
  }
}

/** The program of a fork; tests of the sources map the built name to the source. */
export const programs = { of: (path: string) => path };
export const forks: FakeProcess[] = [];

class FakeProcess extends EventEmitter {
  thread: Worker;
  constructor(path: string) {
    super();
    this.thread = new Worker(new URL('./core-thread.ts', import.meta.url), { workerData: programs.of(path) });
    this.thread.on('message', message => this.emit('message', message));
    this.thread.on('error', () => {});
    this.thread.on('exit', code => this.emit('exit', code));
    forks.push(this);
  }
  postMessage(message: unknown, ports: MainPort[] = []) {
    const raw = ports.map(port => port.raw);
    this.thread.postMessage({ message, ports: raw }, raw);
  }
  kill() {
    void this.thread.terminate();
    return true;
  }
}
export const utilityProcess = { fork: (path: string) => new FakeProcess(path) };
