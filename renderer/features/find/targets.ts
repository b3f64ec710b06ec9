import { useQuery } from '@tanstack/react-query';
import { client } from '../../client/connection.ts';
import { dicomDate, personName, shortUid } from '../../ui/format.ts';
import { words } from '../../words/words.ts';

const { nav, find: w } = words;

/** Something to go to. */
export interface Target {
  href: string;
  label: string;
  hint: string;
}
export interface TargetGroup {
  name: string;
  targets: Target[];
}

const most = 6;
const pages: Target[] = [
  { href: '/', label: nav.overview, hint: '' },
  { href: '/studies', label: nav.studies, hint: '' },
  { href: '/runs', label: nav.runs, hint: '' },
  { href: '/runs?view=failures', label: words.queue.failures, hint: nav.runs },
  { href: '/runs?view=statistics', label: words.queue.statistics, hint: nav.runs },
  { href: '/flows', label: nav.flows, hint: '' },
  { href: '/peers', label: nav.peers, hint: '' },
  { href: '/settings', label: nav.settings, hint: '' },
  { href: '/log', label: nav.log, hint: '' },
];

/**
 * What fits a text, by kind; all pages when there is no text.
 *
 * @param settled the text when it has not changed for a while: studies are looked for by this one
 */
export function useTargets(text: string, settled: string): { groups: TargetGroup[]; pending: boolean } {
  const wanted = text.trim().toLowerCase();
  const asks = wanted !== '';
  const runId = /^#?(\d{1,9})$/.exec(wanted)?.[1];
  const studies = useQuery({
    queryKey: ['find', 'studies', settled],
    queryFn: () => client.studies.list({ search: settled.trim(), limit: most }),
    enabled: settled.trim() !== '',
  });
  const run = useQuery({
    queryKey: ['find', 'run', runId],
    queryFn: () => client.runs.get({ id: Number(runId) }).catch(() => null),
    enabled: asks && runId !== undefined,
  });
  const flows = useQuery({ queryKey: ['flows'], queryFn: () => client.flows.list() });
  const peers = useQuery({ queryKey: ['peers'], queryFn: () => client.peers.list() });
  const settings = useQuery({ queryKey: ['settings'], queryFn: () => client.settings.list() });
  const fits = (...values: string[]) => values.some(value => value.toLowerCase().includes(wanted));

  const found: TargetGroup[] = [
    { name: w.pages, targets: pages.filter(({ label, hint }) => fits(label, hint)) },
    {
      name: nav.runs,
      targets:
        asks && runId !== undefined && run.data
          ? [
              {
                href: `/runs/${run.data.id}`,
                label: `#${run.data.id} ${run.data.flow}`,
                hint: words.runs.states[run.data.state],
              },
            ]
          : [],
    },
    {
      name: nav.flows,
      targets: (asks ? (flows.data?.items ?? []) : [])
        .filter(flow => fits(flow.file, flow.name))
        .map(flow => ({
          href: `/flows/${encodeURIComponent(flow.file)}`,
          label: flow.name || flow.file,
          hint: flow.file,
        })),
    },
    {
      name: nav.peers,
      targets: (asks ? (peers.data?.items ?? []) : [])
        .filter(peer => fits(peer.name, peer.aeTitle, peer.host))
        .map(peer => ({ href: '/peers', label: peer.name, hint: `${peer.aeTitle} ${peer.host}:${peer.port}` })),
    },
    {
      name: nav.settings,
      targets: (asks ? (settings.data?.items ?? []) : [])
        .filter(setting => fits(setting.key))
        .map(setting => ({ href: `/settings?key=${setting.key}`, label: setting.key, hint: setting.help })),
    },
    // Last, for they come last: what is chosen already does not move under the hand.
    {
      name: nav.studies,
      targets: (asks && settled === text ? (studies.data?.items ?? []) : []).map(study => ({
        href: `/studies/${study.studyInstanceUid}`,
        label: personName(study.patientName) || study.patientId || shortUid(study.studyInstanceUid),
        hint: [study.patientId, dicomDate(study.studyDate), study.modalities.join(' '), study.studyDescription]
          .filter(Boolean)
          .join(' · '),
      })),
    },
  ];
  const groups = found.flatMap(({ name, targets }) =>
    targets.length > 0 ? [{ name, targets: targets.slice(0, name === w.pages ? pages.length : most) }] : [],
  );
  return { groups, pending: asks && (settled !== text || studies.isFetching) };
}
