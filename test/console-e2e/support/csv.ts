/** Reads CSV as RFC 4180 defines it. Source: RFC 4180, section 2. */
export interface Csv {
  header: string[];
  rows: Record<string, string>[];
}

export function parseCsv(text: string): Csv {
  const body = text.replace(/^\uFEFF/, '');
  if (!body.endsWith('\r\n')) throw new Error('the last line does not end with CRLF');
  const [header = [], ...records] = recordsOf(body);
  return {
    header,
    rows: records.map((fields) => {
      if (fields.length !== header.length) throw new Error(`a line has ${fields.length} fields, not ${header.length}`);
      return Object.fromEntries(header.map((name, index) => [name, fields[index] ?? '']));
    }),
  };
}

function recordsOf(text: string): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  // A field in quotes, in which "" is a quote, or one without; then what ends it.
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const match = field.exec(text);
    if (!match) throw new Error(`not CSV at character ${at}: ${text.slice(at, at + 40)}`);
    const [, quoted, plain = '', end] = match;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== '\r\n') continue;
    records.push(fields);
    fields = [];
  }
  return records;
}
