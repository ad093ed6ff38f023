/** What was measured, as medians over the rounds, and as a table. */
import { cpus } from 'node:os';
import { COMMIT_BYTES } from './disk.ts';
import type { Cost, Turn } from './loads.ts';
import type { UpstreamTurn } from './upstream.ts';
import type { HookRun, RatedRun } from './webhook.ts';

export interface NamedTurn extends Turn {
  what: string;
  connections: number;
}

export interface PagesRound {
  page: string;
  grants: number;
  service: Cost;
}

/** By round; every round has the same entries in the same order. */
export interface Measured {
  turns: NamedTurn[][];
  syncsPerSecond: number[];
  pages: PagesRound[][];
  upstream: UpstreamTurn[][];
  hooks: HookRun[];
  rated?: RatedRun;
}

export type Report = ReturnType<typeof measuredOf> & { aims: { aim: string; met: boolean }[] };

/** @param plan told as it is */
export function reportOf(measured: Measured, plan: object): Report {
  const report = measuredOf(measured, plan);
  const at16 = (what: string) => report.results.filter((row) => row.connections === 16 && row.what.startsWith(what));
  return {
    ...report,
    aims: [
      {
        aim: 'lists at 60 % of the floor at 16 connections',
        met: at16('list').every(({ ratio }) => ratio.median >= 0.6),
      },
      {
        aim: '1,000 revokes a second at 16 connections',
        met: at16('revoke').every(({ service }) => service.perSecond >= 1000),
      },
      {
        aim: 'p99 of revokes under 50 ms at 16 connections',
        met: at16('revoke').every(({ service }) => service.p99Ms < 50),
      },
      {
        aim: 'pages of any key within 10 % of one with 1,000 grants',
        met: report.pages.every(({ cost }) => cost.median <= 1.1),
      },
      {
        aim: 'in front of another KMS under 2 ms longer at p50',
        met: report.upstream.every(({ longerMs }) => longerMs.median < 2),
      },
      {
        aim: '10,000 grants by one hook in under 10 s, at the speed of this run',
        met: (report.hook.hookMs / report.hook.grants) * 10_000 < 10_000,
      },
      {
        aim: 'p99 of others under 100 ms meanwhile, in the slowest quarter of a second',
        met: report.hook.listP99Ms < 100 && report.hook.revokeP99Ms < 100,
      },
      {
        aim: 'in front of another KMS within 10 % of what its rate allows',
        met: report.rated !== undefined && report.rated.tookMs <= 1.1 * report.rated.leastMs,
      },
    ],
  };
}

function measuredOf({ turns, syncsPerSecond, pages, upstream, hooks, rated }: Measured, plan: object) {
  const hook = (name: keyof HookRun) => median(hooks.map((run) => run[name]));
  return {
    machine: { node: process.version, cpu: cpus()[0]?.model.trim(), cpus: cpus().length },
    plan,
    results: transpose(turns).map((rounds) => ({
      what: rounds[0]?.what ?? '',
      connections: rounds[0]?.connections ?? 0,
      service: middle(rounds.map(({ service }) => service)),
      floor: middle(rounds.map(({ floor }) => floor)),
      ratio: spread(rounds.map(({ service, floor }) => service.perSecond / floor.perSecond)),
    })),
    disk: { commitBytes: COMMIT_BYTES, syncsPerSecond: Math.round(median(syncsPerSecond)) },
    pages: transpose(pages).map((rounds) => ({
      page: rounds[0]?.page ?? '',
      grants: rounds[0]?.grants ?? 0,
      perSecond: Math.round(median(rounds.map(({ service }) => service.perSecond))),
      cpuMicroseconds: hundredths(median(rounds.map(({ service }) => service.cpuMicroseconds))),
      cost: spread(rounds.map((row, round) => smallest(pages[round], row).perSecond / row.service.perSecond)),
    })),
    upstream: transpose(upstream).map((rounds) => ({
      what: rounds[0]?.what ?? '',
      straightMs: hundredths(median(rounds.map(({ straight }) => straight.p50Ms))),
      throughMs: hundredths(median(rounds.map(({ through }) => through.p50Ms))),
      longerMs: spread(rounds.map(({ straight, through }) => through.p50Ms - straight.p50Ms)),
    })),
    hook: {
      grants: hook('grants'),
      keys: hook('keys'),
      hookMs: Math.round(hook('hookMs')),
      aloneMs: Math.round(hook('aloneMs')),
      at16Ms: Math.round(hook('at16Ms')),
      /** Of one by one at one connection. */
      ratio: spread(hooks.map(({ hookMs, aloneMs }) => hookMs / aloneMs)),
      listP99Ms: hundredths(hook('listP99Ms')),
      revokeP99Ms: hundredths(hook('revokeP99Ms')),
      othersAnswered: hook('othersAnswered'),
    },
    rated,
  };
}

