import { Button, Menu } from '@mantine/core';
import { useState } from 'react';
import type { Study } from '../../../shared/schemas/studies.ts';
import { canDownload } from '../../client/connection.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { words } from '../../words/words.ts';
import { DeleteStudy } from './delete-study.tsx';
import { downloadStudy, ExportStudy } from './export-study.tsx';
import { RunStudy } from './run-study.tsx';

const { studyActions: w } = words;

/** What can be done with a study. */
export function StudyActions({ study }: { study: Study }) {
  const [asked, setAsked] = useState<'flow' | 'peer' | 'export' | 'delete' | null>(null);
  const close = () => setAsked(null);
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default">{w.actions}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setAsked('flow')}>{words.byHand.flow.menu}</Menu.Item>
          <Menu.Item onClick={() => setAsked('peer')}>{words.byHand.peer.menu}</Menu.Item>
          <Menu.Divider />
          {canDownload && <Menu.Item onClick={() => downloadStudy(study).catch(sayFailed)}>{w.download}</Menu.Item>}
          <Menu.Item onClick={() => setAsked('export')}>{w.exportTo}</Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" onClick={() => setAsked('delete')}>
            {w.delete}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {(asked === 'flow' || asked === 'peer') && <RunStudy study={study} what={asked} close={close} />}
      {asked === 'export' && <ExportStudy study={study} close={close} />}
      {asked === 'delete' && <DeleteStudy study={study} close={close} />}
    </>
  );
}
