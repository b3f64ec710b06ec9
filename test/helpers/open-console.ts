import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type Headless, startHeadless } from './headless.ts';

/** The built headless door with a page of it in real Chromium. */
export interface OpenConsole {
  gantry: Headless;
  browser: Browser;
  page: Page;
  /** A folder for the test; Gantry's data is in `data` below it. */
  directory: string;
  /** Errors and warnings that the page wrote to its console. */
  complaints: string[];
  /** A further page, with other options; its complaints are not kept. */
  newPage(options: BrowserContextOptions): Promise<Page>;
  goto(path: string, page?: Page): Promise<void>;
  /** Both themes, into the folder GANTRY_SCREENSHOTS when it is set. */
  shot(name: string, page?: Page): Promise<void>;
  close(): Promise<void>;
}

const flags = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
const size = { width: 1280, height: 800 };

export async function openConsole(environment: Record<string, string> = {}): Promise<OpenConsole> {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-console-'));
  const gantry = await startHeadless({
    dataDirectory: join(directory, 'data'),
    environment: { GANTRY_MIN_FREE_BYTES: '0', ...environment },
  });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
  const page = await browser.newPage({ viewport: size });
  const complaints: string[] = [];
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', error => complaints.push(error.message));
  const { origin, hash } = new URL(gantry.url);
  return {
    gantry,
    browser,
    page,
    directory,
    complaints,
    newPage: async options => (await browser.newContext({ viewport: size, ...options })).newPage(),
    goto: async (path, on = page) => void (await on.goto(`${origin}${path}${hash}`)),
    async shot(name, on = page) {
      if (!process.env.GANTRY_SCREENSHOTS) return;
      for (const colorScheme of ['dark', 'light'] as const) {
        await on.emulateMedia({ colorScheme });
        await on.screenshot({ path: join(process.env.GANTRY_SCREENSHOTS, `${name}-${colorScheme}.png`) });
      }
    },
    async close() {
      await browser.close();
      await gantry.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
