import { client } from '../../client/connection.ts';
import { say, sayFailed } from '../../ui/notices.tsx';
import { words } from '../../words/words.ts';

const { designer: w } = words;

/** Switches the saved file on or off; nothing else of it changes. */
export async function setEnabled(file: string, enabled: boolean): Promise<void> {
  try {
    const { edited } = await import('./designer/edit.ts');
    const { text, etag } = await client.flows.get({ file });
    const next = edited(text, { kind: 'set', path: ['enabled'], value: enabled });
    if (next === null) say(w.cannotEdit, w.cannotEditWhy);
    else await client.flows.save({ file, text: next, etag });
  } catch (failed) {
    sayFailed(failed);
  }
}

/** A second file of the same text, off, so that not both fire. @returns its name, null when there is none */
export async function duplicate(file: string, text: string): Promise<string | null> {
  try {
    const { edited } = await import('./designer/edit.ts');
    const { items } = await client.flows.list();
    const [, stem = file, ending = ''] = /^(.*)(\.ya?ml)$/i.exec(file) ?? [];
    const taken = new Set(items.map(item => item.file));
    let copy = `${stem}-copy${ending}`;
    for (let number = 2; taken.has(copy); number++) copy = `${stem}-copy-${number}${ending}`;
    // Text that cannot be read fires nothing.
    await client.flows.save({
      file: copy,
      text: edited(text, { kind: 'set', path: ['enabled'], value: false }) ?? text,
    });
    return copy;
  } catch (failed) {
    sayFailed(failed);
    return null;
  }
}
