import type { ReactNode } from 'react';
import styles from './parts.module.css';

interface Props {
  kind?: 'danger' | 'primary' | 'plain' | 'small';
  onClick(): void;
  isDisabled?: boolean;
  /** The dialog that has the button gives it the focus. */
  hasFocus?: boolean;
  children: ReactNode;
}

export function Button({ kind = 'plain', onClick, isDisabled = false, hasFocus = false, children }: Props) {
  const className = kind === 'plain' ? undefined : styles[kind];
  return (
    <button
      type="button"
      className={className}
      disabled={isDisabled}
      onClick={onClick}
      data-autofocus={hasFocus || undefined}
    >
      {children}
    </button>
  );
}
