/**
 * Splits a command as Python's `shlex.split` does, which docker-py uses: quotes group, a backslash keeps the next
 * character (within double quotes only before `"` and `\`), nothing is expanded and `#` begins no comment.
 *
 * @returns the words, or what is wrong with the text
 */
export function shellWords(text: string): { words: string[] } | { wrong: string } {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quote !== '') {
      if (c === quote) quote = '';
      else if (c === '\\' && quote === '"') {
        const next = text[++i];
        if (next === undefined) return { wrong: 'it ends in a backslash' };
        word += next === '"' || next === '\\' ? next : `\\${next}`;
      } else word += c;
    } else if (c === '"' || c === "'") {
      quote = c;
      word ??= '';
    } else if (c === '\\') {
      const next = text[++i];
      if (next === undefined) return { wrong: 'it ends in a backslash' };
      word = (word ?? '') + next;
    } else if (' \t\r\n'.includes(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + c;
  }
  if (quote !== '') return { wrong: `a ${quote} is not closed` };
  if (word !== null) words.push(word);
  return { words };
}
