import { type ReactNode, useId } from 'react';
import styles from './parts.module.css';

interface Props {
  label: ReactNode;
  value: string;
  onChange(value: string): void;
  hint?: string;
  type?: 'text' | 'password' | 'search';
  name?: string;
  autoComplete?: string;
  maxLength?: number;
  isRequired?: boolean;
  hasFocus?: boolean;
}

/** A text field with its label. */
export function TextField(props: Props) {
  const { label, value, onChange, hint, type = 'text', name, autoComplete = 'off', maxLength } = props;
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        name={name}
        value={value}
        autoComplete={autoComplete}
        maxLength={maxLength}
        required={props.isRequired}
        spellCheck={false}
        autoCapitalize="off"
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        data-autofocus={props.hasFocus || undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {hint !== undefined && (
        <span id={`${id}-hint`} className={styles.hint}>
          {hint}
        </span>
      )}
    </div>
  );
}
