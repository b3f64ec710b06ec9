import { Badge, Button, Card, Group, Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { EchoResult, Peer } from '../../../shared/schemas/peers.ts';
import { client } from '../../client/connection.ts';
import { count } from '../../ui/format.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { Empty, Failed, Loading, PageHead } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';
import { PeerForm } from './peer-form.tsx';

const { peers: w, common } = words;
const blank: Peer = { name: '', aeTitle: '', host: '', port: 104, tls: null, comment: '' };

export function PeersPage() {
  const queries = useQueryClient();
  const { data, error } = useQuery({ queryKey: ['peers'], queryFn: () => client.peers.list() });
  const [edited, setEdited] = useState<{ before: string | null; peer: Peer } | null>(null);
  if (error) return <Failed error={error} />;
  if (!data) return <Loading />;
  const add = <Button onClick={() => setEdited({ before: null, peer: blank })}>{w.add}</Button>;
  const replace = (items: Peer[]) =>
    client.peers
      .replace({ items })
      .then(list => {
        queries.setQueryData(['peers'], list);
        setEdited(null);
      })
      .catch(sayFailed);
  const keep = (peer: Peer) => replace([...data.items.filter(item => item.name !== edited?.before), peer]);
  return (
    <>
      <PageHead title={w.title} lead={count(data.total, w.one, w.many)}>
        {data.total > 0 && add}
      </PageHead>
      {data.total === 0 ? (
        <Empty action={add}>{w.empty}</Empty>
      ) : (
        <Card p={0}>
          <Table layout="fixed">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{w.name}</Table.Th>
                <Table.Th w={160}>{w.aeTitle}</Table.Th>
                <Table.Th>{w.host}</Table.Th>
                <Table.Th w={70}>{w.tls}</Table.Th>
                <Table.Th>{w.comment}</Table.Th>
                <Table.Th w={300} />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map(peer => (
                <Table.Tr key={peer.name}>
                  <Table.Td className="clip">{peer.name}</Table.Td>
                  <Table.Td className="mono">{peer.aeTitle}</Table.Td>
                  <Table.Td className="mono clip">
                    {peer.host}:{peer.port}
                  </Table.Td>
                  <Table.Td>{peer.tls ? common.yes : common.no}</Table.Td>
                  <Table.Td className="clip">{peer.comment}</Table.Td>
                  <Table.Td>
                    <Group gap="xs" justify="flex-end" wrap="nowrap">
                      <Echo name={peer.name} />
                      <Button size="xs" variant="default" onClick={() => setEdited({ before: peer.name, peer })}>
                        {common.edit}
                      </Button>
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Card>
      )}
      {edited && (
        <PeerForm
          peer={edited.peer}
          isNew={edited.before === null}
          close={() => setEdited(null)}
          save={keep}
          remove={() => replace(data.items.filter(item => item.name !== edited.before))}
        />
      )}
    </>
  );
}

function Echo({ name }: { name: string }) {
  const [result, setResult] = useState<EchoResult | null>(null);
  const [asking, setAsking] = useState(false);
  const ask = () => {
    setAsking(true);
    client.peers
      .echo({ name })
      .then(setResult)
      .catch(sayFailed)
      .finally(() => setAsking(false));
  };
  return (
    <>
      {result &&
        (result.ok ? (
          <Badge color="teal" variant="light">
            {w.answered} {result.milliseconds} ms
          </Badge>
        ) : (
          <Text size="xs" c="red" title={result.problem?.remedy} className="clip">
            {result.problem?.title ?? result.status}
          </Text>
        ))}
      <Button size="xs" variant="default" loading={asking} onClick={ask}>
        {w.echo}
      </Button>
    </>
  );
}
