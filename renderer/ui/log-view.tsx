import { Button } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useCallback, useLayoutEffect, useRef, useState } from 'react';
import { words } from '../words/words.ts';
import { type LineLook, LogLine, type ShownLine } from './log-line.tsx';

export type { LineLook, ShownLine } from './log-line.tsx';

interface Props {
  lines: ShownLine[];
  height: number | string;
  look?: LineLook;
  /** What is marked in the lines; global. */
  find?: RegExp | null;
  chosen?: number | null;
  /** Another number brings the chosen line into sight. */
  opened?: number;
  onChoose?: (line: ShownLine) => void;
  /** What can be done with the chosen line. */
  actions?: ReactNode;
  /** Whether the newest line is kept in sight; without it the view decides by itself. */
  following?: boolean;
  onFollow?: (following: boolean) => void;
  /** Lines below those that are here. */
  below?: number;
  /** The reader comes near the first or the last line that is here. */
  onTop?: () => void;
  onBottom?: () => void;
  /** Stands above the first line. */
  head?: ReactNode;
}

const rowHeight = 19;
/** So many rows before the end the next ones are asked for. */
const near = 60;
const usual: LineLook = { timestamps: true, wrap: true, foldJson: true };

/** Lines of a log, only those in sight in the page. Follows the newest until the reader scrolls up. */
export function LogView({
  lines,
  height,
  look = usual,
  find = null,
  chosen = null,
  opened = 0,
  onChoose,
  actions,
  following: given,
  onFollow,
  below = 0,
  onTop,
  onBottom,
  head,
}: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [own, setOwn] = useState(true);
  const following = given ?? own;
  const follow = onFollow ?? setOwn;
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set());
  const fold = useCallback(
    (key: number) =>
      setUnfolded(before =>
        before.has(key) ? new Set([...before].filter(one => one !== key)) : new Set(before).add(key),
      ),
    [],
  );
  const list = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 20,
    getItemKey: index => lines[index]?.key ?? index,
  });

  // Lines that come in above, or leave there, must not move what is read.
  const held = useRef<{ key: number; from: number } | null>(null);
  useLayoutEffect(() => {
    const top = box.current?.scrollTop ?? 0;
    if (following || !held.current) return;
    const index = lines.findIndex(line => line.key === held.current?.key);
    const start = index < 0 ? undefined : list.getOffsetForIndex(index, 'start')?.[0];
    if (start === undefined || !box.current) return;
    const wanted = start + held.current.from;
    if (Math.abs(wanted - top) > 1) box.current.scrollTop = wanted;
  }, [lines, following, list]);
  useLayoutEffect(() => {
    if (following && lines.length > 0) list.scrollToIndex(lines.length - 1, { align: 'end' });
  }, [following, lines, list]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each window, not with every line that comes
  useLayoutEffect(() => {
    const index = chosen === null ? -1 : lines.findIndex(line => line.key === chosen);
    if (index < 0 || following) return;
    held.current = null;
    list.scrollToIndex(index, { align: 'center' });
  }, [opened]);

  const lastTop = useRef(0);
  const scrolled = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
    const up = scrollTop < lastTop.current - 2;
    lastTop.current = scrollTop;
    const atEnd = scrollHeight - scrollTop - clientHeight < 24;
    if (following && up && !atEnd) follow(false);
    if (!following && atEnd && !up && below === 0) follow(true);
    const items = list.getVirtualItems();
    const first = items.find(item => item.end > scrollTop);
    held.current = first && lines[first.index] ? { key: Number(first.key), from: scrollTop - first.start } : null;
    if (up && (items[0]?.index ?? 0) < near) onTop?.();
    if (!following && !up && (items.at(-1)?.index ?? 0) > lines.length - near) onBottom?.();
  };
  const wheel = (deltaY: number) => {
    // At the very top nothing scrolls: the wish for older lines shows all the same.
    if (deltaY < 0 && (box.current?.scrollTop ?? 0) < rowHeight) onTop?.();
    if (deltaY < 0 && following && (box.current?.scrollHeight ?? 0) > (box.current?.clientHeight ?? 0)) follow(false);
  };
  return (
    <div className="log-box" style={{ height }}>
      <div
        role="log"
        ref={box}
        className="log"
        style={{ height: '100%' }}
        onScroll={scrolled}
        onWheel={event => wheel(event.deltaY)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
        tabIndex={0}
        aria-label={words.log.title}
      >
        {head}
        <div style={{ height: list.getTotalSize(), position: 'relative' }}>
          {list.getVirtualItems().map(item => {
            const line = lines[item.index] as ShownLine;
            return (
              <div
                key={item.key}
                ref={look.wrap || unfolded.size > 0 ? list.measureElement : undefined}
                data-index={item.index}
                className="log-row"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <LogLine
                  line={line}
                  look={look}
                  find={find}
                  chosen={line.key === chosen}
                  unfolded={unfolded.has(line.key)}
                  onChoose={onChoose}
                  onFold={fold}
                  actions={line.key === chosen ? actions : undefined}
                />
              </div>
            );
          })}
        </div>
      </div>
      {!following && (
        <Button size="compact-sm" className="log-pill" onClick={() => follow(true)}>
          ↓ {below > 0 ? words.log.newLines(below) : words.log.newest}
        </Button>
      )}
    </div>
  );
}
