import { type Event, parseEvents, YAMLException } from 'js-yaml';
import type { Findings, Place } from './findings.ts';

const mostRepairs = 50;
/** Repairs parse the text again and again; nobody writes so much by hand. */
const repairable = 100_000;

/**
 * The events of a text, with the text they refer to. A comment that follows a quote or bracket without a blank, which
 * DicomFlow's parser takes, is moved by one: nothing else on its line moves.
 */
export function parseLeniently(
  text: string,
  options: { filename: string; maxDepth: number },
  findings: Findings,
): { events: Event[]; source: string } | null {
  let source = text;
  for (let repairs = 0; ; repairs++) {
    try {
      return { events: parseEvents(source, options), source };
    } catch (error) {
      const position = error instanceof YAMLException ? (error.mark?.position ?? 0) : 0;
      const given = repairs === mostRepairs || source.length > repairable;
      if (given || !/^["'\]}]#$/.test(source.slice(Math.max(0, position - 1), position + 1))) {
        reportSyntax(error, source, findings);
        return null;
      }
      findings.warn(placeOf(error), '', 'A comment begins without a blank before its #', 'Put a blank before the #.');
      source = `${source.slice(0, position)} ${source.slice(position)}`;
    }
  }
}

/** Says what is wrong with text that is not YAML, at the line where a person would look for it. */
export function reportSyntax(error: unknown, source: string, findings: Findings): void {
  const at = placeOf(error);
  const quote = unclosedQuote(source, error);
  if (quote) {
    const what = `The text that begins here has no closing ${quote.sign}`;
    findings.error(quote.at, '', what, `Add ${quote.sign} at the end of the text on line ${quote.at.line}.`);
    return;
  }
  const reason = error instanceof YAMLException ? error.reason : 'this cannot be read as YAML';
  const known = remedies.find(([pattern]) => pattern.test(reason));
  findings.error(at, '', `Not YAML: ${reason}`, known?.[1] ?? 'Correct the line, or the line above it.');
}

const remedies: [RegExp, string][] = [
  [/tab/, 'Indent with spaces instead of tabs.'],
  [/flow collection/, 'Close the [ or { that is still open.'],
  [/quoted scalar/, 'Add the closing quote.'],
  [/escape/, 'Write the backslash twice, or use single quotes around the text.'],
  [/indentation of a mapping entry/, 'Put text that holds ": " in quotes, or correct the indentation.'],
  [/indentation/, 'Align the line with its neighbours.'],
  [/nesting|depth/, 'Nest the values less deeply.'],
  [/directive/, 'Remove the % at the beginning of the line, or put the text in quotes.'],
];

function placeOf(error: unknown): Place {
  const mark = error instanceof YAMLException ? error.mark : undefined;
  return mark ? { line: mark.line + 1, column: mark.column + 1 } : { line: 1, column: 1 };
}

/** A line whose value opens a quote and does not close it: what stands before, the quote, what stands behind. */
const unclosed = [/^(\s*|.*?[:\-[{,]\s+)(")((?:[^"\\]|\\.)*\\?)$/, /^(\s*|.*?[:\-[{,]\s+)(')([^']*)$/];

/**
 * The quote nobody closed: the parser stumbles lines later. Found by trying: a line up to the error that opens a quote,
 * where closing it lets the parser get further than before.
 */
function unclosedQuote(source: string, error: unknown): { at: Place; sign: string } | null {
  if (source.length > repairable) return null;
  const lines = source.split('\n').map(line => line.replace(/\r$/, ''));
  const bad = placeOf(error).line;
  for (let index = Math.min(bad, lines.length) - 1, tried = 0; index >= 0 && tried < 20; index--) {
    const line = lines[index] ?? '';
    const opened = line.length > 2000 ? null : (unclosed[0]?.exec(line) ?? unclosed[1]?.exec(line));
    if (!opened) continue;
    tried++;
    const [, before = '', sign = '', body = ''] = opened;
    const end = body.replace(/\s#.*$/, '').trimEnd();
    const repaired = [...lines.slice(0, index), `${before}${sign}${end}${sign}`, ...lines.slice(index + 1)].join('\n');
    if (errorLine(repaired) > bad) return { at: { line: index + 1, column: before.length + 1 }, sign };
  }
  return null;
}

function errorLine(source: string): number {
  try {
    parseEvents(source, {});
    return Number.POSITIVE_INFINITY;
  } catch (error) {
    return placeOf(error).line;
  }
}
