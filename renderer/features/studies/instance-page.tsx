import { Box, Button, Card, Group, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { Link, useSearch } from 'wouter';
import type { Tag } from '../../../shared/schemas/tags.ts';
import { client, downloadInstance } from '../../client/connection.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { Empty, Failed, Loading, PageHead, ProblemCard } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';

const { tags: w } = words;
const rowHeight = 26;
const indent = 16;
const columns = '130px 34px minmax(160px, 300px) minmax(0, 1fr) 80px';

/** Every element of an instance, to be looked through. */
export function InstancePage({ uid }: { uid: string }) {
  const version = Number(new URLSearchParams(useSearch()).get('version') ?? 0) || undefined;
  const [text, setText] = useState('');
  const { data, error } = useQuery({
    queryKey: ['tags', uid, version],
    queryFn: () => client.instances.tags({ sopInstanceUid: uid, version }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const shown = useMemo(() => found(data?.items ?? [], text), [data, text]);
  if (error) return <Failed error={error} />;
  if (!data) return <Loading />;
  return (
    <>
      <PageHead
        title={w.title}
        lead={
          <>
            <Text className="mono">
              {uid}
              {version && version > 1 ? ` (${words.studies.version} ${version})` : ''}
            </Text>
            <Link href={`/studies/${data.studyInstanceUid}`}>{w.study}</Link>
          </>
        }
      >
        <Button variant="default" onClick={() => downloadInstance(uid, version ?? 1).catch(sayFailed)}>
          {words.studies.download}
        </Button>
      </PageHead>
      {data.problem && <ProblemCard colour="yellow" problem={{ title: w.notAll, remedy: data.problem }} />}
      <Group gap="sm">
        <TextInput
          style={{ flex: 1 }}
          aria-label={w.search}
          placeholder={w.search}
          value={text}
          onChange={event => setText(event.currentTarget.value)}
        />
        <Text size="sm" c="dimmed" role="status">
          {shown.length} {words.common.of} {data.total}
        </Text>
      </Group>
      {shown.length === 0 ? <Empty>{w.nothing}</Empty> : <Rows items={shown} />}
    </>
  );
}

/** Elements in which the text stands, in tag, keyword or value; of an element in a sequence also what holds it. */
function found(items: readonly Tag[], text: string): Tag[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [...items];
  const digits = wanted.replace(/[(), ]/g, '');
  const above: Tag[] = [];
  const out = new Set<Tag>();
  for (const item of items) {
    above.length = item.depth;
    above.push(item);
    const fits =
      item.keyword.toLowerCase().includes(wanted) ||
      item.value.toLowerCase().includes(wanted) ||
      item.tag.replace(/[(),]/g, '').toLowerCase().includes(digits);
    if (fits && item.tag !== '') for (const holder of above) if (holder) out.add(holder);
  }
  return [...out];
}

function Rows({ items }: { items: Tag[] }) {
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 20,
  });
  return (
    <Card p={0} h="calc(100dvh - 240px)" mih={240}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section ref={box} style={{ overflow: 'auto', height: '100%' }} tabIndex={0} aria-label={w.title}>
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map(({ index, start }) => (
            <Row key={index} item={items[index] as Tag} top={start} />
          ))}
        </div>
      </section>
    </Card>
  );
}

function Row({ item, top }: { item: Tag; top: number }) {
  const isItem = item.tag === '';
  return (
    <Box
      className="tag-row"
      style={{ position: 'absolute', top, left: 0, right: 0, height: rowHeight, gridTemplateColumns: columns }}
    >
      <span className="mono clip" style={{ paddingLeft: item.depth * indent }}>
        {isItem ? `${w.item} ${item.keyword}` : item.tag}
      </span>
      <span className="mono">{item.vr}</span>
      <span className="clip" title={item.keyword}>
        {isItem ? '' : item.keyword || w.private}
      </span>
      <span className="clip" title={item.value}>
        {item.value}
      </span>
      <span style={{ textAlign: 'right' }}>{item.length ?? '–'}</span>
    </Box>
  );
}
