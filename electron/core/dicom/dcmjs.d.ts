/** The part of dcmjs that keywords.ts and keyword-tags.ts use; the library ships no types. */
declare module 'dcmjs' {
  type Entry = { tag: string; vr: string; name: string };
  const dcmjs: {
    data: { DicomMetaDictionary: { nameMap: Record<string, Entry>; dictionary: Record<string, Entry | undefined> } };
  };
  export default dcmjs;
}
