import { implement } from '@orpc/server';
import { contract } from '../../shared/contract.ts';
import { createLogApi } from './api-logs.ts';
import type { Core } from './compose.ts';
import { checkFlow, flowKeys } from './flows/index.ts';

/** Contract to rooms, a line a procedure. What a room throws is turned into a PROBLEM by the door (door/problem-error.ts). */
export function createApi(core: Core) {
  const on = implement(contract);
  const { studies, journal, flows, imports, peers, settings, health, log } = core;
  const allLogs = createLogApi(core);
  return on.router({
    health: {
      get: on.health.get.handler(() => health.now()),
      watch: on.health.watch.handler(({ signal }) => health.watch(signal)),
    },
    studies: {
      list: on.studies.list.handler(({ input }) => studies.list(input)),
      get: on.studies.get.handler(({ input }) => studies.get(input.studyInstanceUid)),
      export: on.studies.export.handler(({ input }) => core.exports.ticket(input.studyInstanceUids)),
      exportTo: on.studies.exportTo.handler(({ input, signal }) => core.exports.write(input, signal)),
      remove: on.studies.remove.handler(({ input }) => core.deleteStudy(input.studyInstanceUid, input.confirm)),
      journal: on.studies.journal.handler(({ input }) => journal.list(input)),
    },
    imports: {
      list: on.imports.list.handler(({ input }) => imports.list(input)),
      watch: on.imports.watch.handler(({ signal }) => imports.watch(signal)),
      get: on.imports.get.handler(({ input }) => imports.get(input.id)),
      report: on.imports.report.handler(({ input }) => imports.report(input)),
      start: on.imports.start.handler(({ input }) => imports.start(input)),
      open: on.imports.open.handler(({ input }) => imports.open(input)),
      finish: on.imports.finish.handler(({ input }) => imports.finish(input)),
      cancel: on.imports.cancel.handler(({ input }) => imports.cancel(input.id)),
    },
    instances: {
      tags: on.instances.tags.handler(({ input }) => studies.tags(input.sopInstanceUid, input.version)),
    },
    batches: {
      list: on.batches.list.handler(({ input }) => flows.batches.list(input)),
      get: on.batches.get.handler(({ input }) => flows.batches.detail(input.id)),
    },
    flows: {
      list: on.flows.list.handler(() => flows.files.summaries()),
      keys: on.flows.keys.handler(() => flowKeys()),
      get: on.flows.get.handler(({ input }) => flows.files.read(input.file)),
      save: on.flows.save.handler(({ input }) => flows.files.save(input.file, input.text, input.etag)),
      remove: on.flows.remove.handler(async ({ input }) => {
        await flows.files.remove(input.file);
        return { file: input.file };
      }),
      check: on.flows.check.handler(({ input }) => checkFlow(input.text)),
      testRun: on.flows.testRun.handler(({ input }) => flows.runs.get(flows.testRun(input))),
      backTest: on.flows.backTest.handler(({ input, signal }) => flows.backTest(input, signal)),
      versions: on.flows.versions.handler(({ input }) => flows.versions.list(input.file)),
      version: on.flows.version.handler(({ input }) => flows.versions.get(input.file, input.id)),
      explain: on.flows.explain.handler(({ input }) => flows.explain(input)),
    },
    images: {
      list: on.images.list.handler(() => core.engine.images.list()),
      pull: on.images.pull.handler(({ input, signal }) => core.engine.images.pulling(input.image, signal)),
    },
    runs: {
      list: on.runs.list.handler(({ input }) => flows.runs.list(input)),
      start: on.runs.start.handler(({ input }) => flows.runs.get(flows.startByHand(input))),
      watch: on.runs.watch.handler(({ signal }) => gathered(flows.runChanges(signal))),
      get: on.runs.get.handler(({ input }) => flows.runs.detail(input.id)),
      log: on.runs.log.handler(({ input }) => flows.runs.log(input)),
      files: on.runs.files.handler(({ input }) => flows.stepFiles(input)),
      cancel: on.runs.cancel.handler(async ({ input }) => {
        await flows.queue.cancel(input.id);
        return flows.runs.get(input.id);
      }),
      retry: on.runs.retry.handler(async ({ input }) => {
        await flows.queue.retry(input.id, input.fromStep ?? 0);
        return flows.runs.get(input.id);
      }),
    },
    queue: {
      get: on.queue.get.handler(() => flows.queue.state()),
      pause: on.queue.pause.handler(() => {
        flows.queue.pause();
        return flows.queue.state();
      }),
      resume: on.queue.resume.handler(() => {
        flows.queue.resume();
        return flows.queue.state();
      }),
      prioritise: on.queue.prioritise.handler(({ input }) => {
        flows.queue.prioritise(input.id, input.priority);
        return flows.runs.get(input.id);
      }),
      failures: on.queue.failures.handler(() => listed(flows.failures())),
      replay: on.queue.replay.handler(({ input }) => flows.replay(input.ids)),
      statistics: on.queue.statistics.handler(({ input }) => listed(flows.statistics(input.days))),
    },
    peers: {
      list: on.peers.list.handler(() => listed(peers.list())),
      replace: on.peers.replace.handler(({ input }) => {
        peers.replace(input.items);
        return listed(peers.list());
      }),
      echo: on.peers.echo.handler(({ input, signal }) => core.echo(peers.get(input.name), signal)),
    },
    destinations: {
      tryNow: on.destinations.tryNow.handler(({ input }) => {
        flows.deliveries.tryNow(input.destination);
        return input;
      }),
    },
    settings: {
      list: on.settings.list.handler(() => listed(settings.list())),
      change: on.settings.change.handler(({ input }) => {
        settings.change(input);
        return listed(settings.list());
      }),
    },
    logs: {
      follow: on.logs.follow.handler(({ input, signal }) => log.follow(input.after, signal)),
      sources: on.logs.sources.handler(() => allLogs.sources()),
      page: on.logs.page.handler(({ input }) => allLogs.page(input)),
      tail: on.logs.tail.handler(({ input, signal }) => allLogs.tail(input, signal)),
      count: on.logs.count.handler(({ input }) => allLogs.count(input)),
      text: on.logs.text.handler(({ input }) => allLogs.text(input)),
    },
  });
}

const listed = <T>(items: T[]) => ({ items, total: items.length });

/** Ids told within a short while, as one item: a chatty container must not flood a window. */
async function* gathered(ids: AsyncGenerator<number>): AsyncGenerator<{ ids: number[] }> {
  const pauseMs = 200;
  let next = ids.next();
  for (;;) {
    const first = await next;
    if (first.done) return;
    const some = new Set([first.value]);
    next = ids.next();
    const pause = new Promise<null>(resolve => setTimeout(() => resolve(null), pauseMs));
    for (;;) {
      const more = await Promise.race([next, pause]);
      if (more === null || more.done) break;
      some.add(more.value);
      next = ids.next();
    }
    yield { ids: [...some] };
  }
}
