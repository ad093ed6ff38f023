/** Records as text for people: columns aligned, nothing cut. */
export type Row = Record<string, unknown>;

/** A list as a table under its names; one record as a line for each name. */
export function formatRows(value: Row | readonly Row[]): string {
  if (!Array.isArray(value)) return alignColumns(Object.entries(value).map(([name, content]) => [name, cell(content)]));
  const [first] = value;
  return first ? alignColumns([Object.keys(first), ...value.map((row) => Object.values(row).map(cell))]) : 'none';
}

/** @param lines of equally many cells */
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
  return String(value ?? '-');
}
