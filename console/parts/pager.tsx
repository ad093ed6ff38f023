import { useEffect, useRef } from 'react';
import { useFormat, useWords } from '../app/preferences.tsx';
import { commonWords } from '../words/common.ts';
import { Button } from './button.tsx';
import styles from './parts.module.css';

interface Props {
  /** Rows that are loaded. */
  loaded: number;
  /** Rows of the list, where the service counts them. */
  total?: number | undefined;
  /** Rows that a filter of this page leaves of those loaded. */
  matching?: number | undefined;
  hasMore: boolean;
  isLoading: boolean;
  pageRows: number;
  onMore(): Promise<unknown>;
}

/** Tells how much of the list is shown, and loads the next page. The focus then goes to the first new row. */
export function Pager({ loaded, total, matching, hasMore, isLoading, pageRows, onMore }: Props) {
  const words = useWords(commonWords);
  const { number } = useFormat();
  const foot = useRef<HTMLDivElement>(null);
  const rest = total === undefined ? pageRows : Math.min(pageRows, total - loaded);
  const all = total === undefined ? number(loaded) : number(total);
  const rowsBefore = () =>
    foot.current?.parentElement?.querySelectorAll<HTMLElement>('table[data-rows] tbody tr') ?? [];
  /** The row that gets the focus when it is there. */
  const nextRow = useRef<number>(undefined);
  const more = () => {
    if (isLoading) return;
    nextRow.current = rowsBefore().length;
    void onMore();
  };
  useEffect(() => {
    const row = nextRow.current === undefined ? undefined : rowsBefore()[nextRow.current];
    if (!row) return;
    nextRow.current = undefined;
    row.focus();
  });
  if (loaded === 0 && !hasMore) return null;
  return (
    <div ref={foot} className={styles.foot}>
      <span role="status" data-count>
        {matching === undefined
          ? words.count(number(loaded), hasMore && total === undefined ? '…' : all)
          : words.countMatching(number(matching), number(loaded), all)}
      </span>
      {hasMore && (
        <Button onClick={more}>{isLoading ? words.loadingMore : words.loadMore(number(Math.max(rest, 1)))}</Button>
      )}
    </div>
  );
}
