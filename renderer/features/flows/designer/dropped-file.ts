import type { DragEvent } from 'react';
import { sayFailed } from '../../../ui/notices.tsx';

/** What triggers look at stands before the pixel data. */
const headBytes = 1_000_000;

/** Takes a file that is dropped here for itself: everywhere else in the window it would be imported. */
export function takesFile(take: (head: { name: string; base64: string }) => void) {
  const mine = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return {
    onDragEnter: mine,
    onDragLeave: mine,
    onDragOver: mine,
    onDrop(event: DragEvent) {
      mine(event);
      const file = event.dataTransfer.files[0];
      if (file) headOf(file).then(take).catch(sayFailed);
    },
  };
}

async function headOf(file: File): Promise<{ name: string; base64: string }> {
  const bytes = new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return { name: file.name, base64: btoa(binary) };
}
