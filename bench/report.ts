/** The report of the bench: medians over the rounds, as data and as a table. */
import { cpus } from 'node:os';
import { type ConsoleRound, consoleAims, consoleLines, medianRound as medianConsole } from './console.ts';
import { COMMIT_BYTES } from './disk.ts';
import type { Comparison, MeasuredRound } from './loads.ts';
import type { Plan } from './plans.ts';
import { columns, median } from './table.ts';
import type { UpstreamComparison } from './upstream.ts';
import type { RateLimitedRun, WebhookRun } from './webhook.ts';

export interface NamedComparison extends Comparison {
  what: string;
  connections: number;
}

export interface PagesRound {
  page: string;
  grants: number;
  service: MeasuredRound;
}

/** All results by round; every round has the same entries in the same order. */
export interface Measurements {
  comparisons: NamedComparison[][];
  syncsPerSecond: number[];
  pages: PagesRound[][];
  upstream: UpstreamComparison[][];
  webhooks: WebhookRun[];
  chat: NamedComparison[][];
  rateLimited?: RateLimitedRun;
  /** Undefined without a browser. */
  console?: ConsoleRound[] | undefined;
}

type Report = ReturnType<typeof resultsOf> & { aims: { aim: string; met: boolean }[] };

/** @param plan becomes part of the report */
export function reportOf(measurements: Measurements, plan: Plan): Report {
  const report = resultsOf(measurements, plan);
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
        aim: 'with an upstream KMS, at most 2 ms are added at p50',
        met: report.upstream.every(({ addedMs }) => addedMs.median < 2),
      },
      {
        aim: '10,000 grants by one webhook in under 10 s, at the speed of this run',
        met: (report.webhook.webhookMs / report.webhook.grants) * 10_000 < 10_000,
      },
      {
        aim: 'p99 of other requests under 100 ms meanwhile, in the slowest quarter of a second',
        met: report.webhook.listP99Ms < 100 && report.webhook.revokeP99Ms < 100,
      },
      {
        aim: 'p99 of chat commands under 1 s',
        met: report.chat.every(({ service }) => service.p99Ms < 1000),
      },
      {
        aim: 'with an upstream KMS, a webhook takes at most 10 % longer than its rate limit requires',
        met: report.rateLimited !== undefined && report.rateLimited.durationMs <= 1.1 * report.rateLimited.shortestMs,
      },
      ...(report.console ? consoleAims(report.console, plan.console.grants) : []),
    ],
  };
}

function resultsOf(
  { comparisons, syncsPerSecond, pages, upstream, webhooks, chat, rateLimited, console }: Measurements,
  plan: Plan,
) {
  const webhookMedian = (name: keyof WebhookRun) => median(webhooks.map((run) => run[name]));
  return {
    machine: { node: process.version, cpu: cpus()[0]?.model.trim(), cpus: cpus().length },
    plan,
    results: medianComparisons(comparisons),
    disk: { commitBytes: COMMIT_BYTES, syncsPerSecond: Math.round(median(syncsPerSecond)) },
    pages: transpose(pages).map((rounds) => ({
      page: rounds[0]?.page ?? '',
      grants: rounds[0]?.grants ?? 0,
      perSecond: Math.round(median(rounds.map(({ service }) => service.perSecond))),
      cpuMicroseconds: hundredths(median(rounds.map(({ service }) => service.cpuMicroseconds))),
      cost: spread(rounds.map((row, round) => smallestKey(pages[round], row).perSecond / row.service.perSecond)),
    })),
    upstream: transpose(upstream).map((rounds) => ({
      what: rounds[0]?.what ?? '',
      directMs: hundredths(median(rounds.map(({ direct }) => direct.p50Ms))),
      throughServiceMs: hundredths(median(rounds.map(({ throughService }) => throughService.p50Ms))),
      addedMs: spread(rounds.map(({ direct, throughService }) => throughService.p50Ms - direct.p50Ms)),
    })),
    webhook: {
      grants: webhookMedian('grants'),
      keys: webhookMedian('keys'),
      webhookMs: Math.round(webhookMedian('webhookMs')),
      oneByOneMs: Math.round(webhookMedian('oneByOneMs')),
      oneByOneAt16Ms: Math.round(webhookMedian('oneByOneAt16Ms')),
      /** Of the time one by one at one connection. */
      ratio: spread(webhooks.map(({ webhookMs, oneByOneMs }) => webhookMs / oneByOneMs)),
      listP99Ms: hundredths(webhookMedian('listP99Ms')),
      revokeP99Ms: hundredths(webhookMedian('revokeP99Ms')),
      otherReplies: webhookMedian('otherReplies'),
    },
    chat: medianComparisons(chat),
    rateLimited,
    console: console && medianConsole(console),
  };
}

