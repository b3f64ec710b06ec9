import { Text } from '@mantine/core';
import type { Import } from '../../../shared/schemas/imports.ts';
import { words } from '../../words/words.ts';

const { counts: said } = words.imports;

/** What became of the files, without what did not occur. */
export function ImportCounts({ item }: { item: Import }) {
  const counts = [
    [item.imported, said.imported],
    [item.duplicates, said.duplicate],
    [item.conflicts, said.conflict],
    [item.notDicom, said['not-dicom']],
    [item.unreadable, said.unreadable],
  ] as const;
  return (
    <Text size="sm" c="dimmed" className="clip">
      {counts
        .filter(([count], index) => count > 0 || index === 0)
        .map(([count, label]) => `${count.toLocaleString()} ${label}`)
        .join(', ')}
    </Text>
  );
}
