import { createStore } from 'zustand/vanilla';

/** A file that can be read when its turn comes. */
export interface PickedFile {
  name: string;
  file(): Promise<File>;
}

/** What was dropped or picked, before it is asked how it is to be imported. */
export interface Picked {
  label: string;
  /** How many things, folders counted as one. */
  count: number;
  /** Where it is on this machine, when the window may know: then nothing goes through the window. */
  paths: string[] | null;
  /** Everything in it, looked up as it is asked for; may be walked more than once. */
  walk(): AsyncGenerator<PickedFile>;
}

/** Given by the preload script of Electron. */
declare global {
  interface Window {
    gantryFiles?: { pathOf(file: File): string };
  }
}

export const picked = createStore<{ offer: Picked | null }>(() => ({ offer: null }));
const offer = (made: Picked) => {
  if (made.count > 0) picked.setState({ offer: made });
};
export const dismiss = () => picked.setState({ offer: null });

const pathOf = (file: File) => window.gantryFiles?.pathOf(file) ?? '';

/** The items of a drop are only there while it is handled. */
export function offerDrop(transfer: DataTransfer): void {
  const items = [...transfer.items].filter(item => item.kind === 'file');
  const files = items.map(item => item.getAsFile());
  const entries = items.map(item => item.webkitGetAsEntry());
  const names = files.flatMap(file => (file ? [file.name] : []));
  const paths = files.flatMap(file => (file ? [pathOf(file)] : [])).filter(Boolean);
  offer({
    label: labelOf(names),
    count: names.length,
    paths: window.gantryFiles && paths.length > 0 ? paths : null,
    async *walk() {
      for (const entry of entries) if (entry) yield* below(entry);
    },
  });
}

export const pickFiles = () => pick(false);
export const pickFolder = () => pick(true);

function pick(folder: boolean): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  input.webkitdirectory = folder;
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    const tops = [...new Set(files.map(file => file.webkitRelativePath.split('/')[0] || file.name))];
    const paths = [...new Set(files.map(topOf))].filter(Boolean);
    offer({
      label: labelOf(tops),
      count: tops.length,
      paths: window.gantryFiles && paths.length > 0 ? paths : null,
      async *walk() {
        for (const file of files) yield { name: file.webkitRelativePath || file.name, file: async () => file };
      },
    });
  });
  input.click();
}

/** The path of the folder that was picked, from that of a file in it. */
function topOf(file: File): string {
  const [path, inside] = [pathOf(file), file.webkitRelativePath];
  const top = inside.split('/')[0] ?? '';
  return inside === '' || path === '' ? path : path.slice(0, path.length - inside.length + top.length);
}

/** A folder gives its entries in portions, and the next ones only when these were taken: nothing is listed ahead. */
async function* below(entry: FileSystemEntry): AsyncGenerator<PickedFile> {
  const name = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) {
    yield { name, file: () => new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) };
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const child of some) yield* below(child);
  }
}

const shown = 2;
const labelOf = (names: string[]) =>
  `${names.slice(0, shown).join(', ')}${names.length > shown ? ` +${names.length - shown}` : ''}`.slice(0, 200);
