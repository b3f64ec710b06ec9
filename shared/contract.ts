import { eventIterator } from '@orpc/contract';
import { z } from 'zod';
import { base, get } from './contract-base.ts';
import { queueContract, runsContract } from './contract-runs.ts';
import { batchDetailSchema, batchListSchema, batchQuerySchema } from './schemas/batches.ts';
import { uid } from './schemas/common.ts';
import { exportedSchema, exportSchema, exportTicketSchema, exportToSchema } from './schemas/exports.ts';
import * as flows from './schemas/flows.ts';
import { healthSchema } from './schemas/health.ts';
import { imageListSchema, imagePullSchema, pullProgressSchema } from './schemas/images.ts';
import {
  importFinishSchema,
  importIdSchema,
  importListSchema,
  importQuerySchema,
  importReportQuerySchema,
  importReportSchema,
  importSchema,
  importStartSchema,
  importUploadSchema,
} from './schemas/imports.ts';
import {
  logBatchSchema,
  logCountQuerySchema,
  logCountSchema,
  logFollowSchema,
  logPageQuerySchema,
  logPageSchema,
  logSourcesSchema,
  logTailQuerySchema,
  logTailSchema,
  logTextQuerySchema,
  logTextSchema,
} from './schemas/logs.ts';
import {
  destinationSchema,
  echoResultSchema,
  echoSchema,
  peerListSchema,
  peersReplaceSchema,
} from './schemas/peers.ts';
import { runIdSchema, runSchema } from './schemas/runs.ts';
import { settingListSchema, settingsChangeSchema } from './schemas/settings.ts';
import {
  journalQuerySchema,
  journalSchema,
  studyDeletedSchema,
  studyDeleteSchema,
  studyDetailSchema,
  studyListSchema,
  studyQuerySchema,
} from './schemas/studies.ts';
import { instanceQuerySchema, tagsSchema } from './schemas/tags.ts';

