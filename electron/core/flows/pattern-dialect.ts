/** What a pattern needs that a linear-time engine has not. */
export type Beyond = 'lookaround' | 'backreference' | 'repetition';

export interface Translated {
  text: string;
  /** Flags of the whole pattern, from a leading `(?i)`; only for the backtracking engine. */
  flags: string;
  beyond: Set<Beyond>;
}

const unicodeClasses: Record<string, string> = { w: '_\\p{L}\\p{N}', d: '\\p{Nd}' };
const unicodeNegations: Record<string, string> = { W: '[^_\\p{L}\\p{N}]', D: '\\P{Nd}' };

/**
 * A pattern in Python's dialect, which flow files are written in, for re2js or for JavaScript's own engine (with the
 * flag `u`). Python's `\w` and `\d` know all letters and digits, so they become Unicode classes; `\Z`, `(?P<n>…)`,
 * `(?P=n)`, `(?#…)`, `{,n}` and `\uXXXX` are put in the other engine's words.
 */
export function translatePattern(pattern: string, target: 'linear' | 'backtracking'): Translated {
  const linear = target === 'linear';
  const beyond = new Set<Beyond>();
  let flags = '';
  let text = '';
  let inClass = false;
  let rest = pattern;
  const take = (length: number) => {
    rest = rest.slice(length);
  };
  const leading = /^\(\?([aimsuL]+)\)/.exec(rest);
  if (leading) {
    // Python's a, u and L choose how \w reads; text is Unicode here.
    flags = [...new Set((leading[1] ?? '').replace(/[auL]/g, ''))].join('');
    if (linear && flags) text = `(?${flags})`;
    take(leading[0].length);
  }
  while (rest !== '') {
    const escaped = /^\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[1-9]\d?|[\s\S])/.exec(rest);
    if (escaped) {
      text += translateEscape(escaped[1] ?? '', inClass, linear, beyond);
      take(escaped[0].length);
    } else if (inClass) {
      if (rest[0] === ']') inClass = false;
      // `[` within a class, and `-` behind \w, stand for themselves in Python; the other engines see more in them.
      const plain = rest[0] === '[' || (rest[0] === '-' && /\\p\{\w+\}$/.test(text));
      text += plain ? `\\${rest[0]}` : rest[0];
      take(1);
    } else take(translateSyntax());
  }

  function translateSyntax(): number {
    const comment = /^\(\?#[^)]*\)/.exec(rest);
    if (comment) return comment[0].length;
    const sameGroup = /^\(\?P=(\w+)\)/.exec(rest);
    if (sameGroup) {
      beyond.add('backreference');
      text += `\\k<${sameGroup[1]}>`;
      return sameGroup[0].length;
    }
    const open = /^\[\^?\]?/.exec(rest);
    if (open) {
      inClass = true;
      // Python takes a `]` that stands first as itself.
      text += open[0].replace(']', '\\]');
      return open[0].length;
    }
    const named = /^\(\?P<(\w+)>/.exec(rest);
    if (named) {
      text += linear ? named[0] : `(?<${named[1]}>`;
      return named[0].length;
    }
    if (/^\(\?<?[=!]/.test(rest)) beyond.add('lookaround');
    const repeat = /^\{(\d*)(,?)(\d*)\}/.exec(rest);
    if (repeat && (repeat[1] || repeat[3])) {
      if (Math.max(Number(repeat[1]), Number(repeat[3])) > 1000) beyond.add('repetition');
      text += `{${repeat[1] || '0'}${repeat[2]}${repeat[3]}}`;
      return repeat[0].length;
    }
    // Alone they stand for themselves in Python, but not under the flag `u`.
    text += '{}]'.includes(rest[0] as string) ? `\\${rest[0]}` : rest[0];
    return 1;
  }

  return { text, flags, beyond };
}

function translateEscape(sign: string, inClass: boolean, linear: boolean, beyond: Set<Beyond>): string {
  if (/^[uUx]./.test(sign)) return linear ? `\\x{${sign.slice(1)}}` : `\\u{${sign.slice(1)}}`;
  if (/^[1-9]/.test(sign)) {
    if (!inClass) beyond.add('backreference');
    return `\\${sign}`;
  }
  const known = unicodeClasses[sign];
  if (known) return inClass ? known : `[${known}]`;
  if (!inClass && unicodeNegations[sign]) return unicodeNegations[sign];
  if (!inClass && sign === 'Z') return linear ? '\\z' : '(?![\\s\\S])';
  if (!inClass && sign === 'A' && !linear) return '(?<![\\s\\S])';
  if (sign === 'a') return linear ? '\\x{7}' : '\\u{7}';
  if (/[A-Za-z0-9_]/.test(sign)) return `\\${sign}`;
  // An escaped sign stands for itself; only these may be escaped under the flag `u`.
  const needs = inClass ? '\\]^-[' : '^$\\.*+?()[]{}|/';
  return needs.includes(sign) ? `\\${sign}` : sign;
}
