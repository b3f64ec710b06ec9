/**
 * The log under a flood, with the built product: two containers write 10,000 lines a second together, a window in Chromium
 * follows them, scrolls and searches. Goals: nothing dropped, under 300 MB in the page, scrolling at 60 frames a second,
 * a search over a million lines under a second.
 *
 *   node test/bench/logs.bench.ts [seconds = 60] [lines a second = 10000]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import type { LogCount, LogSources, LogText } from '../../shared/schemas/logs.ts';
import { eventually } from '../helpers/dcmtk.ts';
import { startHeadless } from '../helpers/headless.ts';
import { call } from '../testbed/images.mjs';

const seconds = Number(process.argv[2] ?? 60);
const rate = Number(process.argv[3] ?? 10_000);
const writers = 2;
const each = (seconds * rate) / writers;
const socket = process.env.DOCKER_HOST?.replace('unix://', '') || '/var/run/docker.sock';

/** Paced by the clock: what a busy machine holds up is caught up. */
const flood = `
BEGIN {
  getline began < "/proc/uptime"; close("/proc/uptime"); n = 0
  while (n < ${each}) {
    getline now < "/proc/uptime"; close("/proc/uptime")
    want = int((now - began) * ${rate / writers}); if (want > ${each}) want = ${each}
    while (n < want) { n++; print "line " n " worker " n % 13 " handled request " (n * 7919) % 100003 " of study 1.2.840.113619." n % 1009 "." n " in " n % 977 " ms" }
    fflush(); system("usleep 20000")
  }
}`;

async function api(method: string, path: string, body?: unknown) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const answer = await call(socket, method, path, text, 'application/json');
  if ((answer.status ?? 500) >= 400) throw new Error(`${method} ${path}: ${answer.text}`);
  return answer.text === '' ? {} : JSON.parse(answer.text);
}

const misses: string[] = [];
function report(what: string, value: string, met = true): void {
  console.log(`${what.padEnd(52)} ${value.padStart(24)}${met ? '' : '   MISSED'}`);
  if (!met) misses.push(what);
}
const percentile = (sorted: number[], share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;

/** Memory of the largest renderer process, all of it: heap, DOM, code. */
function rendererMegabytes(userData: string): number {
  let most = 0;
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (!words.includes('--type=renderer') || !words.includes(userData)) continue;
      // Without what all processes of the browser share.
      const own = /^Private_Clean:\s+(\d+)[\s\S]*^Private_Dirty:\s+(\d+)/m.exec(
        readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'),
      );
      most = Math.max(most, (Number(own?.[1]) + Number(own?.[2])) / 1024);
    } catch {
      // It ended just now.
    }
  }
  return most;
}

/** Scrolls by so many pixels a frame. @returns how long each frame took */
const scroll = (page: Page, ms: number, step: number) =>
  page.evaluate(
    ([time, by]) =>
      new Promise<number[]>(resolve => {
        const log = document.querySelector('[role=log]') as HTMLElement;
        const frames: number[] = [];
        const began = performance.now();
        let last = began;
        const frame = (now: number) => {
          frames.push(now - last);
          last = now;
          log.scrollTop += by as number;
          if (now - began < (time as number)) requestAnimationFrame(frame);
          else resolve(frames.slice(1));
        };
        requestAnimationFrame(frame);
      }),
    [ms, step],
  );

function reportFrames(what: string, frames: number[]): void {
  const sorted = frames.toSorted((a, b) => a - b);
  const perSecond = (1000 * frames.length) / frames.reduce((sum, time) => sum + time, 0);
  const slow = frames.filter(time => time > 25).length;
  report(
    what,
    `${perSecond.toFixed(1)}/s, p99 ${percentile(sorted, 0.99).toFixed(0)} ms, ${slow} late`,
    perSecond >= 58,
  );
}

