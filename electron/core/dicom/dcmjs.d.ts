/** The part of dcmjs that keywords.ts uses; the library ships no types. */
declare module 'dcmjs' {
  const dcmjs: { data: { DicomMetaDictionary: { nameMap: Record<string, { tag: string; vr: string }> } } };
  export default dcmjs;
}
