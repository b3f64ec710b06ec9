import { request } from 'node:http';

/** Names of all containers that carry Gantry's label, running or not, asked of the engine itself. */
export function ourContainers(): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: ['io.gantry.installation'] }));
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
