/** Text of an instance by its SpecificCharacterSet, PS3.3 §C.12.1.1.2 and PS3.5 §6.1; no bytes are refused. */

/** Single-byte sets and those that carry their own multi-byte rules; labels of the WHATWG Encoding standard. */
const whole: Record<string, string> = {
  'ISO_IR 100': 'latin1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** G1 set of a first value with code extensions; KS X 1001 and GB 2312 come only after an escape. */
const extended = (term: string) => whole[term.replace('ISO 2022 IR', 'ISO_IR')];

/** After ESC: what it puts in G0 or G1, PS3.3 tables C.12-3 and C.12-4. */
const escapes: Record<string, { g0?: Graphic; g1?: string }> = {
  '(B': { g0: 'ascii' },
  '(J': { g0: 'ascii' },
  ')I': { g1: 'shift_jis' },
  $B: { g0: 'jis0208' },
  '$@': { g0: 'jis0208' },
  '$(D': { g0: 'jis0212' },
  '$)C': { g1: 'euc-kr' },
  '$)A': { g1: 'gbk' },
  '-A': { g1: 'latin1' },
  '-B': { g1: 'iso-8859-2' },
  '-C': { g1: 'iso-8859-3' },
  '-D': { g1: 'iso-8859-4' },
  '-L': { g1: 'iso-8859-5' },
  '-G': { g1: 'iso-8859-6' },
  '-F': { g1: 'iso-8859-7' },
  '-H': { g1: 'iso-8859-8' },
  '-M': { g1: 'windows-1254' },
  '-T': { g1: 'windows-874' },
  '-b': { g1: 'iso-8859-15' },
};

type Graphic = 'ascii' | 'jis0208' | 'jis0212';
const esc = 0x1b;
/** Delimiters that put the initial sets back, PS3.5 §6.1.2.5.3: \ ^ = and the controls LF FF CR TAB. */
const resets = new Set([0x5c, 0x5e, 0x3d, 0x0a, 0x0c, 0x0d, 0x09]);

/**
 * @param terms values of SpecificCharacterSet, trimmed; none means the default repertoire
 */
export function decodeText(bytes: Buffer, terms: readonly string[]): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  const first = terms[0] ?? '';
  const single = whole[first];
  if (single && !bytes.includes(esc)) return decodeWith(single, bytes);
  if (!extended(first) && !bytes.includes(esc)) return undeclared(bytes);
  return withExtensions(bytes, extended(first) ?? '');
}

const isAscii = (bytes: Buffer) => {
  for (const byte of bytes) if (byte >= 0x80 || byte === esc) return false;
  return true;
};

function decodeWith(label: string, bytes: Buffer): string {
  if (label === 'latin1' || label === '') return bytes.toString('latin1');
  return new TextDecoder(label, { ignoreBOM: true }).decode(bytes);
}

/** 8-bit text without a character set is not allowed, but common: UTF-8 if it is that, else Latin 1. */
function undeclared(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

/** ISO 2022: runs between escapes, each decoded by the sets then in force. */
function withExtensions(bytes: Buffer, initialG1: string): string {
  let text = '';
  let g0: Graphic = 'ascii';
  let g1 = initialG1;
  let from = 0;
  const flush = (to: number) => {
    if (to > from) text += run(bytes.subarray(from, to), g0, g1);
  };
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === esc) {
      flush(at);
      const length = [2, 3].find(size => escapes[bytes.toString('latin1', at + 1, at + 1 + size)]);
      const found = length ? escapes[bytes.toString('latin1', at + 1, at + 1 + length)] : undefined;
      g0 = found?.g0 ?? g0;
      g1 = found?.g1 ?? g1;
      at += length ?? 0;
      from = at + 1;
    } else if (g0 === 'ascii' && resets.has(byte)) {
      flush(at + 1);
      from = at + 1;
      g1 = initialG1;
    }
  }
  flush(bytes.length);
  return text;
}

function run(bytes: Buffer, g0: Graphic, g1: string): string {
  if (g0 === 'ascii') return decodeWith(g1, bytes);
  // EUC-JP holds JIS X 0208 with the high bits set, and JIS X 0212 behind 0x8F.
  const euc: number[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    if (g0 === 'jis0212') euc.push(0x8f);
    euc.push((bytes[at] as number) | 0x80, (bytes[at + 1] as number) | 0x80);
  }
  return decodeWith('euc-jp', Buffer.from(euc));
}
