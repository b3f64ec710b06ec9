import { Button } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { words } from '../words/en.ts';
import { clockTime } from './format.ts';

export interface ShownLine {
  key: number;
  at: number;
  label: string;
  kind: 'stdout' | 'stderr' | 'gantry' | 'info' | 'warn' | 'error';
  text: string;
}

/** Lines of a log, only those in sight in the page. Follows the newest until the reader scrolls up. */
export function LogView({ lines, height }: { lines: ShownLine[]; height: number | string }) {
  const box = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const list = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => 19,
    overscan: 30,
    getItemKey: index => lines[index]?.key ?? index,
  });
  useEffect(() => {
    if (following && lines.length > 0) list.scrollToIndex(lines.length - 1, { align: 'end' });
  }, [following, lines.length, list]);
  const scrolled = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
    setFollowing(scrollHeight - scrollTop - clientHeight < 40);
  };
  return (
    <div style={{ position: 'relative', height }}>
      <div
        role="log"
        ref={box}
        className="log"
        style={{ height: '100%' }}
        onScroll={scrolled}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
        tabIndex={0}
        aria-label={words.log.title}
      >
        <div style={{ height: list.getTotalSize(), position: 'relative' }}>
          {list.getVirtualItems().map(item => {
            const line = lines[item.index] as ShownLine;
            return (
              <div
                key={item.key}
                ref={list.measureElement}
                data-index={item.index}
                className={`log-line log-${line.kind}`}
                style={{
                  position: 'absolute',
                  top: 0,
                  left: 0,
                  width: '100%',
                  transform: `translateY(${item.start}px)`,
                }}
              >
                <span>{clockTime(line.at)}</span>
                <span>{line.label}</span>
                <span>{line.text || ' '}</span>
              </div>
            );
          })}
        </div>
      </div>
      {!following && (
        <Button size="compact-sm" pos="absolute" bottom={12} right={20} onClick={() => setFollowing(true)}>
          ↓ {words.log.newest}
        </Button>
      )}
    </div>
  );
}
