import { useId, useState } from 'react';
import { OPERATIONS } from '../../lib/domain/model.ts';
import { useWords } from '../app/preferences.tsx';
import { aliasIn, type Keys } from '../app/use-keys.ts';
import { Button } from '../parts/button.tsx';
import { grantWords } from '../words/grants.ts';
import styles from './grants.module.css';
import type { Filter } from './use-filter.ts';

/** @param keys offers a filter by key; without them there is one by holder */
export function FilterBar({ filter, keys }: { filter: Filter; keys?: Keys }) {
  const words = useWords(grantWords);
  return (
    <search aria-label={words.filter} className={styles.filter}>
      {keys ? <KeyFilter filter={filter} keys={keys} /> : <HolderFilter key={filter.grantee} filter={filter} />}
      <label>
        {words.filterOperation}
        <select
          value={filter.operations[0] ?? ''}
          onChange={(event) => filter.set('operation', event.target.value)}
          name="operation"
        >
          <option value="">{words.any}</option>
          {OPERATIONS.map((operation) => (
            <option key={operation}>{operation}</option>
          ))}
        </select>
      </label>
      {filter.isSet && <Button onClick={filter.clear}>{words.clearFilter}</Button>}
    </search>
  );
}

function KeyFilter({ filter, keys }: { filter: Filter; keys: Keys }) {
  const words = useWords(grantWords);
  const ids = new Set([...keys.keys(), ...(filter.key ? [filter.key] : [])]);
  return (
    <label>
      {words.filterKey}
      <select value={filter.key} onChange={(event) => filter.set('key', event.target.value)} name="key">
        <option value="">{words.any}</option>
        {[...ids].map((id) => (
          <option key={id} value={id}>
            {aliasIn(keys, id)}
          </option>
        ))}
      </select>
    </label>
  );
}

function HolderFilter({ filter }: { filter: Filter }) {
  const words = useWords(grantWords);
  const [typed, setTyped] = useState(filter.grantee);
  const id = useId();
  return (
    <form
      className={styles.filter}
      onSubmit={(event) => {
        event.preventDefault();
        filter.set('grantee', typed.trim());
      }}
    >
      <label htmlFor={id}>
        {words.filterHolder}
        <input
          id={id}
          name="grantee"
          className={styles.wide}
          value={typed}
          pattern="[a-zA-Z0-9]{1,64}"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <button type="submit">{words.apply}</button>
    </form>
  );
}
