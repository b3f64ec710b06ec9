import dcmjs from 'dcmjs';

/** Keywords of the data dictionary, PS3.6; the library marks retired ones in their names. */
const keywords: ReadonlySet<string> = new Set(
  Object.keys(dcmjs.data.DicomMetaDictionary.nameMap).map(name => name.replace(/^RETIRED_/, '')),
);

/** Every keyword of the data dictionary. */
export const dicomKeywords = (): Iterable<string> => keywords;

/** True for a keyword such as `SeriesDescription`, in exactly this spelling. */
export const isDicomKeyword = (word: string): boolean => keywords.has(word);
