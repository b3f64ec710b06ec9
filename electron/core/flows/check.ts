import type { FlowChecked, FlowKeys } from '../../../shared/schemas/flows.ts';
import { dicomKeywords, keywordKind } from '../dicom/index.ts';
import { allowedKwargs } from './definition/docker-kwargs.ts';
import { modelKeyNames } from './definition/models.ts';
import { flowKeyNames, parseFlow } from './definition.ts';
import { summaryOf } from './flow-summary.ts';

/** What a text would be as a flow file, and what is wrong in it, while somebody still writes it. */
export function checkFlow(text: string): FlowChecked {
  const { flow, problems } = parseFlow(text, 'unsaved.yml');
  const { file: _, ...summary } = summaryOf({ file: 'unsaved.yml', flow, problems });
  return summary;
}

/** For completion, from the very lists that the reader of flow files checks by. */
export const flowKeys = (): FlowKeys => ({
  flow: [...flowKeyNames],
  model: [...modelKeyNames],
  dockerKwargs: [...allowedKwargs],
  keywords: [...dicomKeywords()].filter(keyword => keywordKind(keyword) === 'text'),
});
