/** Returns what takes effect in a Markdown text besides the bold titles, the lists and the code of this service. */
export function liveMarkdown(text: string): string[] {
  const withoutOwn = text
    .replaceAll(/`[^`\n]*`/g, '')
    .replaceAll(/^\*\*(.*)\*\*$/gm, '$1')
    .replaceAll(/^- /gm, '');
  return withoutOwn.match(/.*(?:[`*_[\]{}<>#~@$|\\]|:\/\/|www\.).*/g) ?? [];
}
