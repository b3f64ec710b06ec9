import { ipcRenderer } from 'electron';

/** Hands the page the port to the core, and nothing else: no Node, no Electron. A reload gets a new one. */
ipcRenderer.on('rpc-port', event => {
  window.postMessage({ gantry: 'rpc-port' }, window.location.origin, [...event.ports]);
});
window.addEventListener('message', event => {
  if (event.source === window && event.data?.gantry === 'want-rpc-port') ipcRenderer.send('want-rpc-port');
});
