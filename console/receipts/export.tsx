import { useEffect, useRef, useState } from 'react';
import { receiptsAsCsv } from '../api/csv.ts';
import { EXPORT_MAX, type ReceiptFilter, readAll } from '../api/receipts.ts';
import type { GrantEvent } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { session, useRequests } from '../app/session.tsx';
import { Button } from '../parts/button.tsx';
import parts from '../parts/parts.module.css';
import { ErrorNote } from '../parts/states.tsx';
import { receiptWords } from '../words/receipts.ts';
import { download } from './download.ts';
import styles from './receipts.module.css';

const PAGE_ROWS = 1000;

const FORMATS = {
  json: { type: 'application/json', textOf: (events: GrantEvent[]) => `${JSON.stringify(events, null, 1)}\n` },
  // The mark at the start makes spreadsheets read UTF-8.
  csv: { type: 'text/csv;charset=utf-8', textOf: (events: GrantEvent[]) => `\uFEFF${receiptsAsCsv(events)}` },
} as const;

type State = { read: number } | { rows: number; isCut: boolean } | { error: Error };

/** Saves all receipts of the filter as a file. */
export function Export({ filter }: { filter: ReceiptFilter }) {
  const words = useWords(receiptWords);
  const { number } = useFormat();
  const { listGrantEvents } = useRequests();
  const [state, setState] = useState<State>();
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  const run = async (format: keyof typeof FORMATS) => {
    const controller = new AbortController();
    const { signal } = controller;
    abort.current = controller;
    setState({ read: 0 });
    try {
      const { events, isCut } = await readAll(
        (marker) =>
          session.call(listGrantEvents({ ...filter, limit: PAGE_ROWS, ...(marker && { marker }) }), { signal }),
        (read) => setState({ read }),
      );
      const { type, textOf } = FORMATS[format];
      download(`receipts.${format}`, type, textOf(events));
      setState({ rows: events.length, isCut });
    } catch (error) {
      setState(signal.aborted ? undefined : { error: error as Error });
    }
  };

  const isRunning = state !== undefined && 'read' in state;
  return (
    <div className={styles.export}>
      <Button isDisabled={isRunning} onClick={() => void run('csv')}>
        {words.exportCsv}
      </Button>
      <Button isDisabled={isRunning} onClick={() => void run('json')}>
        {words.exportJson}
      </Button>
      <Button onClick={() => window.print()}>{words.print}</Button>
      {isRunning && (
        <>
          <progress aria-label={words.exporting(number(state.read))} />
          <Button kind="small" onClick={() => abort.current?.abort()}>
            {words.stop}
          </Button>
        </>
      )}
      <span role="status" className={parts.muted} data-export>
        {state === undefined && words.exportNote(number(EXPORT_MAX))}
        {isRunning && words.exporting(number(state.read))}
        {state && 'rows' in state && (state.isCut ? words.exportedCut : words.exported)(number(state.rows))}
      </span>
      {state && 'error' in state && <ErrorNote error={state.error} />}
    </div>
  );
}
