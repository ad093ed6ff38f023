import { useState } from 'react';
import { useLocation } from 'wouter';
import { FILTERS, type ReceiptFilter, receiptsPath } from '../api/receipts.ts';
import { useWords } from '../app/preferences.tsx';
import { Button } from '../parts/button.tsx';
import { TextField } from '../parts/field.tsx';
import { receiptWords } from '../words/receipts.ts';
import styles from './receipts.module.css';

/** Whose receipts: the address holds it. Make it anew for another filter. */
export function FilterForm({ filter }: { filter: ReceiptFilter }) {
  const words = useWords(receiptWords);
  const [, navigate] = useLocation();
  const [values, setValues] = useState(filter);
  const isSet = Object.keys(filter).length > 0;
  return (
    <search>
      <form
        className={styles.filter}
        onSubmit={(event) => {
          event.preventDefault();
          const trimmed = FILTERS.map(([, field]) => [field, values[field]?.trim() ?? '']);
          navigate(receiptsPath(Object.fromEntries(trimmed)));
        }}
      >
        {FILTERS.map(([name, field]) => (
          <TextField
            key={name}
            name={name}
            label={words[name]}
            value={values[field] ?? ''}
            onChange={(value) => setValues({ ...values, [field]: value })}
          />
        ))}
        <div className={styles.buttons}>
          <button type="submit">{words.filter}</button>
          {isSet && <Button onClick={() => navigate('/receipts')}>{words.showAll}</Button>}
        </div>
      </form>
    </search>
  );
}
