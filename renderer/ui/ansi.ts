export interface Styled {
  text: string;
  /** Classes of the theme, e.g. `ansi-1 ansi-bold`. */
  className?: string;
  /** 256 and true colours, which no theme can know. */
  color?: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ECMA-48 sequences begin with one
const sequences = /\x1b(?:\[([0-9;:?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;
export const withoutAnsi = (text: string) => (text.includes('\x1b') ? text.replace(sequences, '') : text);

interface Style {
  colour: number | null;
  rgb: string | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
}
const plain: Style = { colour: null, rgb: null, bold: false, dim: false, italic: false, underline: false };

/** Pieces of a line with the colours its program gave it (ECMA-48 SGR); every other sequence is left out. */
export function styled(line: string): Styled[] {
  if (!line.includes('\x1b')) return [{ text: line }];
  const pieces: Styled[] = [];
  let style = plain;
  let at = 0;
  const push = (text: string) => {
    if (text !== '') pieces.push({ text, ...shown(style) });
  };
  for (const found of line.matchAll(sequences)) {
    push(line.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[2] === 'm') style = changed(style, (found[1] || '0').split(/[;:]/).map(Number));
  }
  push(line.slice(at));
  return pieces;
}

function shown({ colour, rgb, bold, dim, italic, underline }: Style): Omit<Styled, 'text'> {
  const classes = [
    colour !== null && `ansi-${colour}`,
    bold && 'ansi-bold',
    dim && 'ansi-dim',
    italic && 'ansi-italic',
    underline && 'ansi-underline',
  ].filter(Boolean);
  return { ...(classes.length > 0 && { className: classes.join(' ') }), ...(rgb && { color: rgb }) };
}

const switches: Record<number, Partial<Style>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  39: { colour: null, rgb: null },
};

function changed(before: Style, codes: number[]): Style {
  let style = before;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    if (code === 0) style = plain;
    else if (code >= 30 && code <= 37) style = { ...style, colour: code - 30, rgb: null };
    else if (code >= 90 && code <= 97) style = { ...style, colour: code - 82, rgb: null };
    else if (code === 38 || code === 48) {
      const [kind, a = 0, b = 0, c = 0] = codes.slice(at + 1);
      at += kind === 2 ? 4 : 2;
      // Backgrounds are left out: the words on them could not be read in both themes.
      if (code === 38) style = { ...style, ...(kind === 2 ? { colour: null, rgb: `rgb(${a},${b},${c})` } : of256(a)) };
    } else style = { ...style, ...switches[code] };
  }
  return style;
}

/** The colours of xterm: 16 of the theme, a cube of 6×6×6, 24 greys. */
function of256(code: number): Pick<Style, 'colour' | 'rgb'> {
  if (code < 16) return { colour: code, rgb: null };
  if (code >= 232) return { colour: null, rgb: `rgb(${Array(3).fill(8 + (code - 232) * 10)})` };
  const part = (size: number) => [0, 95, 135, 175, 215, 255][Math.floor((code - 16) / size) % 6];
  return { colour: null, rgb: `rgb(${part(36)},${part(6)},${part(1)})` };
}
