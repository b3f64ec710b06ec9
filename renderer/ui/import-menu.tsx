import { Button, Menu } from '@mantine/core';
import { Link } from 'wouter';
import { pickFiles, pickFolder } from '../client/picked.ts';
import { words } from '../words/words.ts';

const { imports: w } = words;

/** For who does not drag. */
export function ImportMenu() {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button variant="default">{w.button}…</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={pickFolder}>{w.folder}</Menu.Item>
        <Menu.Item onClick={pickFiles}>{w.files}</Menu.Item>
        <Menu.Divider />
        <Menu.Item component={Link} href="/imports">
          {w.all}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
