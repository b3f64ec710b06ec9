import { contextBridge, ipcRenderer, webUtils } from 'electron';

/** Hands the page the port to the core, and where dropped files are: no Node, no Electron. A reload gets a new port. */
ipcRenderer.on('rpc-port', event => {
  window.postMessage({ gantry: 'rpc-port' }, window.location.origin, [...event.ports]);
});
window.addEventListener('message', event => {
  if (event.source === window && event.data?.gantry === 'want-rpc-port') ipcRenderer.send('want-rpc-port');
});
// A page knows the content of a file it was given, but not its path; with it nothing has to go through the window.
contextBridge.exposeInMainWorld('gantryFiles', { pathOf: (file: File) => webUtils.getPathForFile(file) });
