import { join } from 'node:path';
import type { z } from 'zod';
import { AppError } from '../../../shared/problems.ts';
import type {
  BackTestReport,
  BackTestStudy,
  backTestSchema,
  Flow,
  FlowProblem,
} from '../../../shared/schemas/flows.ts';
import { readHeader } from '../dicom/index.ts';
import type { Db } from '../store/index.ts';
import { parseFlow } from './definition.ts';
import { keyOf } from './explain.ts';
import type { FlowFiles } from './flow-files.ts';
import { createPatternSearch, type PatternSearch } from './pattern.ts';
import { createPause, type Instance, judgeTrigger } from './trigger.ts';

interface Needs {
  db: Db;
  dataDirectory: string;
  files: Pick<FlowFiles, 'list'>;
}
type Order = z.infer<typeof backTestSchema>;
type Row = BackTestStudy & { id: number };

/** Headers read at once; a study that fires is not read to its end. */
const headersAtOnce = 16;
const tellEveryMs = 200;
/** Of each list of differences this many are told by name. */
const mostNamed = 200;
const dayMs = 86_400_000;

/**
 * Judges each study that arrived in the last days by the triggers of a text and by those of the saved file, and tells
 * as it goes on where the two differ. Triggers alone: what is off, or waits for quiet, is judged as if it were on.
 *
 * @throws FLOW_INVALID for a text that is no flow
 */
export function createBackTest({ db, dataDirectory, files }: Needs) {
  const studies = db.prepare<[number], Row>(`
    SELECT id, study_instance_uid AS studyInstanceUid, patient_name AS patientName, study_date AS studyDate,
      study_description AS studyDescription
    FROM studies WHERE updated_at >= ? ORDER BY updated_at DESC, id DESC`);
  const pathsOf = db.prepare<[number], { path: string }>(`
    SELECT i.path FROM series s JOIN instances i ON i.series_id = s.id WHERE s.study_id = ? ORDER BY i.id`);

  return async function* backTest(order: Order, signal?: AbortSignal): AsyncGenerator<BackTestReport> {
    const { flow, problems } = parseFlow(order.text, order.file);
    if (!flow) throw invalid(order.file, problems);
    const saved = files.list().find(item => item.file === order.file)?.flow ?? null;
    const rows = studies.all(Date.now() - order.days * dayMs);
    const report: BackTestReport = {
      ...{ done: 0, total: rows.length, ended: false, savedValid: saved !== null, unreadable: 0 },
      ...{ fires: 0, savedFires: 0, gainedCount: 0, lostCount: 0, gained: [], lost: [] },
    };
    const search = createPatternSearch();
    const pause = createPause();
    let toldAt = Date.now();
    try {
      for (const row of rows) {
        if (signal?.aborted) return;
        const [now, before] = await judged(row, [flow, saved]);
        const { id: _, ...study } = row;
        report.done++;
        if (now) report.fires++;
        if (before) report.savedFires++;
        if (now && !before && ++report.gainedCount <= mostNamed) report.gained.push(study);
        if (before && !now && ++report.lostCount <= mostNamed) report.lost.push(study);
        if (Date.now() - toldAt < tellEveryMs) continue;
        toldAt = Date.now();
        yield structuredClone(report);
      }
      yield { ...report, ended: true };
    } finally {
      await search.stop();
    }

    async function judged(row: Row, flows: (Flow | null)[]): Promise<boolean[]> {
      const judges = flows.map(item => (item ? createJudge(item, search, pause) : null));
      const paths = pathsOf.all(row.id);
      for (let at = 0; at < paths.length && judges.some(judge => judge && !judge.fires()); at += headersAtOnce) {
        const read = await Promise.all(paths.slice(at, at + headersAtOnce).map(({ path }) => instanceOf(path)));
        const instances = read.filter(instance => instance !== null);
        report.unreadable += read.length - instances.length;
        for (const judge of judges) await judge?.look(instances);
      }
      return judges.map(judge => judge?.fires() ?? false);
    }
  };

  async function instanceOf(path: string): Promise<Instance | null> {
    try {
      const header = await readHeader(join(dataDirectory, path));
      return { sopInstanceUid: header.sopInstanceUid, values: keyword => header.values(keyword) };
    } catch (error) {
      // Removed by retention meanwhile, or damaged: it is counted, and the others are judged.
      if (error instanceof AppError) return null;
      throw error;
    }
  }
}

/** Judges a flow by instances that come piece by piece: each trigger waits for one that meets it. */
function createJudge(flow: Flow, search: PatternSearch, pause: () => Promise<void> | null) {
  let unmet = flow.triggers.map(trigger => Object.entries(trigger).map(([keyword, source]) => keyOf(keyword, source)));
  return {
    fires: () => unmet.length === 0,
    async look(instances: Instance[]): Promise<void> {
      const still: typeof unmet = [];
      for (const keys of unmet) if (!(await judgeTrigger(keys, instances, search, pause)).met) still.push(keys);
      unmet = still;
    },
  };
}

function invalid(file: string, problems: FlowProblem[]): AppError {
  const first = problems.find(problem => problem.severity === 'error');
  const { line, column, what, remedy } = first ?? { line: 1, column: 1, what: 'it is no flow', remedy: 'Correct it.' };
  return new AppError('FLOW_INVALID', { file, line, column, what, remedy });
}
