/** Formats rows as text with aligned columns; no value is shortened. */
import { UNPRINTABLE } from '../../lib/domain/characters.ts';

export type Row = Record<string, unknown>;

/** Returns a list of rows as a table with a header, and a single row as one line for each field. */
export function formatRows(value: Row | readonly Row[]): string {
  if (!Array.isArray(value)) return alignColumns(Object.entries(value).map(([name, content]) => [name, cell(content)]));
  const [first] = value;
  return first ? alignColumns([Object.keys(first), ...value.map((row) => Object.values(row).map(cell))]) : 'none';
}

/** @param lines lines with the same number of cells */
export function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((content, column) => content.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cell(value: unknown): string {
  if (Array.isArray(value)) return value.map(cell).join(', ');
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(([name, content]) => `${name}: ${cell(content)}`);
    return parts.join('; ') || '-';
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value ?? '-').replace(UNPRINTABLE_CHARACTER, escapeOf);
}

/** Other systems choose some of the values: a control character could change what the terminal shows. */
const UNPRINTABLE_CHARACTER = new RegExp(`[${UNPRINTABLE}]`, 'gu');

const escapeOf = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16)}}`;
