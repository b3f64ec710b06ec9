import { request } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Names of all containers of the Gantry on this data directory, running or not, asked of the engine itself. */
export function ourContainers(dataDirectory: string): Promise<string[]> {
  const filters = encodeURIComponent(
    JSON.stringify({ label: [`io.gantry.installation=${installationOf(dataDirectory)}`] }),
  );
  const socketPath = process.env.DOCKER_HOST?.replace('unix://', '') || '/var/run/docker.sock';
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: `/containers/json?all=1&filters=${filters}` }, response => {
      let text = '';
      response.on('data', chunk => (text += chunk));
      response.on('end', () => resolve((JSON.parse(text) as { Names: string[] }[]).map(item => item.Names[0] ?? '?')));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Other tests run at the same time, on the same engine. */
function installationOf(dataDirectory: string): string {
  const db = new DatabaseSync(join(dataDirectory, 'gantry.sqlite'), { readOnly: true });
  const row = db.prepare("SELECT value FROM facts WHERE key = 'installation'").get();
  db.close();
  return String(row?.value);
}
