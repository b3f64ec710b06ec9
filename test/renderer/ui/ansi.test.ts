import { describe, expect, it } from 'vitest';
import { styled, withoutAnsi } from '../../../renderer/ui/ansi.ts';

const esc = '\u001b';

describe('colours of a line', () => {
  it.each([
    ['plain', [{ text: 'plain' }]],
    [`a ${esc}[31mred${esc}[0m b`, [{ text: 'a ' }, { text: 'red', className: 'ansi-1' }, { text: ' b' }]],
    [
      `${esc}[1;92mbold green${esc}[22m thin${esc}[39m none`,
      [
        { text: 'bold green', className: 'ansi-10 ansi-bold' },
        { text: ' thin', className: 'ansi-10' },
        { text: ' none' },
      ],
    ],
    [`${esc}[38;5;9mx${esc}[m`, [{ text: 'x', className: 'ansi-9' }]],
    [`${esc}[38;5;196mx`, [{ text: 'x', color: 'rgb(255,0,0)' }]],
    [`${esc}[38;5;255mx`, [{ text: 'x', color: 'rgb(238,238,238)' }]],
    [`${esc}[38;2;1;2;3;4mx`, [{ text: 'x', color: 'rgb(1,2,3)', className: 'ansi-underline' }]],
    // The background is left out, and takes no parameter for a style.
    [`${esc}[48;5;1mx`, [{ text: 'x' }]],
    // Cursor moves and titles.
    [`${esc}[2K${esc}[1Gx${esc}]0;title\u0007y`, [{ text: 'x' }, { text: 'y' }]],
  ])('%j', (line, pieces) => {
    expect(styled(line)).toEqual(pieces);
    expect(
      styled(line)
        .map(({ text }) => text)
        .join(''),
    ).toBe(withoutAnsi(line));
  });

  it('leaves no sequence in the text', () => {
    expect(withoutAnsi(`${esc}[2K${esc}[1Gx${esc}]0;title\u0007y${esc}(Bz`)).toBe(`xy${esc}(Bz`);
    expect(withoutAnsi('none')).toBe('none');
  });
});