function medianComparisons(comparisons: NamedComparison[][]) {
  return transpose(comparisons).map((rounds) => ({
    what: rounds[0]?.what ?? '',
    connections: rounds[0]?.connections ?? 0,
    service: medianRound(rounds.map(({ service }) => service)),
    floor: medianRound(rounds.map(({ floor }) => floor)),
    ratio: spread(rounds.map(({ service, floor }) => service.perSecond / floor.perSecond)),
  }));
}

/** Returns the report as a table. */
export function tableOf(report: Report): string {
  const { machine, plan, results, disk, pages, upstream, webhook, chat, rateLimited, aims } = report;
  const resultRows = [...results, ...chat].map(({ what, connections, service, floor, ratio }) => [
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
  const pageRows = pages.map(({ page, grants, perSecond, cpuMicroseconds, cost }) => [
    page,
    grants.toLocaleString('en'),
    perSecond,
    cost.median.toFixed(2),
    `${cost.min.toFixed(2)} to ${cost.max.toFixed(2)}`,
    Math.round(cpuMicroseconds),
  ]);
  const upstreamRows = upstream.map(({ what, directMs, throughServiceMs, addedMs }) => [
    what,
    directMs.toFixed(2),
    throughServiceMs.toFixed(2),
    addedMs.median.toFixed(2),
    `${addedMs.min.toFixed(2)} to ${addedMs.max.toFixed(2)}`,
  ]);
  return [
    `Node ${machine.node}, ${machine.cpus} x ${machine.cpu}. Medians over rounds; p50 and p99 in ms, cpu in µs a reply.`,
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
      ...resultRows,
    ]),
    '',
    `The disk alone allows ${disk.syncsPerSecond} commits a second of ${disk.commitBytes} bytes and an fdatasync each.`,
    '',
    ...columns([['pages', 'grants', 'req/s', 'cost', 'rounds', 'cpu'], ...pageRows]),
    '',
    ...columns([['upstream, p50', 'direct', 'through service', 'added', 'rounds'], ...upstreamRows]),
    '',
    ...columns([
      ['webhook', 'grants', 'keys', 's', 'one by one', 'at 16', 'of one by one', 'list p99', 'revoke p99', 'others'],
      [
        'all of a principal',
        webhook.grants.toLocaleString('en'),
        webhook.keys,
        seconds(webhook.webhookMs),
        seconds(webhook.oneByOneMs),
        seconds(webhook.oneByOneAt16Ms),
        percent(webhook.ratio.median),
        webhook.listP99Ms.toFixed(1),
        webhook.revokeP99Ms.toFixed(1),
        webhook.otherReplies,
      ],
    ]),
    ...(rateLimited ? [rateLimitedLine(rateLimited)] : []),
    ...(report.console ? ['', ...consoleLines(report.console, plan.console.grants)] : []),
    '',
    ...aims.map(({ aim, met }) => `${met ? 'met    ' : 'missed '} ${aim}`),
  ].join('\n');
}

const rateLimitedLine = ({ perSecond, grants, calls, durationMs, shortestMs }: RateLimitedRun) =>
  `At ${perSecond} calls a second: ${grants} grants, ${calls} calls in ${seconds(durationMs)} s; ` +
  `the rate limit requires ${seconds(shortestMs)} s (${percent(durationMs / shortestMs)}).`;

/** The result for the smallest key in the same round. */
function smallestKey(round: PagesRound[] = [], { page }: PagesRound): MeasuredRound {
  return round.find((row) => row.page === page)?.service as MeasuredRound;
}

function transpose<T>(rounds: T[][]): T[][] {
  return (rounds[0] ?? []).map((_, entry) => rounds.map((round) => round[entry] as T));
}

function medianRound(rounds: MeasuredRound[]) {
  const of = (name: keyof MeasuredRound) => median(rounds.map((round) => round[name]));
  return {
    replies: rounds.reduce((sum, { replies }) => sum + replies, 0),
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

const hundredths = (value: number) => Math.round(value * 100) / 100;
const seconds = (ms: number) => (ms / 1000).toFixed(2);
const percent = (value: number) => `${Math.round(value * 100)} %`;
