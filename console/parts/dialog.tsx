import { type ReactNode, useEffect, useId, useRef } from 'react';
import styles from './parts.module.css';

interface Props {
  title: string;
  isOpen: boolean;
  onClose(): void;
  children: ReactNode;
  /** In order; the first one gets the focus unless a field has autofocus, so it must be harmless. */
  buttons?: ReactNode;
}

/** A modal dialog. Escape closes it. The focus returns to where it was. */
export function Dialog({ title, isOpen, onClose, children, buttons }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    if (!element || !isOpen) return;
    const opener = document.activeElement;
    if (!element.open) element.showModal();
    const first = element.querySelector<HTMLElement>('[data-autofocus]') ?? element.querySelector('h2');
    first?.focus();
    return () => {
      element.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, [isOpen]);
  if (!isOpen) return null;
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className={styles.dialogBody}>
        <h2 id={titleId} tabIndex={-1} className={styles.dialogHead}>
          {title}
        </h2>
        {children}
        {buttons !== undefined && <div className={styles.buttons}>{buttons}</div>}
      </div>
    </dialog>
  );
}
