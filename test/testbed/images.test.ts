import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../helpers/dcmtk.ts';
import { ensureImage } from './debian-images.mjs';
import { call } from './images.mjs';

const socket = process.env.DOCKER_HOST?.replace('unix://', '') || '/var/run/docker.sock';

/** The images that stand in for the official ones do what those do. */
describe('test bed images', () => {
  const made: string[] = [];
  afterEach(async () => {
    for (const id of made.splice(0)) await call(socket, 'DELETE', `/containers/${id}?force=1&v=1`);
  });

  const api = async (method: string, path: string, body?: unknown) => {
    const { status = 500, text } = await call(
      socket,
      method,
      path,
      body === undefined ? undefined : JSON.stringify(body),
      'application/json',
    );
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
    return text;
  };
  async function start(image: string, environment: string[]): Promise<string> {
    const { Id } = JSON.parse(
      await api('POST', '/containers/create', { Image: image, Env: environment, HostConfig: { NetworkMode: 'none' } }),
    );
    made.push(Id);
    await api('POST', `/containers/${Id}/start`);
    return Id;
  }
  /** @returns exit code and output of a command in the container */
  async function inside(id: string, command: string): Promise<{ code: number; output: string }> {
    const { Id } = JSON.parse(
      await api('POST', `/containers/${id}/exec`, {
        AttachStdout: true,
        AttachStderr: true,
        Cmd: ['sh', '-c', command],
      }),
    );
    const output = await api('POST', `/exec/${Id}/start`, { Detach: false, Tty: false });
    const { ExitCode } = JSON.parse(await api('GET', `/exec/${Id}/json`));
    return { code: ExitCode, output };
  }

  it('postgres makes the database and user it is told to', async () => {
    const id = await start(await ensureImage('postgres', socket), [
      'POSTGRES_DB=pacsdb',
      'POSTGRES_USER=pacs',
      'POSTGRES_PASSWORD=secret',
    ]);
    const asked = "PGPASSWORD=secret psql -h 127.0.0.1 -U pacs -d pacsdb -tAc 'SELECT current_database()'";
    const answer = await eventually(
      async () => {
        const { code, output } = await inside(id, asked);
        return code === 0 ? output : null;
      },
      'PostgreSQL answers',
      60_000,
    );
    expect(answer).toContain('pacsdb');
  }, 600_000);

  it('orthanc takes its configuration from the environment', async () => {
    const id = await start(await ensureImage('orthanc', socket), ['ORTHANC__NAME=Bed', 'ORTHANC__DICOM_AET=BEDAET']);
    const asked =
      'python3 -c "import urllib.request as u; print(u.urlopen(\'http://127.0.0.1:8042/system\').read().decode())"';
    const answer = await eventually(
      async () => {
        const { code, output } = await inside(id, asked);
        return code === 0 ? output : null;
      },
      'Orthanc answers',
      60_000,
    );
    expect(answer).toMatch(/"DicomAet" : "BEDAET"/);
    expect(answer).toMatch(/"Name" : "Bed"/);
  }, 600_000);
});
