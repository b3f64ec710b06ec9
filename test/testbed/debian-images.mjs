/**
 * `postgres` and `orthanc` from Debian packages, under the names and with the environment of the official images, for tests
 * of what runs beside Gantry. Made when a test asks for one, kept in the engine and as a tar in the user's cache.
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { call } from './images.mjs';

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gantry-testbed');

/** The part of the official postgres entry point that tests use: a cluster made at first start, from POSTGRES_*. */
const postgresEntry = `#!/bin/sh
set -e
bin=$(ls -d /usr/lib/postgresql/*/bin)
export PATH=$bin:$PATH PGDATA=\${PGDATA:-/var/lib/postgresql/data}
if [ "$(id -u)" = 0 ]; then mkdir -p "$PGDATA" /run/postgresql; chown -R postgres "$PGDATA" /run/postgresql; chmod 700 "$PGDATA"; exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"; fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  [ -n "$POSTGRES_PASSWORD" ] || { echo "Error: Database is uninitialized and superuser password is not specified." >&2; exit 1; }
  user=\${POSTGRES_USER:-postgres}; db=\${POSTGRES_DB:-$user}
  printf %s "$POSTGRES_PASSWORD" > /tmp/pw; initdb -U "$user" --pwfile=/tmp/pw --auth-host=scram-sha-256 --auth-local=trust $POSTGRES_INITDB_ARGS; rm /tmp/pw
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  pg_ctl -o "-c listen_addresses=''" -w start
  [ "$db" = postgres ] || psql -U "$user" -d postgres -c "CREATE DATABASE \\"$db\\""
  for file in /docker-entrypoint-initdb.d/*; do case "$file" in *.sql) psql -v ON_ERROR_STOP=1 -U "$user" -d "$db" -f "$file";; *.sh) . "$file";; esac; done
  pg_ctl -m fast -w stop
fi
[ "$#" -gt 0 ] || set -- postgres
case "$1" in -*) set -- postgres "$@";; esac
[ "$1" = postgres ] && { shift; set -- postgres -c "listen_addresses=*" "$@"; }
exec "$@"
`;

/** Orthanc's own configuration is JSON: ORTHANC__A__B of the living image becomes {"A":{"B":...}}. */
const orthancEntry = `#!/bin/sh
set -e
python3 - > /tmp/orthanc.json <<'PY'
import json, os
found = {"RemoteAccessAllowed": True, "AuthenticationEnabled": False, "StorageDirectory": "/var/lib/orthanc/db", "IndexDirectory": "/var/lib/orthanc/db", "Plugins": ["/usr/share/orthanc/plugins"]}
for key, value in os.environ.items():
    if not key.startswith("ORTHANC__"): continue
    words = ["".join(part.capitalize() for part in word.split("_")) for word in key[9:].split("__")]
    at = found
    for word in words[:-1]: at = at.setdefault(word, {})
    try: at[words[-1]] = json.loads(value)
    except ValueError: at[words[-1]] = value
print(json.dumps(found))
PY
exec /usr/sbin/Orthanc /tmp/orthanc.json "$@"
`;

const recipes = {
  postgres: {
    packages: 'postgresql,postgresql-contrib',
    entry: postgresEntry,
    changes: [
      'ENTRYPOINT ["/entry.sh"]',
      'CMD ["postgres"]',
      'EXPOSE 5432',
      'VOLUME /var/lib/postgresql/data',
      'ENV PGDATA=/var/lib/postgresql/data',
    ],
    before:
      'mkdir -p "$1/etc/postgresql-common"; echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"',
  },
  orthanc: {
    packages: 'orthanc,orthanc-dicomweb,orthanc-postgresql,python3',
    entry: orthancEntry,
    changes: ['ENTRYPOINT ["/entry.sh"]', 'EXPOSE 4242', 'EXPOSE 8042', 'VOLUME /var/lib/orthanc/db'],
    before: 'true',
  },
};

/** @param {'postgres' | 'orthanc'} name @returns the image's name, there from now on */
export async function ensureImage(name, socketPath = '/var/run/docker.sock') {
  const image = `${name}:latest`;
  if ((await call(socketPath, 'GET', `/images/${name}/json`)).status === 200) return image;
  const tar = join(cache, `${name}.tar`);
  if (!existsSync(tar)) makeTar(name, tar);
  const query = new URLSearchParams([
    ['fromSrc', '-'],
    ['repo', name],
    ['tag', 'latest'],
    ...recipes[name].changes.map(change => ['changes', change]),
  ]);
  await upload(socketPath, `/images/create?${query}`, tar);
  return image;
}

function makeTar(name, tar) {
  mkdirSync(cache, { recursive: true });
  const { packages, entry, before } = recipes[name];
  const drop = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*'].map(
    path => `--dpkgopt=path-exclude=${path}`,
  );
  const put = `cat > "$1/entry.sh" <<'ENTRY'\n${entry}ENTRY\nchmod 755 "$1/entry.sh"`;
  const words = [
    '--variant=minbase',
    '--mode=root',
    `--include=${packages}`,
    ...drop,
    `--essential-hook=${before}`,
    `--customize-hook=${put}`,
    '--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*',
    'bookworm',
    `${tar}.part`,
  ];
  // The machine's own package sources, whatever they are.
  const sources = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].find(path => existsSync(path));
  const { status, stderr } = spawnSync('mmdebstrap', ['--format=tar', ...words, ...(sources ? [sources] : [])], {
    timeout: 600_000,
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) {
    rmSync(`${tar}.part`, { force: true });
    throw new Error(`mmdebstrap for ${name} failed: ${stderr?.toString().slice(-3000)}`);
  }
  renameSync(`${tar}.part`, tar);
}

function upload(socketPath, path, tar) {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath,
        method: 'POST',
        path,
        headers: { 'Content-Type': 'application/x-tar', 'Transfer-Encoding': 'chunked' },
      },
      response => {
        let text = '';
        response.on('data', chunk => {
          text += chunk;
        });
        response.on('end', () =>
          response.statusCode === 200 && !/"error"/.test(text) ? resolve() : reject(new Error(text)),
        );
      },
    );
    asked.on('error', reject);
    createReadStream(tar).pipe(asked);
  });
}
