/** Texts about what can be done with a study; part of en.ts. */
export const studyActionWords = {
  actions: 'Actions',
  download: 'Download as ZIP',
  exportTo: 'Export to a folder…',
  exportTitle: 'Export with DICOMDIR',
  exportLead: 'The files are written as they are stored, with a DICOMDIR, into something new below this path.',
  path: 'Folder on the machine that Gantry runs on',
  pathExample: '/media/usb',
  asFolder: 'Files and folders',
  asZip: 'One ZIP',
  exportNow: 'Export',
  exported: 'Exported',
  delete: 'Delete…',
  deleteTitle: 'Delete this study',
  deleteAsk:
    'All instances of the study, and the outputs of the runs that were about it alone, are removed from the disk. Its journal keeps that it was deleted. This cannot be undone.',
  typeId: 'Type the Patient ID to confirm',
  typeWord: 'Type DELETE to confirm',
  word: 'DELETE',
  deleteNow: 'Delete study',
  deleted: 'Study deleted',
  instances: 'instances',
};
