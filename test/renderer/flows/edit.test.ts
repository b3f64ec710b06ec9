import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Change, edited, withheld } from '../../../renderer/features/flows/designer/edit.ts';
import { readDocument } from '../../../renderer/features/flows/designer/flow-document.ts';

const text = `# Head comment
name: Two        # its name

x-site: { owner: "PACS team" }   # unknown to Gantry
triggers:
  - Modality: "CT|MR"   # either
    SeriesDescription: Head
  # the second
  - ImageType: PRIMARY

models:
- name: First
  docker_kwargs:
    image: 'busybox'  # small
    command: ["cp", "-r", "/input/.", "/output/"]
  timeout: 10m
destinations: [] # nothing yet
`;
const edit = (change: Change, from = text) => edited(from, change) ?? 'null';

describe('an edit of the drawing', () => {
  it('writes a value in place, keeping quotes and the comment behind it', () => {
    expect(edit({ kind: 'set', path: ['triggers', 0, 'Modality'], value: '^PT$' })).toBe(
      text.replace('"CT|MR"', '"^PT$"'),
    );
    expect(edit({ kind: 'set', path: ['models', 0, 'docker_kwargs', 'image'], value: 'alpine:3' })).toBe(
      text.replace("'busybox'", "'alpine:3'"),
    );
    expect(edit({ kind: 'set', path: ['name'], value: 'a: b' })).toBe(text.replace('Two        #', '"a: b"        #'));
  });

  it('adds a key where keys of its kind stand', () => {
    expect(edit({ kind: 'set', path: ['priority'], value: 3 })).toBe(
      text.replace('# its name\n', '# its name\npriority: 3\n'),
    );
    expect(edit({ kind: 'set', path: ['models', 0, 'gpu'], value: true })).toBe(
      text.replace('timeout: 10m\n', 'timeout: 10m\n  gpu: true\n'),
    );
    expect(edit({ kind: 'set', path: ['models', 0, 'docker_kwargs', 'mem_limit'], value: '1g' })).toBe(
      text.replace('"/output/"]\n', '"/output/"]\n    mem_limit: 1g\n'),
    );
  });

  it('adds to lists that are full, empty, without value, or missing', () => {
    const trigger: Change = { kind: 'append', path: ['triggers'], value: { Modality: 'US' } };
    expect(edit(trigger)).toBe(text.replace('PRIMARY\n', 'PRIMARY\n  - Modality: US\n'));
    const folder: Change = { kind: 'append', path: ['destinations'], value: { folder: 'out' } };
    expect(edit(folder)).toBe(
      text.replace('[] # nothing yet\n', '# nothing yet\n  - folder: out\n').replace(':  #', ': #'),
    );
    expect(edit(folder, 'destinations:\nname: A\n')).toBe('destinations:\n  - folder: out\nname: A\n');
    expect(edit(folder, 'name: A # c\n')).toBe('name: A # c\ndestinations:\n  - folder: out\n');
    expect(edit(folder, '')).toBe('destinations:\n  - folder: out\n');
  });

  it('removes items and keys, and only those', () => {
    expect(edit({ kind: 'remove', path: ['triggers', 1] })).toBe(text.replace('  - ImageType: PRIMARY\n', ''));
    expect(edit({ kind: 'remove', path: ['triggers', 0, 'Modality'] })).toBe(
      text.replace('Modality: "CT|MR"   # either\n    ', ''),
    );
    expect(edit({ kind: 'remove', path: ['models', 0, 'timeout'] })).toBe(text.replace('  timeout: 10m\n', ''));
    const none = edit({ kind: 'remove', path: ['models', 0] });
    expect(none).toContain('models: []');
    expect(none).toContain('# the second');
  });

  it('renames a keyword at its place', () => {
    expect(edit({ kind: 'rename', path: ['triggers', 0, 'Modality'], to: 'BodyPartExamined' })).toBe(
      text.replace('Modality', 'BodyPartExamined'),
    );
    expect(edited(text, { kind: 'rename', path: ['triggers', 0, 'Modality'], to: 'SeriesDescription' })).toBeNull();
  });

  it('withholds every delivery, and nothing else', () => {
    const sends = `${text.replace('[] # nothing yet', '\n  - folder: out # here')}return_to_sender_on_port: 104\n`;
    const { document } = readDocument(withheld(sends) ?? '');
    expect(document.toJS()).toEqual({
      ...readDocument(sends).document.toJS(),
      ...{ destinations: [], return_to_sender_on_port: [] },
    });
    expect(withheld(text)).toBe(text);
  });

  it('changes nothing that it cannot read, or that an anchor gives', () => {
    expect(edited('a: [', { kind: 'set', path: ['name'], value: 'x' })).toBeNull();
    const anchored = 'triggers:\n  - &t\n    Modality: CT\n  - *t\n';
    expect(edited(anchored, { kind: 'set', path: ['triggers', 1, 'Modality'], value: 'MR' })).toBeNull();
  });

  it('keeps every comment and every other line of every sample', () => {
    const folder = resolve(import.meta.dirname, '../../../resources/flows');
    const changes: Change[] = [
      { kind: 'set', path: ['name'], value: 'Other' },
      { kind: 'set', path: ['priority'], value: 5 },
      { kind: 'set', path: ['triggers', 0, 'Modality'], value: '^(US|XA)$' },
      { kind: 'append', path: ['triggers'], value: { PatientID: '^1' } },
      { kind: 'append', path: ['models'], value: { docker_kwargs: { image: 'busybox' } } },
      { kind: 'append', path: ['destinations'], value: { host: 'h', port: 104, ae_title: 'A' } },
    ];
    let tried = 0;
    for (const name of readdirSync(folder)) {
      const sample = readFileSync(join(folder, name), 'utf8');
      for (const change of changes) {
        const now = edit(change, sample);
        expect(readDocument(now).broken).toBe(false);
        const lines = now.split('\n');
        const lost = sample.split('\n').filter(line => !lines.includes(line));
        expect(lost.length, `${name} ${change.path.join('.')}: ${lost}`).toBeLessThanOrEqual(1);
        const comments = (of: string) => of.match(/#.*$/gm) ?? [];
        expect(comments(now)).toEqual(comments(sample));
        tried++;
      }
    }
    expect(tried).toBe(24);
  });
});
