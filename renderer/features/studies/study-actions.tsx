import { Button, Menu } from '@mantine/core';
import { useState } from 'react';
import type { Study } from '../../../shared/schemas/studies.ts';
import { words } from '../../words/words.ts';
import { DeleteStudy } from './delete-study.tsx';

const { studyActions: w } = words;

/** What can be done with a study. */
export function StudyActions({ study }: { study: Study }) {
  const [asked, setAsked] = useState<'delete' | null>(null);
  const close = () => setAsked(null);
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default">{w.actions}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item color="red" onClick={() => setAsked('delete')}>
            {w.delete}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asked === 'delete' && <DeleteStudy study={study} close={close} />}
    </>
  );
}
