import { Anchor, AppShell, Badge, Center, Group, Image, NavLink, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useLocation } from 'wouter';
import { client } from './client/connection.ts';
import { useConnection, useFollow, useHealing } from './client/hooks.ts';
import { Find } from './features/find/palette.tsx';
import { DropZone } from './features/imports/drop-zone.tsx';
import { ImportProgress } from './features/imports/progress.tsx';
import { Pages } from './routes.tsx';
import { Notices } from './ui/notices.tsx';
import { words } from './words/words.ts';

const { nav, connection: said } = words;
const entries = [
  ['/', nav.overview],
  ['/studies', nav.studies],
  ['/runs', nav.runs],
  ['/flows', nav.flows],
  ['/peers', nav.peers],
  ['/settings', nav.settings],
  ['/log', nav.log],
] as const;

export function App() {
  const { state } = useConnection();
  useHealing();
  useLiveHealth();
  const [path] = useLocation();
  const { data: health } = useQuery({ queryKey: ['health'], queryFn: () => client.health.get() });
  if (state === 'no-token') {
    return (
      <Center h="100%" p="xl">
        <Text maw={460} ta="center">
          {said.noToken}
        </Text>
      </Center>
    );
  }
  const isHere = (target: string) => (target === '/' ? path === '/' : path === target || path.startsWith(`${target}/`));
  const count = health?.problems.length ?? 0;
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 190, breakpoint: 0 }}
      padding="lg"
      styles={{ main: { background: 'var(--gantry-canvas)', display: 'flex', flexDirection: 'column' } }}
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Anchor component={Link} href="/" underline="never" c="inherit">
            <Group gap="xs">
              <Image src="/icon.svg" w={24} h={24} alt="" />
              <Text fw={650}>{words.name}</Text>
            </Group>
          </Anchor>
          <Group gap="sm" wrap="nowrap">
            {state === 'connecting' && (
              <Text size="sm" c="dimmed">
                {said.connecting}
              </Text>
            )}
            <Find />
            {health && (
              <Text size="sm" className="mono">
                {health.listener.aeTitle} : {health.listener.port}
              </Text>
            )}
            {health && (
              <Badge
                component={Link}
                href="/"
                variant="light"
                c="var(--mantine-color-text)"
                style={{ cursor: 'pointer' }}
                color={health.status === 'ok' ? 'teal' : health.status === 'degraded' ? 'yellow' : 'red'}
              >
                {count === 0
                  ? 'OK'
                  : count === 1
                    ? `1 ${words.overview.problem}`
                    : `${count} ${words.overview.problems.toLowerCase()}`}
              </Badge>
            )}
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav">
        {entries.map(([target, label]) => (
          <NavLink
            key={target}
            component={Link}
            href={target}
            label={label}
            active={isHere(target)}
            aria-current={isHere(target) ? 'page' : undefined}
            styles={{ root: { borderRadius: 6 } }}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main>
        <Stack gap="md" style={{ flex: 1, minHeight: 0 }}>
          {state === 'lost' && (
            <Text role="status" size="sm" px="md" py={8} bg="yellow.2" c="dark.9" style={{ borderRadius: 6 }}>
              {said.lost}
            </Text>
          )}
          <ImportProgress />
          <Pages />
        </Stack>
      </AppShell.Main>
      <DropZone />
      <Notices />
    </AppShell>
  );
}

/** Health and runs are told as they change; every page reads them from the same cache. */
function useLiveHealth() {
  const queries = useQueryClient();
  useFollow(
    signal => client.health.watch(undefined, { signal }),
    health => queries.setQueryData(['health'], health),
  );
  useFollow(
    signal => client.runs.watch(undefined, { signal }),
    ({ ids }) => {
      void queries.invalidateQueries({ queryKey: ['runs'] });
      for (const id of ids) void queries.invalidateQueries({ queryKey: ['run', id] });
    },
  );
}
