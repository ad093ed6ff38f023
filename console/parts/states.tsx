import type { ReactNode } from 'react';
import { ApiError } from '../api/error.ts';
import type { PermissionName } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import { useMay } from '../app/session.tsx';
import { commonWords } from '../words/common.ts';
import { Button } from './button.tsx';
import styles from './parts.module.css';

export function Loading({ text }: { text?: string }) {
  const words = useWords(commonWords);
  return <p className={styles.empty}>{text ?? words.loading}</p>;
}

/** What went wrong: text and code of the service, the request's id for its log, and the page that explains the code. */
export function ErrorNote({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const words = useWords(commonWords);
  const known = error instanceof ApiError ? error : undefined;
  return (
    <div role="alert" className={`${styles.note} ${styles.bad}`}>
      <strong>{words.failedTitle}</strong>
      <p>{error.message}</p>
      <p className={styles.meta}>
        {known && known.code !== '' && (
          <span>
            {words.failedCode} <code>{known.code}</code>
          </span>
        )}
        {known?.helpPath !== undefined && <a href={known.helpPath}>{words.failedHelp}</a>}
        {known && known.requestId !== '' && (
          <span>
            {words.failedRequestId} <code>{known.requestId}</code>
          </span>
        )}
        {onRetry && (
          <Button kind="small" onClick={onRetry}>
            {words.retry}
          </Button>
        )}
      </p>
    </div>
  );
}

export function Note({ tone, children }: { tone?: 'bad' | 'caution' | 'good'; children: ReactNode }) {
  return <div className={`${styles.note} ${tone ? styles[tone] : ''}`}>{children}</div>;
}

/** Shows its content to a caller with the permission, and to others a line that names it. */
export function Needs({ permission, children }: { permission: PermissionName; children: ReactNode }) {
  const words = useWords(commonWords);
  const may = useMay();
  return may(permission) ? children : <span className={styles.muted}>{words.needs(permission)}</span>;
}
