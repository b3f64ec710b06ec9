import { Button, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../../client/connection.ts';
import { dicomDate, personName } from '../../../ui/format.ts';
import { words } from '../../../words/words.ts';
import type { Subject } from './use-designer.ts';

const { designer: w, studies } = words;
const typingMs = 300;

interface Props {
  subject: Subject | null;
  choose: (subject: Subject | null) => void;
}

/** What the triggers on the drawing are tested with: a stored study, or the file that was dropped there. */
export function SubjectPicker({ subject, choose }: Props) {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, typingMs);
  const { data } = useQuery({
    queryKey: ['studies', 'to test with', search],
    queryFn: () => client.studies.list({ search: search || undefined, sort: '-receivedAt', limit: 20 }),
    placeholderData: keepPreviousData,
  });
  if (subject && 'head' in subject) {
    return (
      <Button size="compact-sm" variant="light" rightSection="×" title={w.testEnd} onClick={() => choose(null)}>
        {subject.head.name}
      </Button>
    );
  }
  const labels = (data?.items ?? []).map(study => ({
    value: study.studyInstanceUid,
    label: [
      personName(study.patientName) || studies.noName,
      dicomDate(study.studyDate),
      study.modalities.join(' '),
      study.studyDescription,
    ]
      .filter(Boolean)
      .join(' · '),
  }));
  return (
    <Select
      size="xs"
      style={{ flex: 1, minWidth: 150 }}
      searchable
      clearable
      aria-label={w.testWith}
      placeholder={w.testWith}
      nothingFoundMessage={w.noStudy}
      data={labels}
      // The core has searched: a patient ID need not stand in the label.
      filter={({ options }) => options}
      searchValue={typed}
      onSearchChange={setTyped}
      value={subject && 'studyInstanceUid' in subject ? subject.studyInstanceUid : null}
      onChange={uid => choose(uid ? { studyInstanceUid: uid } : null)}
    />
  );
}
