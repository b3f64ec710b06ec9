import { memo, type ReactNode } from 'react';
import { words } from '../words/words.ts';
import { type Styled, styled, withoutAnsi } from './ansi.ts';
import { clockTime, moment } from './format.ts';

export interface ShownLine {
  key: number;
  at: number;
  label: string;
  /** Of its source, as a hue; without one the label is quiet. */
  hue?: number;
  kind: 'stdout' | 'stderr' | 'gantry' | 'debug' | 'info' | 'warn' | 'error';
  text: string;
}

export interface LineLook {
  timestamps: boolean;
  wrap: boolean;
  foldJson: boolean;
}

interface Props {
  line: ShownLine;
  look: LineLook;
  find: RegExp | null;
  chosen: boolean;
  unfolded: boolean;
  onChoose?: (line: ShownLine) => void;
  onFold: (key: number) => void;
  /** Of the chosen line. */
  actions?: ReactNode;
}

/** One line: time, source, text. Drawn again only when something of it changed. */
export const LogLine = memo(function LogLine({ line, look, find, chosen, unfolded, onChoose, onFold, actions }: Props) {
  const json = look.foldJson ? jsonOf(line.text) : null;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list itself takes the keys
    // biome-ignore lint/a11y/noStaticElementInteractions: as above
    <div
      className={`log-line log-${line.kind}${look.wrap ? '' : ' log-nowrap'}${chosen ? ' log-chosen' : ''}`}
      onClick={onChoose && (() => onChoose(line))}
    >
      {look.timestamps && (
        <span className="log-time" title={moment(line.at)}>
          {`${clockTime(line.at)}.${String(line.at % 1000).padStart(3, '0')}`}
        </span>
      )}
      <span
        className="log-source"
        style={line.hue === undefined ? undefined : ({ '--hue': line.hue } as React.CSSProperties)}
        title={line.label}
      >
        {line.label}
      </span>
      <span className="log-text">
        {json !== null && (
          <button
            type="button"
            className="log-fold"
            aria-label={unfolded ? words.log.fold : words.log.unfold}
            aria-expanded={unfolded}
            onClick={event => {
              event.stopPropagation();
              onFold(line.key);
            }}
          >
            {unfolded ? '▾' : '▸'}
          </button>
        )}
        {json !== null && unfolded
          ? marked([{ text: JSON.stringify(json, null, 2) }], find)
          : marked(styled(line.text), find)}
      </span>
      {chosen && actions}
    </div>
  );
});

/** An object on one line, as structured logs write it. */
function jsonOf(text: string): object | null {
  const front = withoutAnsi(text).trim();
  if (!front.startsWith('{') || !front.endsWith('}')) return null;
  try {
    return JSON.parse(front) as object;
  } catch {
    return null;
  }
}

/** Drawing one endless line whole would hold the page up. */
const mostShown = 10_000;
const mostMarks = 50;

function marked(pieces: Styled[], find: RegExp | null): ReactNode {
  let left = mostShown;
  return pieces.map((piece, place) => {
    const text = piece.text.slice(0, left);
    left -= text.length;
    const inside = find ? marks(text, find) : text;
    const key = place;
    return piece.className || piece.color ? (
      <span key={key} className={piece.className} style={piece.color ? { color: piece.color } : undefined}>
        {inside}
      </span>
    ) : (
      <span key={key}>{inside || ' '}</span>
    );
  });
}

function marks(text: string, find: RegExp): ReactNode {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const found of text.matchAll(find)) {
    if (found[0] === '' || parts.length > mostMarks) break;
    parts.push(text.slice(at, found.index), <mark key={found.index}>{found[0]}</mark>);
    at = found.index + found[0].length;
  }
  return parts.length === 0 ? text : [...parts, text.slice(at)];
}
