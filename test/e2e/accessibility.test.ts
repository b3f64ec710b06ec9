import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, freePort, storescu } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type OpenConsole, openConsole } from '../helpers/open-console.ts';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** axe-core on every page, in both themes, with something on each. */
describe('accessibility', () => {
  let open: OpenConsole;
  let study: string;
  let instance: string;

  beforeAll(async () => {
    open = await openConsole({ GANTRY_RETRY_ATTEMPTS: '1', GANTRY_GPUS: '0' });
    const { gantry, directory } = open;
    await gantry.put('/api/flows/route.yml', {
      text: `name: Route\nmodels: []\ndestinations: [{ host: 127.0.0.1, port: ${await freePort()}, ae_title: AWAY }]\n`,
    });
    await gantry.put('/api/flows/broken.yml', { text: 'triggers: [' });
    await gantry.put('/api/peers', { items: [{ name: 'self', aeTitle: 'GANTRY', host: '127.0.0.1', port: 104 }] });
    const [made] = makeStudy({ directory: join(directory, 'study'), instances: 2 });
    study = made?.studyInstanceUid ?? '';
    instance = made?.sopInstanceUid ?? '';
    await storescu(gantry.dicomPort, [join(directory, 'study')]);
    await eventually(
      async () => (await gantry.get<{ total: number }>('/api/runs?state=failed')).total === 1,
      'the failed run',
    );
  }, 60_000);
  afterAll(() => open?.close(), 30_000);

  it.each(['light', 'dark'] as const)(
    'has no serious fault on any page, %s',
    async colorScheme => {
      // axe comes in as a script of the test's own, which the page's policy would rightly refuse.
      const page = await open.newPage({ colorScheme, bypassCSP: true });
      const faults: string[] = [];
      const pages: [path: string, text: string][] = [
        ['/', 'Latest runs'],
        ['/studies', 'Doe, Jane'],
        [`/studies/${study}`, 'Axial 5 mm'],
        [`/instances/${instance}`, 'PatientName'],
        ['/imports', 'Nothing has been imported yet'],
        ['/runs', 'Route'],
        ['/runs?view=failures', 'Run them again'],
        ['/runs?view=statistics', 'Route'],
        ['/runs/1', 'Flow as it ran'],
        ['/flows', 'broken.yml'],
        ['/flows/route.yml', 'Would it fire, and why?'],
        ['/peers', 'GANTRY'],
        ['/settings', 'RETRY_ATTEMPTS'],
        ['/log', 'listening as GANTRY'],
      ];
      for (const [path, text] of pages) {
        await open.goto(path, page);
        await page.getByText(text).first().waitFor();
        await page.addScriptTag({ path: axe });
        if (process.env.GANTRY_SCREENSHOTS) {
          const name = path.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 24) || '-overview';
          await page.screenshot({ path: join(process.env.GANTRY_SCREENSHOTS, `page${name}-${colorScheme}.png`) });
        }
        const violations = await page.evaluate(async () => {
          const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
          return (await axe.run()).violations;
        });
        for (const { id, impact, nodes } of violations) {
          if (impact !== 'serious' && impact !== 'critical') continue;
          faults.push(`${path} ${id}: ${nodes.map(node => `${node.html} ${node.failureSummary}`).join('\n  ')}`);
        }
      }
      await page.close();
      expect(faults).toEqual([]);
    },
    120_000,
  );
});
