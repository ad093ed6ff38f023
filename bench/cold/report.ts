/** The report of the cold starts: medians over the rounds, as a table. */
import { cpus } from 'node:os';
import { columns, median } from '../table.ts';
import { type Bundle, CHAT, LOGGER, SDK } from './bundles.ts';
import type { ColdStart } from './start.ts';

/** A bundle and its cold starts, one per round. */
export interface BundleStarts {
  bundle: Bundle;
  starts: ColdStart[];
}

const BYTES_MAX = 150_000;
const IMPORT_RATIO_MAX = 2;
const CHAT_REPLY_MS_MAX = 1000;

interface Spread {
  median: number;
  min: number;
  max: number;
}

type Row = ReturnType<typeof rowOf>;

/** @param server describes the server that the calls to the table go to */
export function tableOf(results: readonly BundleStarts[], server: string): string {
  const rows = results.map((result) => rowOf(result, results));
  const { starts } = results[0] as BundleStarts;
  return [
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim()}. Medians over ${starts.length} rounds, in ms; calls to the table go to ${server}.`,
    '',
    ...columns([
      ['', 'bytes', 'import', 'rounds', 'cpu', 'x logger', 'cpu x', 'reply', 'rounds', 'x logger', 'x SDK', 'status'],
      ...rows.map(cells),
    ]),
    '',
    ...verdicts(rows),
  ].join('\n');
}

function rowOf({ bundle, starts }: BundleStarts, all: readonly BundleStarts[]) {
  const ratioTo = (peer: string, name: 'importMs' | 'importCpuMs' | 'replyMs') => {
    const peers = all.find((other) => other.bundle.name === peer)?.starts ?? [];
    return median(starts.map((start, round) => start[name] / (peers[round]?.[name] ?? Number.NaN)));
  };
  return {
    bundle,
    importMs: spread(starts.map((start) => start.importMs)),
    importCpuMs: median(starts.map((start) => start.importCpuMs)),
    replyMs: spread(starts.map((start) => start.replyMs)),
    replyP99Ms: p99(starts.map((start) => start.replyMs)),
    importToLogger: ratioTo(LOGGER, 'importMs'),
    importCpuToLogger: ratioTo(LOGGER, 'importCpuMs'),
    replyToLogger: ratioTo(LOGGER, 'replyMs'),
    replyToSdk: ratioTo(SDK, 'replyMs'),
    status: starts[0]?.status,
  };
}

function cells(row: Row): (string | number)[] {
  return [
    row.bundle.name,
    row.bundle.bytes.toLocaleString('en'),
    row.importMs.median.toFixed(1),
    range(row.importMs),
    row.importCpuMs.toFixed(1),
    row.importToLogger.toFixed(2),
    row.importCpuToLogger.toFixed(2),
    row.replyMs.median.toFixed(0),
    range(row.replyMs),
    row.replyToLogger.toFixed(2),
    row.replyToSdk.toFixed(2),
    row.status ?? '',
  ];
}

function verdicts(rows: readonly Row[]): string[] {
  const functions = rows.filter(({ bundle }) => !bundle.isPeer);
  const chat = functions.filter(({ bundle }) => CHAT.includes(bundle.name));
  const verdict = (aim: string, isMet: (row: Row) => boolean, of = functions) => {
    const missed = of.filter((row) => !isMet(row)).map(({ bundle }) => bundle.name);
    if (missed.length === 0) return `met     ${aim}`;
    return `missed  ${aim}: ${missed.length === functions.length ? 'all functions' : missed.join(', ')}`;
  };
  const ratio = `import at most ${IMPORT_RATIO_MAX} times that of ${LOGGER}`;
  return [
    verdict(`no function over ${BYTES_MAX.toLocaleString('en')} bytes`, ({ bundle }) => bundle.bytes <= BYTES_MAX),
    verdict(ratio, ({ importToLogger }) => importToLogger <= IMPORT_RATIO_MAX),
    verdict(`${ratio}, in processor time`, ({ importCpuToLogger }) => importCpuToLogger <= IMPORT_RATIO_MAX),
    ...(chat.length > 0 ? [verdict(chatAim(chat), ({ replyP99Ms }) => replyP99Ms < CHAT_REPLY_MS_MAX, chat)] : []),
  ];
}

function chatAim(rows: readonly Row[]): string {
  const p99s = rows.map(({ bundle, replyP99Ms }) => `${bundle.name} ${replyP99Ms.toFixed(0)} ms`);
  return `p99 of the first answer in chat under ${CHAT_REPLY_MS_MAX / 1000} s (${p99s.join('; ')})`;
}

const range = ({ min, max }: Spread) => `${min.toFixed(0)} to ${max.toFixed(0)}`;

/** The longest, if there are fewer than 100. */
const p99 = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.ceil(0.99 * values.length) - 1] ?? Number.NaN;

function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
