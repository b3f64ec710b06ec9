import { edited } from './designer/edit.ts';
import { firstFlow } from './first-flow.ts';

export interface Sample {
  file: string;
  name: string;
  /** The comment at its head. */
  lead: string;
  text: string;
}

const texts = import.meta.glob<string>('../../../resources/flows/*.yml', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** The flows of resources/flows to start from, each off until its writer says otherwise. */
export const samples: Sample[] = Object.entries(texts).map(([path, text]) => {
  const lines = text.split('\n');
  const end = lines.findIndex(line => !line.startsWith('#'));
  return {
    file: path.slice(path.lastIndexOf('/') + 1),
    name: /^name: (.*)$/m.exec(text)?.[1] ?? path,
    lead: lines
      .slice(0, end)
      .map(line => line.replace(/^# ?/, ''))
      .join(' '),
    text: edited(text, { kind: 'set', path: ['enabled'], value: false }) ?? text,
  };
});

/** What a flow begins with that begins with nothing. */
export const empty: Sample = { file: 'my-flow.yml', name: '', lead: '', text: firstFlow };
