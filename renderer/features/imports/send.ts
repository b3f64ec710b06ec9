import { client } from '../../client/connection.ts';
import type { Picked, PickedFile } from '../../client/picked.ts';
import { uploadFile } from '../../client/upload.ts';
import { words } from '../../words/words.ts';

/** Files on their way at once. */
const atOnce = 4;
const countersAtOnce = 8;
const attempts = 3;
const waitMs = 500;
/** The core ended the import: cancelled here or elsewhere, or its disk is full. */
const over = new Set(['IMPORT_ENDED', 'IMPORT_NOT_FOUND']);

const leaving = (event: BeforeUnloadEvent) => event.preventDefault();

/** Tells the core the paths or, where the window knows none, sends the files one by one. @returns the id of the import */
export async function sendPicked({ label, paths, walk }: Picked, evaluate: boolean): Promise<number> {
  if (paths) return (await client.imports.start({ paths, evaluate })).id;
  const { id } = await client.imports.open({ label, evaluate });
  window.addEventListener('beforeunload', leaving);
  void sendAll(id, walk).finally(() => window.removeEventListener('beforeunload', leaving));
  return id;
}

async function sendAll(id: number, walk: Picked['walk']): Promise<void> {
  const found = { foundFiles: 0, foundBytes: 0, counted: false };
  let ended = false;
  const files = walk();

  // Walks ahead, so that it can be said how much is left.
  const ahead = walk();
  async function counter() {
    for (let next = await ahead.next(); !next.done && !ended; next = await ahead.next()) {
      const file = await next.value.file().catch(() => null);
      found.foundFiles++;
      found.foundBytes += file?.size ?? 0;
    }
  }
  const countAll = async () => {
    await Promise.all(Array.from({ length: countersAtOnce }, counter));
    found.counted = true;
  };
  async function worker() {
    for (let next = await files.next(); !next.done && !ended; next = await files.next()) {
      if (!(await sendOne(id, next.value, found))) ended = true;
    }
  }
  try {
    await Promise.all([countAll(), ...Array.from({ length: atOnce }, worker)]);
  } catch {
    // A folder that cannot be listed any more: what is missing shows in the counts.
  }
  if (!ended) await client.imports.finish({ id, ...found }).catch(() => {});
}

/** @returns false when the import is over */
async function sendOne(id: number, { name, file }: PickedFile, found: Parameters<typeof uploadFile>[3]) {
  let reason = words.imports.unsent;
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      const problem = await uploadFile(id, name, await file(), found);
      if (!problem) return true;
      if (over.has(problem.code)) return false;
      reason = problem.title;
    } catch {
      // The connection broke, or the file is gone; the core counts what broke off only when it hears the reason.
    }
    await new Promise(resolve => setTimeout(resolve, waitMs * (attempt + 1)));
  }
  const problem = await uploadFile(id, name, null, { ...found, reason }).catch(() => null);
  return !(problem && over.has(problem.code));
}
