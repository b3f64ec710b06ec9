import { indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { basicSetup, EditorView } from 'codemirror';
import { useEffect, useRef } from 'react';
import type { FlowProblem } from '../../../shared/schemas/flows.ts';

interface Props {
  text: string;
  problems: FlowProblem[];
  /** Line to go to. */
  line: { line: number; asked: number } | null;
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
export function YamlEditor({ text, problems, line, change, save, label }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef({ change, save });
  latest.current = { change, save };

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
        syntaxHighlighting(colours),
        lintGutter(),
        keymap.of([{ key: 'Mod-s', preventDefault: true, run: saved }, indentWithTab]),
        EditorView.contentAttributes.of({ 'aria-label': label }),
        EditorView.updateListener.of(update => {
          if (update.docChanged) latest.current.change(update.state.doc.toString());
        }),
      ],
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== text) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
    }
  }, [text]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const found = problems.map((problem): Diagnostic => {
      const row = editor.state.doc.line(Math.min(Math.max(problem.line, 1), editor.state.doc.lines));
      const from = Math.min(row.from + Math.max(problem.column - 1, 0), row.to);
      return { from, to: row.to, severity: problem.severity, message: `${problem.what}. ${problem.remedy}` };
    });
    editor.dispatch(setDiagnostics(editor.state, found));
  }, [problems]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || !line) return;
    const { from } = editor.state.doc.line(Math.min(Math.max(line.line, 1), editor.state.doc.lines));
    editor.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
    editor.focus();
  }, [line]);

  return <div className="editor" ref={box} style={{ flex: 1, minWidth: 0, minHeight: 0 }} />;
}
