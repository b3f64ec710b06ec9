import type { IndexedAttributes } from '../dicom/index.ts';

/**
 * An instance without a series is a series of its own, and a series without a study a study of its own: palettes and
 * hanging protocols have neither (PS3.3 §A.58, §A.44), and some old images lack them.
 */
export function withOwnSeries(attributes: IndexedAttributes): IndexedAttributes {
  const seriesInstanceUid = attributes.seriesInstanceUid || attributes.sopInstanceUid;
  const studyInstanceUid = attributes.studyInstanceUid || seriesInstanceUid;
  return { ...attributes, seriesInstanceUid, studyInstanceUid };
}
