import { createORPCClient, DynamicLink } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { createStore } from 'zustand/vanilla';
import type { Contract } from '../../shared/contract.ts';

export type Client = ContractRouterClient<Contract>;

/**
 * How the window reaches the core: a port in Electron, a socket in a browser. Either may go away (a restart of the core, a
 * network interface that comes up); then it is made anew, and whoever watches `generation` asks again.
 */
interface Connection {
  state: 'connecting' | 'open' | 'lost' | 'no-token';
  /** Counts the connections that were opened. */
  generation: number;
}

export const connection = createStore<Connection>(() => ({ state: 'connecting', generation: 0 }));

type Link = SocketLink<Record<never, never>> | PortLink<Record<never, never>>;
let link: Promise<Link>;
let opened: (made: Link) => void = () => {};
const renew = () => {
  link = new Promise(resolve => {
    opened = resolve;
  });
};
renew();

/** Calls made while there is no connection wait for the next one. */
export const client: Client = createORPCClient(new DynamicLink(() => link));

const nowOpen = (made: Link) => {
  opened(made);
  connection.setState(({ generation }) => ({ state: 'open', generation: generation + 1 }));
};

const firstWaitMs = 250;
const longestWaitMs = 5000;
const tokenKey = 'gantry-token';
/** For requests beside the socket; empty in Electron. */
export const accessToken = () => sessionStorage.getItem(tokenKey) ?? '';

export function connect(): void {
  if (location.protocol === 'app:') connectByPort();
  else connectBySocket();
}

function connectByPort(): void {
  window.addEventListener('message', event => {
    if (event.source !== window || event.data?.gantry !== 'rpc-port') return;
    const [port] = event.ports;
    if (!port) return;
    // A second port comes when the core was started again: the first one leads nowhere now.
    if (connection.getState().generation > 0) renew();
    nowOpen(new PortLink({ port }));
    port.start();
  });
  window.postMessage({ gantry: 'want-rpc-port' }, location.origin);
}

/** The token came in the fragment, which no server sees; it leaves the address bar at once. */
function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    sessionStorage.setItem(tokenKey, given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(tokenKey);
}

function connectBySocket(): void {
  const token = takeToken();
  if (!token) {
    connection.setState({ state: 'no-token' });
    return;
  }
  let wait = firstWaitMs;
  const open = () => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/rpc`, [`token.${token}`]);
    let wasOpen = false;
    socket.addEventListener('open', () => {
      wasOpen = true;
      wait = firstWaitMs;
      nowOpen(new SocketLink({ websocket: socket }));
    });
    socket.addEventListener('close', () => {
      if (wasOpen) renew();
      connection.setState({ state: 'lost' });
      setTimeout(open, wait);
      wait = Math.min(wait * 2, longestWaitMs);
    });
  };
  open();
}

/** Downloads the stored file: by the page's own origin in Electron, with the token in a browser. */
export async function downloadInstance(sopInstanceUid: string, version: number): Promise<void> {
  const token = sessionStorage.getItem(tokenKey);
  const response = await fetch(
    `/api/instances/${sopInstanceUid}/file?version=${version}`,
    token ? { headers: { Authorization: `Bearer ${token}` } } : {},
  );
  if (!response.ok) throw new Error(await response.text());
  const address = URL.createObjectURL(await response.blob());
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = `${sopInstanceUid}.dcm`;
  anchor.click();
  URL.revokeObjectURL(address);
}

/** Electron serves the page without the door that a download needs. */
export const canDownload = location.protocol !== 'app:';

/** Fetches a ZIP that was made ready, by the browser's own download, which goes to the disk as it comes. */
export function fetchZip({ path, name }: { path: string; name: string }): void {
  const anchor = document.createElement('a');
  anchor.href = path;
  anchor.download = name;
  anchor.click();
}
