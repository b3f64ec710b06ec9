import { dicomKeywords, keywordKind } from '../../dicom/index.ts';
import { didYouMean } from './did-you-mean.ts';
import type { Findings } from './findings.ts';
import type { Spot } from './spot.ts';

/**
 * Warns where no instance can have text under a keyword.
 *
 * @param spot where the keyword stands, its key or its value
 * @param so what follows from it, e.g. `no instance will have it`
 */
export function checkKeyword(keyword: string, at: Spot['keyAt'], path: string, so: string, findings: Findings): void {
  const kind = keywordKind(keyword);
  if (kind === 'text') return;
  const meant = kind === null ? didYouMean(keyword.replace(/\s/g, ''), dicomKeywords()) : null;
  const remedy = meant ? `Write ${meant}.` : 'Use a keyword such as Modality or SeriesDescription.';
  findings.warn(at, path, `${keyword} ${words(kind)}: ${so}`, remedy);
}

function words(kind: ReturnType<typeof keywordKind>): string {
  if (kind === 'no-text') return 'holds no text';
  return kind === 'not-in-data-set' ? 'is not part of a data set' : 'is no DICOM keyword';
}
