/** Texts about what can be done with a study; part of en.ts. */
export const studyActionWords = {
  actions: 'Actions',
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
