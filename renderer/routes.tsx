import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { FlowsPage } from './features/flows/page.tsx';
import { ImportsPage } from './features/imports/page.tsx';
import { ImportReportPage } from './features/imports/report-page.tsx';
import { LogPage } from './features/logs/page.tsx';
import { OverviewPage } from './features/overview/page.tsx';
import { PeersPage } from './features/peers/page.tsx';
import { RunsPage } from './features/runs/page.tsx';
import { RunPage } from './features/runs/run-page.tsx';
import { SettingsPage } from './features/settings/page.tsx';
import { InstancePage } from './features/studies/instance-page.tsx';
import { StudiesPage } from './features/studies/page.tsx';
import { StudyPage } from './features/studies/study-page.tsx';
import { Loading } from './ui/page.tsx';

/** The editor brings CodeMirror along: only who opens a flow waits for it. */
const FlowPage = lazy(() => import('./features/flows/flow-page.tsx'));

export function Pages() {
  return (
    <Suspense fallback={<Loading />}>
      <Switch>
        <Route path="/studies" component={StudiesPage} />
        <Route path="/studies/:uid">{({ uid }) => <StudyPage uid={uid} />}</Route>
        <Route path="/imports" component={ImportsPage} />
        <Route path="/imports/:id">{({ id }) => <ImportReportPage id={Number(id)} />}</Route>
        <Route path="/instances/:uid">{({ uid }) => <InstancePage key={uid} uid={uid} />}</Route>
        <Route path="/runs" component={RunsPage} />
        <Route path="/runs/:id">{({ id }) => <RunPage id={Number(id)} />}</Route>
        <Route path="/flows" component={FlowsPage} />
        <Route path="/flows/*">
          {({ '*': file }) => <FlowPage key={file} file={decodeURIComponent(file ?? '')} />}
        </Route>
        <Route path="/peers" component={PeersPage} />
        <Route path="/settings" component={SettingsPage} />
        <Route path="/log" component={LogPage} />
        <Route component={OverviewPage} />
      </Switch>
    </Suspense>
  );
}
