/**
 * `npm test`: installs, checks, builds, brings up the test bed and runs everything, then prints one closing line.
 * `npm run bench` and `npm run fuzz` come here too, for the same preparation.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, installPackages, root, underNewNode } from '../electron/prepare.mjs';

const parameters = process.argv.slice(2);
const mode = ['bench', 'fuzz'].includes(parameters[0]) ? parameters[0] : 'test';

const bin = name => join(root, 'node_modules', name);
const run = (words, env = {}) =>
  spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;

const checks = [
  ['lint', [bin('@biomejs/biome/bin/biome'), 'check', '.']],
  ['types', [bin('typescript/bin/tsc')]],
];

/** @returns counts of vitest's own report; a run that wrote none has failed */
function vitest(env, paths) {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-test-'));
  const report = join(folder, 'report.json');
  const words = [
    bin('vitest/vitest.mjs'),
    'run',
    '-c',
    'test/vitest.config.ts',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...paths,
  ];
  const green = run(words, env);
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTotalTests, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    for (const { assertionResults } of testResults) {
      for (const test of assertionResults)
        if (test.status === 'skipped' || test.status === 'pending') console.log(`SKIPPED ${test.fullName}`);
    }
    // A file that could not be loaded counts no test, and fails all the same.
    const failed = numFailedTests || (green && numTotalTests > 0 ? 0 : 1);
    return { passed: numPassedTests, failed, skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  installPackages();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (mode === 'test' && parameters.length === 0) {
    for (const [name, words] of checks) {
      const green = run(words);
      console.log(`${green ? 'passed' : 'FAILED'}: ${name}`);
      counts[green ? 'passed' : 'failed']++;
    }
  }
  build();
  const { up } = await import('./testbed/up.mjs');
  const bed = await up();
  try {
    if (mode === 'fuzz') return run(['test/fuzz/pdu-fuzz.ts', parameters[1] ?? '1000000'], bed.env) ? 0 : 1;
    if (mode === 'bench') {
      const scripts = readdirSync(join(root, 'test', 'bench')).filter(name => name.endsWith('.bench.ts'));
      return scripts.map(name => run([join('test', 'bench', name)], bed.env)).every(Boolean) ? 0 : 1;
    }
    const found = vitest(bed.env, parameters);
    for (const key of Object.keys(counts)) counts[key] += found[key];
  } finally {
    await bed.down();
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 ? 0 : 1;
}

try {
  process.exitCode = (await underNewNode(fileURLToPath(import.meta.url), parameters)) ?? (await main());
} catch (error) {
  console.error(error.stack);
  console.log('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}
