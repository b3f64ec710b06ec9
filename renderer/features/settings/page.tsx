import { Button, Card, Group, Modal, NativeSelect, Stack, Switch, Table, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useSearch } from 'wouter';
import type { Setting, SettingValue } from '../../../shared/schemas/settings.ts';
import { client } from '../../client/connection.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { Failed, Loading, PageHead } from '../../ui/page.tsx';
import { type Language, language, languages, speak, words } from '../../words/words.ts';

const { settings: w, common } = words;
const shown = (value: SettingValue): string =>
  Array.isArray(value)
    ? value.join(' ') || w.empty
    : value === null
      ? w.off
      : value === ''
        ? w.empty
        : typeof value === 'boolean'
          ? value
            ? common.yes
            : common.no
          : String(value);

export function SettingsPage() {
  const { data, error } = useQuery({
    queryKey: ['settings'],
    queryFn: () => client.settings.list(),
    refetchInterval: 5000,
  });
  const [edited, setEdited] = useState<Setting | null>(null);
  const wanted = new URLSearchParams(useSearch()).get('key');
  const there = data !== undefined;
  useEffect(() => {
    if (there && wanted) document.getElementById(wanted)?.scrollIntoView({ block: 'center' });
  }, [wanted, there]);
  if (error) return <Failed error={error} />;
  if (!data) return <Loading />;
  return (
    <>
      <PageHead title={w.title} lead={w.lead}>
        <NativeSelect
          aria-label={w.language}
          value={language}
          onChange={event => speak(event.currentTarget.value as Language)}
          data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
        />
      </PageHead>
      <Card p={0}>
        <Table layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{w.key}</Table.Th>
              <Table.Th w={240}>{w.value}</Table.Th>
              <Table.Th w={220}>{w.origin}</Table.Th>
              <Table.Th w={150} />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.items.map(setting => (
              <Table.Tr
                key={setting.key}
                id={setting.key}
                bg={setting.key === wanted ? 'var(--mantine-primary-color-light)' : undefined}
              >
                <Table.Td>
                  <Text className="mono">{setting.key}</Text>
                  <Text size="xs" c="dimmed">
                    {setting.help}
                    {setting.restart ? ` ${w.restart}` : ''}
                  </Text>
                </Table.Td>
                <Table.Td className="clip" title={shown(setting.value)}>
                  {shown(setting.value)} {setting.unit}
                </Table.Td>
                <Table.Td c="dimmed" className="clip" title={setting.origin}>
                  {setting.origin}
                </Table.Td>
                <Table.Td>
                  {setting.editable ? (
                    <Button size="xs" variant="default" onClick={() => setEdited(setting)}>
                      {w.edit}
                    </Button>
                  ) : (
                    <Text size="xs" c="dimmed">
                      {w.fixed}
                    </Text>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {edited && <EditSetting key={edited.key} setting={edited} close={() => setEdited(null)} />}
    </>
  );
}

function EditSetting({ setting, close }: { setting: Setting; close: () => void }) {
  const queries = useQueryClient();
  const [value, setValue] = useState<SettingValue>(
    Array.isArray(setting.value) ? setting.value.join(' ') : setting.value,
  );
  const isList = Array.isArray(setting.default);
  const change = (next: SettingValue) =>
    client.settings
      .change({ [setting.key]: next })
      .then(list => {
        queries.setQueryData(['settings'], list);
        close();
      })
      .catch(sayFailed);
  const given = (): SettingValue =>
    isList
      ? String(value ?? '')
          .split(/[\s,]+/)
          .filter(Boolean)
      : (value ?? '');
  return (
    <Modal opened onClose={close} title={setting.key} centered>
      <form
        onSubmit={event => {
          event.preventDefault();
          void change(given());
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{setting.help}</Text>
          {typeof setting.default === 'boolean' ? (
            <Switch
              label={w.value}
              checked={value === true}
              onChange={event => setValue(event.currentTarget.checked)}
            />
          ) : (
            <TextInput
              data-autofocus
              label={setting.unit ? `${w.value} (${setting.unit})` : w.value}
              description={isList ? w.list : undefined}
              value={String(value ?? '')}
              onChange={event => setValue(event.currentTarget.value)}
            />
          )}
          <Text size="xs" c="dimmed">
            {w.default}: {shown(setting.default)}. {setting.restart && w.restart}
          </Text>
          <Group justify="space-between">
            <Button variant="subtle" disabled={setting.origin !== 'conf.d/99-console.yml'} onClick={() => change(null)}>
              {w.reset}
            </Button>
            <Group gap="xs">
              <Button variant="default" onClick={close}>
                {common.close}
              </Button>
              <Button type="submit">{common.save}</Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
