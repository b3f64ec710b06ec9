import dcmjs from 'dcmjs';

const { nameMap } = dcmjs.data.DicomMetaDictionary;

/** Tag and VR of a keyword of the data dictionary, PS3.6; undefined for what is not one, or has no single tag. */
export function tagOfKeyword(keyword: string): { tag: number; vr: string } | undefined {
  const entry = Object.hasOwn(nameMap, keyword) ? nameMap[keyword] : nameMap[`RETIRED_${keyword}`];
  const digits = entry?.tag.match(/^\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)$/);
  if (!entry || !digits) return undefined;
  // The dictionary's own words for "depends": `xs` is US or SS, `ox` is OB or OW.
  const vr = entry.vr === 'xs' ? 'US' : entry.vr === 'ox' ? 'OW' : entry.vr;
  return { tag: Number.parseInt(`${digits[1]}${digits[2]}`, 16), vr };
}
