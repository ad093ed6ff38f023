import type { Row, View } from '../view.ts';

/** No text of a view is longer; one that is has a cause outside of this service. */
export const TEXT_CHARACTERS_MAX = 3000;

/** Space for the line that says how many rows are left out. */
const MORE_CHARACTERS = 40;

/** Renders as many rows as fit behind `head`. @returns them, and how many rows the view has beyond them */
export function withinLimit(
  { rows, moreRows }: Pick<View, 'rows' | 'moreRows'>,
  head: string,
  render: (row: Row) => string,
  charactersMax: number,
): { rows: string[]; moreRows: number } {
  let left = charactersMax - head.length - MORE_CHARACTERS;
  const shown: string[] = [];
  for (const row of rows) {
    const text = render(row);
    left -= text.length + 1;
    if (left < 0) break;
    shown.push(text);
  }
  return { rows: shown, moreRows: moreRows + rows.length - shown.length };
}
