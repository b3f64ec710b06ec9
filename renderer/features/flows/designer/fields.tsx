import {
  ActionIcon,
  Autocomplete,
  Button,
  Group,
  Select,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useEffect, useState } from 'react';
import { words } from '../../../words/words.ts';

const { designer: w } = words;

interface FieldProps {
  label: string;
  /** As it is written; null where it is not. */
  value: string | null;
  /** What holds without it. */
  otherwise?: string;
  problem?: string | undefined;
  /** Null removes the key. */
  commit: (value: string | null) => void;
}

/** Typed text goes to the YAML at once; that it is empty only when the field is left, for then its line goes. */
function useTyped(value: string | null, commit: FieldProps['commit']) {
  const [typed, setTyped] = useState(value ?? '');
  useEffect(() => setTyped(value ?? ''), [value]);
  return {
    value: typed,
    type(next: string) {
      setTyped(next);
      if (next !== '') commit(next);
    },
    leave() {
      if (typed === '' && value !== null) commit(null);
    },
  };
}

export function TextField({ label, value, otherwise, problem, commit }: FieldProps) {
  const typed = useTyped(value, commit);
  return (
    <TextInput
      size="xs"
      label={label}
      placeholder={otherwise}
      error={problem}
      value={typed.value}
      onChange={event => typed.type(event.currentTarget.value)}
      onBlur={typed.leave}
    />
  );
}

export function SuggestField({ label, value, otherwise, problem, commit, data }: FieldProps & { data: string[] }) {
  const typed = useTyped(value, commit);
  return (
    <Autocomplete
      size="xs"
      label={label}
      placeholder={otherwise}
      error={problem}
      data={data}
      limit={12}
      value={typed.value}
      onChange={typed.type}
      onBlur={typed.leave}
    />
  );
}

/** One item a line. */
export function LinesField({
  label,
  value,
  problem,
  commit,
}: Omit<FieldProps, 'value' | 'commit'> & { value: string[]; commit: (items: string[]) => void }) {
  const given = value.join('\n');
  const [typed, setTyped] = useState(given);
  useEffect(() => setTyped(given), [given]);
  const leave = () => {
    const items = typed.split('\n').filter(line => line.trim() !== '');
    if (items.join('\n') !== given) commit(items);
  };
  return (
    <Textarea
      size="xs"
      autosize
      minRows={1}
      label={label}
      description={w.onePerLine}
      error={problem}
      value={typed}
      onChange={event => setTyped(event.currentTarget.value)}
      onBlur={leave}
    />
  );
}

export function ChoiceField({ label, value, otherwise, problem, commit, data }: FieldProps & { data: string[] }) {
  return (
    <Select
      size="xs"
      label={label}
      error={problem}
      data={value !== null && !data.includes(value) ? [...data, value] : data}
      value={value ?? otherwise ?? null}
      allowDeselect={false}
      onChange={next => next !== null && commit(next)}
    />
  );
}

export function SwitchField({
  label,
  on,
  problem,
  commit,
}: {
  label: string;
  on: boolean;
  problem?: string | undefined;
  commit: (on: boolean) => void;
}) {
  return (
    <Switch
      size="xs"
      label={label}
      error={problem}
      checked={on}
      onChange={event => commit(event.currentTarget.checked)}
    />
  );
}

interface PairsProps {
  label: string;
  names: { key: string; value: string; add: string };
  pairs: [key: string, value: string][];
  suggested: string[];
  problemOf: (key: string) => string | undefined;
  set: (key: string, value: string) => void;
  rename: (from: string, to: string) => void;
  remove: (key: string) => void;
}

/** Keys with their values, e.g. of a trigger. */
export function PairFields({ label, names, pairs, suggested, problemOf, set, rename, remove }: PairsProps) {
  const [adding, setAdding] = useState<string | null>(null);
  const add = () => {
    if (adding && !pairs.some(([key]) => key === adding)) set(adding, '');
    setAdding(null);
  };
  return (
    <Stack gap={6} role="group" aria-label={label}>
      <Text size="xs" fw={500}>
        {label}
      </Text>
      {pairs.map(([key, value], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a key that is typed anew stays the same row
        <div key={index}>
          <Group gap={6} wrap="nowrap" align="flex-start">
            <KeyField label={names.key} value={key} data={suggested} commit={to => rename(key, to)} />
            <ValueField label={`${names.value} ${key}`} value={value} commit={next => set(key, next)} />
            <ActionIcon variant="subtle" color="gray" aria-label={`${w.removeKey} ${key}`} onClick={() => remove(key)}>
              ×
            </ActionIcon>
          </Group>
          {problemOf(key) && (
            <Text size="xs" c="red">
              {problemOf(key)}
            </Text>
          )}
        </div>
      ))}
      {adding === null ? (
        <Button size="compact-xs" variant="subtle" w="fit-content" onClick={() => setAdding('')}>
          {names.add}
        </Button>
      ) : (
        <Autocomplete
          size="xs"
          aria-label={names.add}
          data-autofocus
          autoFocus
          placeholder={names.key}
          data={suggested}
          limit={12}
          value={adding}
          onChange={setAdding}
          onBlur={add}
          onKeyDown={event => event.key === 'Enter' && add()}
        />
      )}
    </Stack>
  );
}

/** A key is renamed when its name is there, not letter by letter: half a keyword would be another one. */
function KeyField({
  label,
  value,
  data,
  commit,
}: {
  label: string;
  value: string;
  data: string[];
  commit: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const leave = () => {
    if (typed === '') setTyped(value);
    else if (typed !== value) commit(typed);
  };
  return (
    <Autocomplete
      size="xs"
      w="46%"
      aria-label={label}
      data={data}
      limit={12}
      value={typed}
      onChange={setTyped}
      onBlur={leave}
      onKeyDown={event => event.key === 'Enter' && leave()}
    />
  );
}

function ValueField({ label, value, commit }: { label: string; value: string; commit: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <TextInput
      size="xs"
      style={{ flex: 1 }}
      className="mono"
      aria-label={label}
      value={typed}
      onChange={event => {
        setTyped(event.currentTarget.value);
        commit(event.currentTarget.value);
      }}
    />
  );
}
