import { dicomKeywords, isDicomKeyword } from '../../dicom/keywords.ts';
import { didYouMean } from './did-you-mean.ts';

/** Whether any instance can have an element of this keyword: one of the dictionary. */
export const isKeyword = isDicomKeyword;

/** The keyword that was probably meant. */
export const suggestKeyword = (word: string): string | null => didYouMean(word.replace(/\s/g, ''), dicomKeywords());