export const contract = {
  health: {
    get: get('/health', 'Listener, engine, disk, GPUs and problems').output(healthSchema),
    watch: get('/health/events', 'Health, sent again when it changes').output(eventIterator(healthSchema)),
  },
  studies: {
    list: get('/studies', 'Studies by filter, sorted, paged').input(studyQuerySchema).output(studyListSchema),
    get: get('/studies/{studyInstanceUid}', 'One study with series and instances')
      .input(z.object({ studyInstanceUid: uid }))
      .output(studyDetailSchema),
    export: base
      .route({ method: 'POST', path: '/studies/export', summary: 'Make a ZIP of studies ready to be downloaded once' })
      .input(exportSchema)
      .output(exportTicketSchema),
    exportTo: base
      .route({
        method: 'POST',
        path: '/studies/export-to',
        summary: 'Write studies as a ZIP, or as files with a DICOMDIR, below a path of the machine of the core',
      })
      .input(exportToSchema)
      .output(exportedSchema),
    remove: base
      .route({
        method: 'POST',
        path: '/studies/{studyInstanceUid}/delete',
        summary: 'Delete the study with its files; confirm is its Patient ID, or DELETE',
      })
      .input(studyDeleteSchema)
      .output(studyDeletedSchema),
    journal: get('/studies/{studyInstanceUid}/journal', 'What happened to the study, in order')
      .input(journalQuerySchema)
      .output(journalSchema),
  },
  imports: {
    list: get('/imports', 'Imports, newest first').input(importQuerySchema).output(importListSchema),
    watch: get('/imports/events', 'What is being imported, as it goes on').output(
      eventIterator(z.object({ items: z.array(importSchema) })),
    ),
    get: get('/imports/{id}', 'One import with its progress').input(importIdSchema).output(importSchema),
    report: get('/imports/{id}/files', 'Files of the import that were not simply imported, with the reason')
      .input(importReportQuerySchema)
      .output(importReportSchema),
    start: base
      .route({ method: 'POST', path: '/imports', summary: 'Import folders, files, ZIPs or DICOMDIRs by their paths' })
      .input(importStartSchema)
      .output(importSchema),
    open: base
      .route({ method: 'POST', path: '/imports/uploads', summary: 'Begin an import whose files are sent one by one' })
      .input(importUploadSchema)
      .output(importSchema),
    finish: base
      .route({ method: 'POST', path: '/imports/{id}/finish', summary: 'All files of the import were sent' })
      .input(importFinishSchema)
      .output(importSchema),
    cancel: base
      .route({ method: 'POST', path: '/imports/{id}/cancel', summary: 'Stop the import; what was imported stays' })
      .input(importIdSchema)
      .output(importSchema),
  },
  instances: {
    tags: get('/instances/{sopInstanceUid}/tags', 'The elements of an instance before its pixel data')
      .input(instanceQuerySchema)
      .output(tagsSchema),
  },
  batches: {
    list: get('/batches', 'Batches, newest first').input(batchQuerySchema).output(batchListSchema),
    get: get('/batches/{id}', 'One batch with the verdict of every flow').input(runIdSchema).output(batchDetailSchema),
  },
  flows: {
    list: get('/flows', 'Flow files with their validity').output(flows.flowListSchema),
    keys: get('/flows/keys', 'Keys that mean something in a flow file').output(flows.flowKeysSchema),
    get: get('/flows/{+file}', 'One flow file').input(flows.flowNameSchema).output(flows.flowFileSchema),
    save: base
      .route({
        method: 'PUT',
        path: '/flows/{+file}',
        summary: 'Write a flow file; an invalid one is kept and reported',
      })
      .input(flows.flowSaveSchema)
      .output(flows.flowFileSchema),
    remove: base
      .route({ method: 'DELETE', path: '/flows/{+file}', summary: 'Delete a flow file' })
      .input(flows.flowNameSchema)
      .output(z.object({ file: z.string() })),
    check: base
      .route({ method: 'POST', path: '/flows/check', summary: 'What is wrong in this YAML, which is not saved' })
      .input(flows.flowCheckSchema)
      .output(flows.flowCheckedSchema),
    testRun: base
      .route({ method: 'POST', path: '/flows/test-run', summary: 'Run this YAML, which delivers nothing, on a study' })
      .input(flows.testRunSchema)
      .output(runSchema),
    backTest: base
      .route({
        method: 'POST',
        path: '/flows/back-test',
        summary: 'This YAML against the saved one, over stored studies',
      })
      .input(flows.backTestSchema)
      .output(eventIterator(flows.backTestReportSchema)),
    versions: get('/flow-versions/{+file}', 'Every text the flow file has had, newest first, and which runs used it')
      .input(flows.flowNameSchema)
      .output(flows.flowVersionListSchema),
    version: get('/flow-version/{id}/{+file}', 'One text the flow file has had')
      .input(flows.flowVersionNameSchema)
      .output(flows.flowVersionTextSchema),
    explain: base
      .route({
        method: 'POST',
        path: '/flows/explain',
        summary: 'Would this YAML fire on a stored batch, study or folder, and why',
      })
      .input(flows.explainSchema)
      .output(flows.explanationSchema),
  },
  images: {
    list: get('/images', 'Images of the engine by name').output(imageListSchema),
    pull: base
      .route({ method: 'POST', path: '/images/pull', summary: 'Pull an image, with its progress' })
      .input(imagePullSchema)
      .output(eventIterator(pullProgressSchema)),
  },
  runs: runsContract,
  queue: queueContract,
  peers: {
    list: get('/peers', 'Configured peers').output(peerListSchema),
    replace: base
      .route({ method: 'PUT', path: '/peers', summary: 'Replace the list of peers' })
      .input(peersReplaceSchema)
      .output(peerListSchema),
    echo: base
      .route({ method: 'POST', path: '/peers/{name}/echo', summary: 'C-ECHO a peer' })
      .input(echoSchema)
      .output(echoResultSchema),
  },
  destinations: {
    tryNow: base
      .route({ method: 'POST', path: '/destinations/try', summary: 'Send now what waits for a destination' })
      .input(destinationSchema)
      .output(destinationSchema),
  },
  settings: {
    list: get('/settings', 'Effective settings and where each comes from').output(settingListSchema),
    change: base
      .route({ method: 'PUT', path: '/settings', summary: 'Change settings; null resets one' })
      .input(settingsChangeSchema)
      .output(settingListSchema),
  },
  logs: {
    follow: get('/logs/events', "Gantry's own log, live").input(logFollowSchema).output(eventIterator(logBatchSchema)),
    sources: get('/logs/sources', 'Whose lines there are, and how much is kept').output(logSourcesSchema),
    page: get('/logs', 'Lines that are kept, before or after a number').input(logPageQuerySchema).output(logPageSchema),
    tail: get('/logs/tail', 'Lines after a number; waits for the next one when asked')
      .input(logTailQuerySchema)
      .output(logTailSchema),
    count: get('/logs/count', 'How many kept lines match').input(logCountQuerySchema).output(logCountSchema),
    text: get('/logs/text', 'Kept lines as text, piece by piece').input(logTextQuerySchema).output(logTextSchema),
  },
};
export type Contract = typeof contract;
