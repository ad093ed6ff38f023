import { useState } from 'react';
import type { MappingFilter, Source } from '../api/admin.ts';
import { useWords } from '../app/preferences.tsx';
import { Choice } from '../parts/choice.tsx';
import { TextField } from '../parts/field.tsx';
import { adminWords } from '../words/admin.ts';
import styles from './admin.module.css';

interface Props {
  initial: MappingFilter;
  sources: readonly Source[];
  /** Each field may be empty. */
  isFilter?: boolean;
  verb: string;
  onSubmit(values: Required<MappingFilter>): void;
}

/** The three parts of a mapping. */
export function MappingFields({ initial, sources, isFilter = false, verb, onSubmit }: Props) {
  const words = useWords(adminWords);
  const [values, setValues] = useState({
    source: isFilter ? '' : '*',
    identity: '',
    grantee_principal: '',
    ...initial,
  });
  const set = (name: keyof MappingFilter) => (value: string) => setValues({ ...values, [name]: value });
  const names = [
    ...new Set([
      ...sources.map(({ name }) => name),
      ...(values.source && values.source !== '*' ? [values.source] : []),
    ]),
  ];
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit({
          source: values.source,
          identity: values.identity.trim(),
          grantee_principal: values.grantee_principal.trim(),
        });
      }}
    >
      <Choice
        label={words.source}
        value={values.source}
        options={[
          ...(isFilter ? [['', words.any] as const] : []),
          ['*', words.anySource],
          ...names.map((name) => [name, name] as const),
        ]}
        onChange={set('source')}
      />
      <TextField
        label={words.identity}
        value={values.identity}
        isRequired={!isFilter}
        {...(!isFilter && { hint: words.identityHint })}
        onChange={set('identity')}
      />
      <TextField
        label={words.principal}
        value={values.grantee_principal}
        isRequired={!isFilter}
        onChange={set('grantee_principal')}
      />
      <button type="submit">{verb}</button>
    </form>
  );
}
