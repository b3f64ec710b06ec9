import dcmjs from 'dcmjs';

const { nameMap, dictionary } = dcmjs.data.DicomMetaDictionary;

/** Tag and VR of a keyword of the data dictionary, PS3.6; undefined for what is not one, or has no single tag. */
export function tagOfKeyword(keyword: string): { tag: number; vr: string } | undefined {
  const entry = Object.hasOwn(nameMap, keyword) ? nameMap[keyword] : nameMap[`RETIRED_${keyword}`];
  const digits = entry?.tag.match(/^\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)$/);
  if (!entry || !digits) return undefined;
  // The dictionary's own words for "depends": `xs` is US or SS, `ox` is OB or OW.
  const vr = entry.vr === 'xs' ? 'US' : entry.vr === 'ox' ? 'OW' : entry.vr;
  return { tag: Number.parseInt(`${digits[1]}${digits[2]}`, 16), vr };
}

/** Keyword and VR of a tag by the data dictionary, PS3.6; of a private or unknown one '' and UN, PS3.5 §6.2.2. */
export function keywordOf(tag: number): { keyword: string; vr: string } {
  const digits = tag.toString(16).padStart(8, '0').toUpperCase();
  const entry = dictionary[`(${digits.slice(0, 4)},${digits.slice(4)})`];
  if (!entry) return { keyword: '', vr: digits.endsWith('0000') ? 'UL' : 'UN' };
  const vr = entry.vr === 'xs' ? 'US' : entry.vr === 'ox' ? 'OW' : entry.vr;
  return { keyword: entry.name.replace(/^RETIRED_/, ''), vr };
}
