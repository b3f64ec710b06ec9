import { Box, Group, Stack } from '@mantine/core';
import { useRef, useState } from 'react';
import { say } from '../../../ui/notices.tsx';
import { Failed } from '../../../ui/page.tsx';
import { words } from '../../../words/words.ts';
import { ExplainPanel } from '../explain-panel.tsx';
import { ProblemList } from '../problem-list.tsx';
import { type EditorHandle, YamlEditor } from '../yaml-editor.tsx';
import { Drawing } from './drawing.tsx';
import { type Change, edited } from './edit.ts';
import { type Path, placeAt } from './flow-document.ts';
import { Inspector } from './inspector.tsx';
import { chosenOf, isThere, pathOf } from './shape.ts';
import { SubjectPicker } from './subject-picker.tsx';
import { TestRun } from './test-run.tsx';
import { Toolbar } from './toolbar.tsx';
import { type Subject, useDrawn, useKnown, useProblems, useVerdict } from './use-designer.ts';

const { designer: w } = words;

interface Props {
  file: string;
  text: string;
  change: (text: string) => void;
  save: () => void;
}

/**
 * The drawing, the inspector and the YAML. The text is the flow: what is drawn is read from it, and every change of the
 * drawing is a change of the text in the editor, which keeps the one history of all.
 */
export function Designer({ file, text, change, save }: Props) {
  const editor = useRef<EditorHandle>(null);
  const [chosenId, choose] = useState<string | null>(null);
  const [subject, setSubject] = useState<Subject | null>(null);
  const { document, shape, stale } = useDrawn(text);
  const { problems, current } = useProblems(text);
  const { answer, error } = useVerdict(text, subject);
  const known = useKnown();
  const found = chosenOf(chosenId);
  const chosen = found && isThere(document, found) ? found : null;

  const edit = (wanted: Change, apart = false) => {
    const next = edited(text, wanted);
    if (next === null) say(w.cannotEdit, w.cannotEditWhy);
    else editor.current?.replace(next, apart);
    return next !== null;
  };
  const remove = (id: string) => {
    const node = chosenOf(id);
    if (!node || node.kind === 'flow' || !isThere(document, node)) return;
    if (edit({ kind: 'remove', path: pathOf(node) }, true)) choose(null);
  };
  const show = (path: Path) => {
    const offset = placeAt(document, path);
    if (offset !== null) editor.current?.goTo({ offset });
  };
  const onHistoryKey = (event: React.KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || !['z', 'y'].includes(event.key.toLowerCase())) return;
    event.preventDefault();
    if (event.key.toLowerCase() === 'y' || event.shiftKey) editor.current?.redo();
    else editor.current?.undo();
  };
  return (
    <Group align="stretch" gap="md" wrap="nowrap" className="designer">
      <Stack gap="sm" style={{ flex: '1 1 58%', minWidth: 0 }} onKeyDownCapture={onHistoryKey}>
        <Toolbar
          disabled={stale}
          add={(kind, wanted) => {
            if (edit(wanted, true)) choose(`${kind}-${shape[`${kind}s`].length}`);
          }}
          undo={() => editor.current?.undo()}
          redo={() => editor.current?.redo()}
        >
          <SubjectPicker subject={subject} choose={setSubject} />
          <TestRun file={file} text={text} subject={subject} />
        </Toolbar>
        {error !== null && <Failed error={error} />}
        <Drawing
          shape={shape}
          problems={problems}
          verdict={answer?.verdict ?? null}
          chosen={chosen ? chosenId : null}
          images={known.images}
          choose={choose}
          remove={remove}
          stale={stale}
          take={head => setSubject({ head })}
        />
        <Box style={{ flex: '1 1 54%', overflow: 'auto', minHeight: 0 }}>
          {chosen ? (
            <Inspector
              key={chosenId}
              document={document}
              chosen={chosen}
              problems={problems}
              known={known}
              change={edit}
              close={() => choose(null)}
              remove={() => chosenId && remove(chosenId)}
              show={show}
            />
          ) : (
            <Stack gap="sm">
              <ProblemList problems={problems} open={line => editor.current?.goTo({ line })} />
              <ExplainPanel answer={answer} choose={setSubject} />
            </Stack>
          )}
        </Box>
      </Stack>
      <Group align="stretch" wrap="nowrap" style={{ flex: '1 1 42%', minWidth: 0, minHeight: 0 }}>
        <YamlEditor
          handle={editor}
          text={text}
          problems={current ? problems : null}
          known={known}
          change={change}
          save={save}
          label={file}
        />
      </Group>
    </Group>
  );
}
