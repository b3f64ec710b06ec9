import { indentWithTab, isolateHistory, redo, undo } from '@codemirror/commands';
import { yaml, yamlLanguage } from '@codemirror/lang-yaml';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { basicSetup, EditorView } from 'codemirror';
import { type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import type { FlowProblem } from '../../../shared/schemas/flows.ts';
import { completionsOf, type Known } from './designer/completion.ts';

/** What others may do with the text: it has one history, whoever changed it. */
export interface EditorHandle {
  /** @param apart undone by itself, not together with the change before */
  replace(text: string, apart?: boolean): void;
  undo(): void;
  redo(): void;
  /** Puts the cursor at a line, or at an offset. */
  goTo(place: { line: number } | { offset: number }): void;
}

interface Props {
  handle: Ref<EditorHandle>;
  text: string;
  /** Null while the text they are about is not the one shown. */
  problems: FlowProblem[] | null;
  /** For completion. */
  known: Known;
  change: (text: string) => void;
  save: () => void;
  label: string;
}

/** Readable on the light and on the dark page alike. */
const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'light-dark(#006576, #79bcc8)' },
  { tag: [tags.string, tags.content], color: 'inherit' },
  { tag: tags.comment, color: 'light-dark(#68727b, #9aa4ad)', fontStyle: 'italic' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'light-dark(#8a4b00, #f0c36d)' },
  { tag: tags.punctuation, color: 'light-dark(#68727b, #9aa4ad)' },
]);

/** YAML with the core's own problems at their lines. */
export function YamlEditor({ handle, text, problems, known, change, save, label }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef({ change, save, known });
  latest.current = { change, save, known };

  // biome-ignore lint/correctness/useExhaustiveDependencies: the editor holds its own text once it is there
  useEffect(() => {
    const saved = () => {
      latest.current.save();
      return true;
    };
    const editor = new EditorView({
      parent: box.current as HTMLElement,
      doc: text,
      extensions: [
        basicSetup,
        yaml(),
        yamlLanguage.data.of({ autocomplete: completionsOf(() => latest.current.known) }),
        syntaxHighlighting(colours),
        lintGutter(),
        keymap.of([{ key: 'Mod-s', preventDefault: true, run: saved }, indentWithTab]),
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
        EditorView.updateListener.of(update => {
          if (update.docChanged) latest.current.change(update.state.doc.toString());
        }),
      ],
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    if (view.current) replace(view.current, text, true);
  }, [text]);

  useImperativeHandle(
    handle,
    () => ({
      replace: (next, apart = false) => view.current && replace(view.current, next, apart),
      undo: () => view.current && undo(view.current),
      redo: () => view.current && redo(view.current),
      goTo(place) {
        const editor = view.current;
        if (!editor) return;
        const { doc } = editor.state;
        const at =
          'line' in place
            ? doc.line(Math.min(Math.max(place.line, 1), doc.lines)).from
            : Math.min(place.offset, doc.length);
        editor.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
        editor.focus();
      },
    }),
    [],
  );

  useEffect(() => {
    const editor = view.current;
    if (!editor || !problems) return;
    const found = problems.map((problem): Diagnostic => {
      const row = editor.state.doc.line(Math.min(Math.max(problem.line, 1), editor.state.doc.lines));
      const from = Math.min(row.from + Math.max(problem.column - 1, 0), row.to);
      return { from, to: row.to, severity: problem.severity, message: `${problem.what}. ${problem.remedy}` };
    });
    editor.dispatch(setDiagnostics(editor.state, found));
  }, [problems]);

  return <div className="editor" ref={box} style={{ flex: 1, minWidth: 0, minHeight: 0 }} />;
}

/** Only what differs is replaced: the cursor stays where it was, and undo puts back no more than that. */
function replace(editor: EditorView, next: string, apart: boolean): void {
  const now = editor.state.doc.toString();
  if (now === next) return;
  let from = 0;
  while (from < now.length && from < next.length && now[from] === next[from]) from++;
  let [to, end] = [now.length, next.length];
  while (to > from && end > from && now[to - 1] === next[end - 1]) {
    to--;
    end--;
  }
  editor.dispatch({
    changes: { from, to, insert: next.slice(from, end) },
    userEvent: 'input.designer',
    ...(apart ? { annotations: isolateHistory.of('full') } : {}),
  });
}
