import { base, changes, get } from './contract-base.ts';
import { exportTicketSchema } from './schemas/exports.ts';
import {
  failuresSchema,
  prioritySchema,
  queueSchema,
  replayedSchema,
  replaySchema,
  statisticsQuerySchema,
  statisticsSchema,
} from './schemas/queue.ts';
import {
  retrySchema,
  runDetailSchema,
  runIdSchema,
  runListSchema,
  runLogQuerySchema,
  runLogSchema,
  runQuerySchema,
  runSchema,
  runStartSchema,
  stepFilesSchema,
} from './schemas/runs.ts';

/** Runs, and the queue they wait in. */
export const runsContract = {
  list: get('/runs', 'Runs, newest first').input(runQuerySchema).output(runListSchema),
  start: base
    .route({ method: 'POST', path: '/runs', summary: 'Run a flow on a stored study, or send the study to a peer' })
    .input(runStartSchema)
    .output(runSchema),
  watch: get('/runs/events', 'Ids of runs as they change').output(changes),
  get: get('/runs/{id}', 'One run: steps, log lines, deliveries per instance')
    .input(runIdSchema)
    .output(runDetailSchema),
  log: get('/runs/{id}/log', 'Container output of the run').input(runLogQuerySchema).output(runLogSchema),
  files: base
    .route({
      method: 'POST',
      path: '/runs/{id}/steps/{step}/{of}',
      summary: 'Make a ZIP of the input or output of a step ready to be downloaded once',
    })
    .input(stepFilesSchema)
    .output(exportTicketSchema),
  cancel: base
    .route({ method: 'POST', path: '/runs/{id}/cancel', summary: 'Stop the run and remove its container' })
    .input(runIdSchema)
    .output(runSchema),
  retry: base
    .route({
      method: 'POST',
      path: '/runs/{id}/retry',
      summary: 'Run again from the start or a step, or only send again',
    })
    .input(retrySchema)
    .output(runSchema),
};

export const queueContract = {
  get: get('/queue', 'What the queue is doing: paused or not, GPUs and who holds them').output(queueSchema),
  pause: base
    .route({ method: 'POST', path: '/queue/pause', summary: 'Start no more runs; what runs goes on' })
    .output(queueSchema),
  resume: base.route({ method: 'POST', path: '/queue/resume', summary: 'Start runs again' }).output(queueSchema),
  prioritise: base
    .route({ method: 'PUT', path: '/queue/{id}/priority', summary: 'Change the priority of a waiting run' })
    .input(prioritySchema)
    .output(runSchema),
  failures: get('/queue/failures', 'Failed runs by their cause').output(failuresSchema),
  replay: base
    .route({ method: 'POST', path: '/queue/replay', summary: 'Run failed runs again, each from where it failed' })
    .input(replaySchema)
    .output(replayedSchema),
  statistics: get('/queue/statistics', 'How the runs of each flow went in the last days')
    .input(statisticsQuerySchema)
    .output(statisticsSchema),
};
