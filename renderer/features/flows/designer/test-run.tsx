import { Button } from '@mantine/core';
import { useLocation } from 'wouter';
import { client } from '../../../client/connection.ts';
import { say, sayFailed } from '../../../ui/notices.tsx';
import { words } from '../../../words/words.ts';
import { withheld } from './edit.ts';
import type { Subject } from './use-designer.ts';

const { designer: w } = words;

/** Runs what stands in the editor on the chosen study; what comes out is kept with the run and sent nowhere. */
export function TestRun({ file, text, subject }: { file: string; text: string; subject: Subject | null }) {
  const [, go] = useLocation();
  if (subject === null || !('studyInstanceUid' in subject)) return null;
  const { studyInstanceUid } = subject;
  const start = () => {
    const harmless = withheld(text);
    if (harmless === null) return say(w.cannotEdit, w.cannotEditWhy);
    client.flows
      .testRun({ file, text: harmless, studyInstanceUid })
      .then(run => go(`/runs/${run.id}`))
      .catch(sayFailed);
  };
  return (
    <Button size="compact-sm" variant="light" title={w.testRunHint} onClick={start}>
      {w.testRun}
    </Button>
  );
}
