import type { GrantEvent } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import { Badge } from '../parts/badge.tsx';
import parts from '../parts/parts.module.css';
import { receiptWords } from '../words/receipts.ts';

/** Whether the change was made. A receipt with an error code, or of a source that only observes, is of none. */
export function Outcome({ event: { error_code, observed } }: { event: GrantEvent }) {
  const words = useWords(receiptWords);
  if (observed) return <span className={parts.muted}>{words.onlyObserved}</span>;
  if (error_code === undefined) return <span className={parts.muted}>{words.made}</span>;
  return (
    <>
      <Badge tone="bad" icon="warning">
        {words.stillExists}
      </Badge>{' '}
      <a href={`/docs/errors/${error_code}`}>{error_code}</a>
    </>
  );
}
