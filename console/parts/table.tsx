import { type ReactNode, useRef } from 'react';
import { useWords } from '../app/preferences.tsx';
import { useShortcuts } from '../app/shortcuts.ts';
import { commonWords } from '../words/common.ts';
import styles from './parts.module.css';

export interface Column<Row> {
  id: string;
  header: string;
  cell(row: Row): ReactNode;
  /** The cell names its row. */
  isHeading?: boolean;
  isNumber?: boolean;
}

export interface RowSelection<Row> {
  isSelected(row: Row): boolean;
  toggle(row: Row): void;
  /** Selects or deselects the rows shown. */
  setAll(isSelected: boolean): void;
  nameOf(row: Row): string;
}

interface Props<Row> {
  caption: string;
  isCaptionHidden?: boolean;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf(row: Row): string;
  selection?: RowSelection<Row> | undefined;
  /** Shown in place of rows where there are none. */
  empty?: ReactNode;
}

/** A table in the order of the service. `j` and `k` move between rows, `x` selects one. Narrow screens show cards. */
export function DataTable<Row>(props: Props<Row>) {
  const { caption, isCaptionHidden, columns, rows, keyOf, selection, empty } = props;
  const words = useWords(commonWords);
  const table = useRef<HTMLTableElement>(null);
  useRowKeys(table, (index) => {
    const row = rows[index];
    if (row !== undefined) selection?.toggle(row);
  });
  return (
    <div className={styles.scroller}>
      {/* biome-ignore-start lint/a11y/noRedundantRoles: display: block of narrow screens takes the roles away */}
      <table ref={table} className={styles.table} role="table" data-rows>
        <caption className={isCaptionHidden ? styles.hidden : undefined}>{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {selection && (
              <th scope="col" role="columnheader" className={styles.check}>
                {rows.length > 0 && <SelectAll rows={rows} selection={selection} label={words.selectLoaded} />}
              </th>
            )}
            {columns.map(({ id, header, isNumber }) => (
              <th key={id} scope="col" role="columnheader" className={isNumber ? styles.end : undefined}>
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row" tabIndex={-1} data-selected={selection?.isSelected(row) || undefined}>
              {selection && (
                <td role="cell" className={styles.check}>
                  <label>
                    <input
                      type="checkbox"
                      aria-label={words.selectRow(selection.nameOf(row))}
                      checked={selection.isSelected(row)}
                      onChange={() => selection.toggle(row)}
                    />
                  </label>
                </td>
              )}
              {columns.map((column) => (
                <Cell key={column.id} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {/* biome-ignore-end lint/a11y/noRedundantRoles: as above */}
      {rows.length === 0 && empty !== undefined && <div className={styles.empty}>{empty}</div>}
    </div>
  );
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const { header, cell, isHeading, isNumber } = column;
  const className = isNumber ? styles.end : undefined;
  if (isHeading)
    return (
      // biome-ignore lint/a11y/noRedundantRoles: display: block of narrow screens takes the role away
      <th scope="row" role="rowheader" data-label={header} className={className}>
        {cell(row)}
      </th>
    );
  return (
    // biome-ignore lint/a11y/noRedundantRoles: display: block of narrow screens takes the role away
    <td role="cell" data-label={header} className={className}>
      <div>{cell(row)}</div>
    </td>
  );
}

interface SelectAllProps<Row> {
  rows: readonly Row[];
  selection: RowSelection<Row>;
  label: string;
}

function SelectAll<Row>({ rows, selection, label }: SelectAllProps<Row>) {
  const selected = rows.filter((row) => selection.isSelected(row)).length;
  const isAll = selected > 0 && selected === rows.length;
  return (
    <label>
      <input
        type="checkbox"
        aria-label={label}
        checked={isAll}
        ref={(input) => {
          if (input) input.indeterminate = selected > 0 && !isAll;
        }}
        onChange={() => selection.setAll(!isAll)}
      />
    </label>
  );
}

/** Of several tables on a page, the keys are for the one that has the focus, else for the first. */
function useRowKeys(table: { current: HTMLTableElement | null }, onSelect: (index: number) => void): void {
  const rowsOf = (element: HTMLTableElement) => [...(element.tBodies[0]?.rows ?? [])];
  const withRows = (act: (rows: HTMLTableRowElement[], index: number) => void) => () => {
    const focused = document.activeElement?.closest<HTMLTableElement>('table[data-rows]');
    const target = focused ?? document.querySelector<HTMLTableElement>('table[data-rows]:has(tbody tr)');
    if (!table.current || target !== table.current) return;
    const rows = rowsOf(table.current);
    act(
      rows,
      rows.findIndex((row) => row.contains(document.activeElement)),
    );
  };
  useShortcuts({
    j: withRows((rows, index) => rows[Math.min(index + 1, rows.length - 1)]?.focus()),
    k: withRows((rows, index) => rows[Math.max(index - 1, 0)]?.focus()),
    x: withRows((_, index) => {
      if (index >= 0) onSelect(index);
    }),
  });
}
