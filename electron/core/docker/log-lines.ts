import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Longer lines are cut here, and say so: one endless line must not fill the memory. */
const longest = 64 * 1024;

/** Takes bytes, tells whole lines of UTF-8; the last one may lack its line feed. */
export function linesOf(line: (text: string) => void): Writable {
  const decoder = new StringDecoder('utf8');
  let held = '';
  let cut = false;
  const tell = (text: string) => {
    if (!cut) line(text.replace(/\r$/, ''));
    cut = false;
  };
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      held += decoder.write(chunk);
      const parts = held.split('\n');
      held = parts.pop() ?? '';
      for (const part of parts) tell(part);
      if (held.length > longest) {
        if (!cut) line(`${held.slice(0, longest)} [the rest of this line was cut]`);
        cut = true;
        held = '';
      }
      done();
    },
    final(done) {
      held += decoder.end();
      if (held !== '') tell(held);
      done();
    },
  });
}
