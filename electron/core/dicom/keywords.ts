import dcmjs from 'dcmjs';

/** The library marks retired keywords in their names. */
const keywords = new Map(
  Object.entries(dcmjs.data.DicomMetaDictionary.nameMap).map(([name, entry]) => [name.replace(/^RETIRED_/, ''), entry]),
);
const withoutText = new Set(['SQ', 'OB', 'OW', 'OD', 'OF', 'OL', 'OV', 'ox', 'UN']);

/** Every keyword of the data dictionary, PS3.6. */
export const dicomKeywords = (): Iterable<string> => keywords.keys();

/**
 * What a keyword such as `SeriesDescription`, in exactly this spelling, stands for: an element of a data set with text
 * to search; one without (a sequence, bulk data); one that is not in data sets (commands, file meta); null for no keyword.
 */
export function keywordKind(word: string): 'text' | 'no-text' | 'not-in-data-set' | null {
  const entry = keywords.get(word);
  if (!entry) return null;
  if (/^\(000[02],/.test(entry.tag)) return 'not-in-data-set';
  // Repeating groups, such as overlays, have a tag with an x, PS3.5 §7.6: no single element is meant.
  return withoutText.has(entry.vr) || /x/i.test(entry.tag) ? 'no-text' : 'text';
}
