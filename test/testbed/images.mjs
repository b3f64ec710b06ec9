import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * busybox and hello-world from Debian's static busybox, under the names of the official images: here no registry can be
 * reached. On a machine that has them already they are left alone.
 */
export async function importBusybox(socketPath, say) {
  for (const image of ['busybox', 'hello-world']) {
    if (await hasImage(socketPath, image)) continue;
    const folder = mkdtempSync(join(tmpdir(), 'gantry-image-'));
    try {
      const changes = image === 'busybox' ? makeBusybox(folder) : makeHelloWorld(folder);
      const tar = spawnSync('tar', ['-C', folder, '-c', '.'], { maxBuffer: 64 * 2 ** 20 });
      if (tar.status !== 0) throw new Error(`tar failed: ${tar.stderr}`);
      const query = new URLSearchParams([
        ['fromSrc', '-'],
        ['repo', image],
        ['tag', 'latest'],
        ...changes.map(change => ['changes', change]),
      ]);
      const answer = await call(socketPath, 'POST', `/images/create?${query}`, tar.stdout);
      if (answer.status !== 200 || /"error"/.test(answer.text))
        throw new Error(`import of ${image} failed: ${answer.text}`);
      say(`image ${image} was made from Debian's busybox`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

const binary = () => ['/bin/busybox', '/usr/bin/busybox'].find(path => existsSync(path));

function makeBusybox(folder) {
  for (const name of ['bin', 'etc', 'tmp', 'root', 'var', 'dev', 'proc', 'sys']) mkdirSync(join(folder, name));
  chmodSync(join(folder, 'tmp'), 0o1777);
  copyFileSync(binary(), join(folder, 'bin', 'busybox'));
  const applets = spawnSync(binary(), ['--list'])
    .stdout.toString()
    .split('\n')
    .filter(name => name && name !== 'busybox');
  for (const name of applets) symlinkSync('busybox', join(folder, 'bin', name));
  writeFileSync(
    join(folder, 'etc', 'passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/false\n',
  );
  writeFileSync(join(folder, 'etc', 'group'), 'root:x:0:\nnobody:x:65534:\n');
  return ['CMD ["sh"]', 'ENV PATH=/bin'];
}

/** Says what the official one says first; DicomFlow's README uses it as the simplest flow. */
function makeHelloWorld(folder) {
  copyFileSync(binary(), join(folder, 'echo'));
  return ['CMD ["/echo", "Hello from Docker!"]'];
}

async function hasImage(socketPath, image) {
  return (await call(socketPath, 'GET', `/images/${image}/json`)).status === 200;
}

/** One request to the engine's API. */
export function call(socketPath, method, path, body, type = 'application/x-tar') {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, headers: body ? { 'Content-Type': type } : {} }, response => {
      let text = '';
      response.on('data', chunk => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