/** The report for people. */
export function tableOf({ machine, results, disk, pages, upstream, hook, rated, aims }: Report): string {
  const servers = results.map(({ what, connections, service, floor, ratio }) => [
    what,
    connections,
    service.perSecond,
    service.p50Ms.toFixed(2),
    service.p99Ms.toFixed(2),
    floor.perSecond,
    floor.p50Ms.toFixed(2),
    floor.p99Ms.toFixed(2),
    percent(ratio.median),
    `${percent(ratio.min)} to ${percent(ratio.max)}`,
    Math.round(service.cpuMicroseconds),
    Math.round(floor.cpuMicroseconds),
    `${percent(service.clientBusy)}, ${percent(floor.clientBusy)}`,
  ]);
  const costs = pages.map(({ page, grants, perSecond, cpuMicroseconds, cost }) => [
    page,
    grants.toLocaleString('en'),
    perSecond,
    cost.median.toFixed(2),
    `${cost.min.toFixed(2)} to ${cost.max.toFixed(2)}`,
    Math.round(cpuMicroseconds),
  ]);
  const fronts = upstream.map(({ what, straightMs, throughMs, longerMs }) => [
    what,
    straightMs.toFixed(2),
    throughMs.toFixed(2),
    longerMs.median.toFixed(2),
    `${longerMs.min.toFixed(2)} to ${longerMs.max.toFixed(2)}`,
  ]);
  return [
    `Node ${machine.node}, ${machine.cpus} x ${machine.cpu}. Medians over the rounds; p50 and p99 in ms, cpu in µs an answer.`,
    '',
    ...columns([
      [
        '',
        'conns',
        'req/s',
        'p50',
        'p99',
        'floor/s',
        'p50',
        'p99',
        'of floor',
        'rounds',
        'cpu',
        'floor',
        'client busy',
      ],
      ...servers,
    ]),
    '',
    `The disk alone takes ${disk.syncsPerSecond} commits a second (${disk.commitBytes} bytes and an fdatasync each).`,
    '',
    ...columns([['pages', 'grants', 'req/s', 'cost', 'rounds', 'cpu'], ...costs]),
    '',
    ...columns([['upstream, p50', 'straight', 'through', 'longer', 'rounds'], ...fronts]),
    '',
    ...columns([
      ['hook', 'grants', 'keys', 's', 'one by one', 'at 16', 'of one by one', 'list p99', 'revoke p99', 'others'],
      [
        'all of a principal',
        hook.grants.toLocaleString('en'),
        hook.keys,
        seconds(hook.hookMs),
        seconds(hook.aloneMs),
        seconds(hook.at16Ms),
        percent(hook.ratio.median),
        hook.listP99Ms.toFixed(1),
        hook.revokeP99Ms.toFixed(1),
        hook.othersAnswered,
      ],
    ]),
    ...(rated ? [ratedLine(rated)] : []),
    '',
    ...aims.map(({ aim, met }) => `${met ? 'met    ' : 'missed '} ${aim}`),
  ].join('\n');
}

const ratedLine = ({ perSecond, grants, calls, tookMs, leastMs }: RatedRun) =>
  `At ${perSecond} calls a second: ${grants} grants, ${calls} calls in ${seconds(tookMs)} s; the least is ${seconds(leastMs)} s (${percent(tookMs / leastMs)}).`;

/** The same page of the smallest key, in the same round. */
function smallest(round: PagesRound[] = [], { page }: PagesRound): Cost {
  return round.find((row) => row.page === page)?.service as Cost;
}

function transpose<T>(rounds: T[][]): T[][] {
  return (rounds[0] ?? []).map((_, entry) => rounds.map((round) => round[entry] as T));
}

function middle(rounds: Cost[]) {
  const of = (name: keyof Cost) => median(rounds.map((round) => round[name]));
  return {
    answered: rounds.reduce((sum, { answered }) => sum + answered, 0),
    perSecond: Math.round(of('perSecond')),
    p50Ms: hundredths(of('p50Ms')),
    p99Ms: hundredths(of('p99Ms')),
    cpuMicroseconds: hundredths(of('cpuMicroseconds')),
    clientBusy: hundredths(of('clientBusy')),
  };
}

function spread(ratios: number[]) {
  return {
    median: hundredths(median(ratios)),
    min: hundredths(Math.min(...ratios)),
    max: hundredths(Math.max(...ratios)),
  };
}

/** Of an even number, the mean of the middle two. */
function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

const hundredths = (value: number) => Math.round(value * 100) / 100;
const seconds = (ms: number) => (ms / 1000).toFixed(2);
const percent = (value: number) => `${Math.round(value * 100)} %`;

/** Lines of cells, the first column to the left and the others to the right. */
function columns(lines: (string | number)[][]): string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => String(line[column]).length)));
  return lines.map((line) =>
    line
      .map((cell, column) => String(cell)[column === 0 ? 'padEnd' : 'padStart'](widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
