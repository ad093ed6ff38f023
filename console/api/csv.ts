/** CSV of receipts. Source of the form: RFC 4180. */
import type { GrantEvent } from './types.ts';

/** A spreadsheet takes a cell that begins so for a formula, some also in full width. Source: OWASP, "CSV Injection". */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const NEEDS_QUOTES = /[",\r\n]/;

/** Returns one cell. The quote before a formula makes a spreadsheet show it as text. */
export function csvCell(value: string | number | undefined): string {
  const text = String(value ?? '');
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** Returns the rows as lines that end with CRLF. */
export function csvOf(rows: readonly (readonly (string | number | undefined)[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

const isoTime = (ms: string | undefined) => (ms ? new Date(Number(ms)).toISOString() : undefined);

/** The columns have the names that the API uses; those of the grant begin with `grant.`. */
const COLUMNS: readonly [name: string, value: (event: GrantEvent) => string | number | undefined][] = [
  ['event_id', (event) => event.event_id],
  ['event_time', (event) => isoTime(event.event_time)],
  ['action', (event) => event.action],
  ['error_code', (event) => event.error_code],
  ['observed', (event) => (event.observed ? 'true' : undefined)],
  ['actor', (event) => event.actor],
  ['approved_by', (event) => event.approved_by],
  ['channel', (event) => event.channel],
  ['reason', (event) => event.reason],
  ['request_id', (event) => event.request_id],
  ['sequence', (event) => event.sequence],
  ['upstream_request_id', (event) => event.upstream_request_id],
  ['project_id', (event) => event.project_id],
  ['key_id', (event) => event.key_id],
  ['grant_id', (event) => event.grant_id],
  ['passed_on', (event) => event.passed_on],
  ['grant.name', (event) => event.grant?.name],
  ['grant.grantee_principal', (event) => event.grant?.grantee_principal],
  ['grant.grantee_principal_type', (event) => event.grant?.grantee_principal_type],
  ['grant.operations', (event) => event.grant?.operations.join(' ')],
  ['grant.issuing_principal', (event) => event.grant?.issuing_principal],
  ['grant.retiring_principal', (event) => event.grant?.retiring_principal],
  ['grant.creation_date', (event) => isoTime(event.grant?.creation_date)],
];

/** Times are ISO 8601 in UTC, so that a spreadsheet and a person can read them. */
export function receiptsAsCsv(events: readonly GrantEvent[]): string {
  return csvOf([COLUMNS.map(([name]) => name), ...events.map((event) => COLUMNS.map(([, value]) => value(event)))]);
}
