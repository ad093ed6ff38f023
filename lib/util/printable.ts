/**
 * Returns the text as one line that is safe to show in a log, a table or a terminal: line ends and tabs become spaces,
 * invisible characters such as joiners are removed, other control characters become `?`, and the text is cut.
 */
export function printable(text: string, charactersMax: number): string {
  const line = text
    .replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/g, ' ')
    .replace(/\p{Cf}/gu, '')
    .replace(/\p{C}/gu, '?')
    .trim();
  return Array.from(line).slice(0, charactersMax).join('');
}