const directory = mkdtempSync(join(tmpdir(), 'gantry-log-bench-'));
const userData = join(directory, 'chromium');
const gantry = await startHeadless({ dataDirectory: join(directory, 'data') });
const browser = await chromium.launchPersistentContext(userData, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  viewport: { width: 1280, height: 800 },
});
const ids: string[] = [];
try {
  for (let n = 0; n < writers; n++) {
    const { Id } = await api('POST', '/containers/create', {
      Image: 'busybox',
      Cmd: ['awk', flood],
      HostConfig: { NetworkMode: 'none' },
    });
    ids.push(Id);
  }
  const keys = ids.map(id => `container/${id.slice(0, 12)}`);
  const known = async () => {
    const { items } = await gantry.get<LogSources>('/api/logs/sources');
    return keys.map(key => items.find(item => item.key === key)?.lines);
  };
  await eventually(async () => (await known()).every(lines => lines !== undefined), 'the containers among the sources');
  const page = browser.pages()[0] ?? (await browser.newPage());
  const { origin, hash } = new URL(gantry.url);
  await page.goto(`${origin}/log?source=${keys.join(',')}${hash}`);
  await page.getByText('No kept line matches.').waitFor();
  const began = performance.now();
  for (const id of ids) await api('POST', `/containers/${id}/start`);
  await page.getByRole('log').waitFor();

  console.log(`\nThe log: ${seconds} s of ${rate} lines a second`);
  let memory = 0;
  const looking = setInterval(() => {
    memory = Math.max(memory, rendererMegabytes(userData));
  }, 1000);
  await page.waitForTimeout(Math.min(10_000, seconds * 250));
  reportFrames('following the flood', await scroll(page, 5000, 0));
  await page.getByRole('log').hover();
  await page.mouse.wheel(0, -2000);
  await page.getByRole('button', { name: /new lines$/ }).waitFor();
  const firstTime = async () => Date.parse(`2000-01-01T${await page.locator('.log-time').first().innerText()}Z`);
  const before = await firstTime();
  reportFrames('scrolling up through it, older pages coming in', await scroll(page, 5000, -400));
  const back = before - (await firstTime());
  report('so far back', `${back} ms of lines`, back > 0);
  reportFrames('scrolling down', await scroll(page, 3000, 40));
  await page.getByRole('button', { name: /new lines$/ }).click();

  await eventually(async () => (await known()).every(lines => lines === each), 'all lines', (seconds + 60) * 1000);
  const took = (performance.now() - began) / 1000;
  clearInterval(looking);
  report('lines taken in, of those written', `${each * writers} in ${took.toFixed(0)} s`, took < seconds + 5);
  await page
    .getByText(new RegExp(`line ${each} `))
    .first()
    .waitFor();
  report('page, private memory of its process at most', `${memory.toFixed(0)} MB`, memory < 300);
  const heap = await page.evaluate(
    () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize / 2 ** 20,
  );
  report('page, heap at the end', `${heap.toFixed(0)} MB`, heap < 300);
  const core = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${gantry.process.pid}/status`, 'utf8'));
  report('core, memory at the end', `${(Number(core?.[1]) / 1024).toFixed(0)} MB`);

  for (const [find, more] of [
    ['REQUEST 99999 ', ''],
    ['handled', ''],
    ['study 1\\.2\\.\\S+\\.7\\.\\d+ in 9\\d\\d', '&regex=true'],
  ] as const) {
    const from = performance.now();
    const { lines, count } = await gantry.get<LogCount>(`/api/logs/count?find=${encodeURIComponent(find)}${more}`);
    const perMillion = (performance.now() - from) / (lines / 1e6);
    report(`search for ${find}`, `${perMillion.toFixed(0)} ms a million`, perMillion < 1000 && count >= 0 && lines > 0);
  }

  let missing = 0;
  for (const key of keys) {
    let next = 1;
    for (let after = 0; ; ) {
      const piece = await gantry.get<LogText>(`/api/logs/text?sources=${key}&after=${after}`);
      for (const found of piece.text.matchAll(/ line (\d+) worker/g)) {
        const n = Number(found[1]);
        missing += Math.abs(n - next);
        next = n + 1;
      }
      if (piece.done) break;
      after = piece.lookedTo;
    }
    missing += each + 1 - next;
  }
  report('lines missing or out of their order', String(missing), missing === 0);
} finally {
  await browser.close();
  for (const id of ids) await call(socket, 'DELETE', `/containers/${id}?force=1&v=1`);
  await gantry.stop();
  rmSync(directory, { recursive: true, force: true });
}
if (misses.length > 0) {
  console.log(`missed: ${misses.join('; ')}`);
  process.exitCode = 1;
}
