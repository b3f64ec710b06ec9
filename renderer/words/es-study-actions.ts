import type { studyActionWords } from './en-study-actions.ts';

export const studyActionWordsEs: typeof studyActionWords = {
  actions: 'Acciones',
  download: 'Descargar como ZIP',
  exportTo: 'Exportar a una carpeta…',
  exportTitle: 'Exportar con DICOMDIR',
  exportLead:
    'Los archivos se escriben tal como están guardados, con un DICOMDIR, en algo nuevo por debajo de esta ruta.',
  path: 'Carpeta en la máquina donde corre Gantry',
  pathExample: '/media/usb',
  asFolder: 'Archivos y carpetas',
  asZip: 'Un ZIP',
  exportNow: 'Exportar',
  exported: 'Exportado',
  delete: 'Eliminar…',
  deleteTitle: 'Eliminar este estudio',
  deleteAsk:
    'Se borran del disco todas las instancias del estudio y los resultados de las ejecuciones que trataban solo de él. Su diario conserva que fue eliminado. No se puede deshacer.',
  typeId: 'Escriba el Patient ID para confirmar',
  typeWord: 'Escriba ELIMINAR para confirmar',
  word: 'ELIMINAR',
  deleteNow: 'Eliminar estudio',
  deleted: 'Estudio eliminado',
  instances: 'instancias',
};
