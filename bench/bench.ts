/** `npm run bench`: measures lists and durable revokes, and compares them with bare node:http and the same bytes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureChat } from './chat.ts';
import { measureConsole } from './console.ts';
import { syncsPerSecond } from './disk.ts';
import { createKeysWithGrants, type KeyWithGrants } from './fill.ts';
import {
  type ApiClient,
  assertTotal,
  callApi,
  compareList,
  compareRevoke,
  type FloorComparison,
  listBody,
  measureList,
  middleMarker,
  middlePage,
  revokeBody,
  scatteredPages,
} from './loads.ts';
import { FULL, LIST_GRANTS, type Plan, QUICK } from './plans.ts';
import { type Measurements, type NamedComparison, type PagesRound, reportOf, tableOf } from './report.ts';
import { logIn, pathOf, type ServerProcess, startFloor, startService, stop } from './service.ts';
import { compareWithUpstream, startServiceOnUpstream } from './upstream.ts';
import { measureAtRateLimit, measureWebhook } from './webhook.ts';

const HELP = `Usage: npm run -s bench [-- --quick] [--large] [--json]

Starts the service on a temporary data folder, creates grants, and measures over HTTP on the loopback interface:

  list      a page of 100 of a key with 10,000 grants, at 1 and 16 connections; "one page" repeats the same page, which
            suits a cache, "any page" reads pages all over the key
  revoke    durable revokes of a key with 10,000 grants, at 1 and 16 connections
  cost      a page of 100 of keys with 1,000 to 100,000 grants, at 16 connections; 1.00 is the cost with 1,000 grants
  upstream  the time that the service adds to a call to an upstream KMS
  webhook   one webhook that revokes all grants of a principal on many keys, compared with revoking them one by one
            through the API; the latency of other lists and revokes meanwhile, at 4 connections; and the same with 200
            grants at an upstream KMS that allows 20 calls a second, compared with the shortest possible time
  chat      the time until a command that a bot sends for a person is answered: the list of a key with 1,000 grants, and
            the preview of a revoke, which stores a request; at 1 and 16 connections
  console   the first screen of the console in a browser (bytes, files, first contentful paint), and the time until the
            first rows of a key with 100,000 grants are shown; left out without chromium

List, revoke and chat are compared with the floor: a node:http process that replies with the same bytes from memory. The same
client measures floor and service in turns. Each number, ratios included, is the median over the rounds. If "client busy"
is near 100 %, the client limits the result.

  --quick   takes one to two minutes, with coarse results
  --large   also measures pages of a key with 1,000,000 grants; creating them takes some minutes
  --json    prints the report as JSON on standard output, and the table on standard error
  --help    prints this text`;

const LARGE_GRANTS = 1_000_000;
const WARM_UP_GRANTS = 3_000;
const SYNC_SECONDS = 0.2;
const WEBHOOK_ROUNDS = 3;

/** Runs the plan in a temporary folder, and removes folder and processes even after a failure. */
async function run(plan: Plan): Promise<Measurements> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kms-grants-bench-'));
  const running: ServerProcess[] = [];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      for (const { child } of running) child.kill('SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
      process.exit(130);
    });
  }
  try {
    const measurements = await measure(plan, dataDir, running);
    await Promise.all(running.splice(0).map(stop));
    for (let round = 0; round < WEBHOOK_ROUNDS; round += 1) {
      showProgress(`webhook ${round + 1} of ${WEBHOOK_ROUNDS}`);
      measurements.webhooks.push(await measureWebhook(join(dataDir, `webhook-${round}`), plan.webhook, running));
    }
    showProgress('chat');
    measurements.chat = await measureChat(join(dataDir, 'chat'), plan.chat, running);
    showProgress('console');
    measurements.console = await measureConsole(join(dataDir, 'console'), plan.console, running);
    showProgress('webhook at a rate limit');
    measurements.rateLimited = await measureAtRateLimit(join(dataDir, 'rate-limited'), plan.limitPerSecond, running);
    return measurements;
  } finally {
    await Promise.all(running.map(stop));
    rmSync(dataDir, { recursive: true });
  }
}

/** Creates the data, starts the servers and warms them up. */
async function prepare(plan: Plan, dataDir: string, running: ServerProcess[]) {
  showProgress('creating grants');
  const revokeSizes = Array.from({ length: plan.rounds }, () => plan.revokeGrants);
  const { demo, keys } = await createKeysWithGrants(dataDir, [
    WARM_UP_GRANTS,
    plan.upstreamGrants * (plan.rounds + 1),
    ...revokeSizes,
    ...plan.pageGrants,
  ]);
  const [warmUpKey, upstreamKey, ...others] = keys as [KeyWithGrants, KeyWithGrants, ...KeyWithGrants[]];
  const pageKeys = others.slice(plan.rounds);
  const listKey = pageKeys.find(({ grantIds }) => grantIds.length === LIST_GRANTS) as KeyWithGrants;

  showProgress('starting');
  const service = await startService(dataDir);
  running.push(service);
  const client: ApiClient = { service, projectId: demo.project_id, token: await logIn(service.port, demo) };
  const listed = await callApi(client, 'list-grants', listBody(listKey, middleMarker(listKey)));
  const revoked = await callApi(client, 'revoke-grant', revokeBody(warmUpKey, warmUpKey.grantIds.pop() as string));
  const floor = await startFloor(
    new Map([
      [pathOf(demo.project_id, 'list-grants'), listed],
      [pathOf(demo.project_id, 'revoke-grant'), revoked],
    ]),
  );
  running.push(floor);

  const comparison: FloorComparison = { ...client, floor };
  const lists: ListLoad[] = [
    { what: 'list one page', pages: middlePage(client, listKey), connections: [1, 16] },
    { what: 'list any page', pages: scatteredPages(client, listKey), connections: [16] },
  ];
  for (const { pages } of lists) await compareList(comparison, pages, 16, plan.warmUpSeconds);
  await compareRevoke(comparison, warmUpKey, warmUpKey.grantIds, 16, plan.warmUpSeconds);

  const serviceOnUpstream = await startServiceOnUpstream(dataDir, service);
  running.push(serviceOnUpstream);
  const measureUpstream = (seconds: number) => {
    const grantIds = upstreamKey.grantIds.splice(0, plan.upstreamGrants);
    return compareWithUpstream(client, serviceOnUpstream, { listKey, key: upstreamKey, grantIds, seconds });
  };
  await measureUpstream(plan.warmUpSeconds);
  return { comparison, lists, revokeKeys: others.slice(0, plan.rounds), pageKeys, measureUpstream };
}

async function measure(plan: Plan, dataDir: string, running: ServerProcess[]): Promise<Measurements> {
  const { comparison, lists, revokeKeys, pageKeys, measureUpstream } = await prepare(plan, dataDir, running);
  const measurements: Measurements = {
    comparisons: [],
    syncsPerSecond: [],
    pages: [],
    upstream: [],
    webhooks: [],
    chat: [],
  };
  for (const [round, key] of revokeKeys.entries()) {
    showProgress(`round ${round + 1} of ${plan.rounds}`);
    measurements.comparisons.push(await measureRound(comparison, plan, lists, key));
    measurements.upstream.push(await measureUpstream(plan.upstreamSeconds));
    measurements.syncsPerSecond.push(syncsPerSecond(join(dataDir, `sync-${round}`), SYNC_SECONDS));
  }
  const sweep = Object.entries({ one: middlePage, any: scatteredPages }).flatMap(([page, requestsOf]) =>
    pageKeys.map((key) => ({ page, grants: key.grantIds.length, requests: requestsOf(comparison, key) })),
  );
  for (let round = 0; round < plan.pageRounds; round += 1) {
    showProgress(`pages ${round + 1} of ${plan.pageRounds}`);
    const results: PagesRound[] = [];
    for (const { page, grants, requests } of sweep) {
      results.push({ page, grants, service: await measureList(comparison, requests, 16, plan.pageSeconds) });
    }
    measurements.pages.push(results);
  }
  showProgress('');
  return measurements;
}

interface ListLoad {
  what: string;
  /** The requests. */
  pages: Buffer[];
  /** Each number of connections to measure with. */
  connections: number[];
}

async function measureRound(
  comparison: FloorComparison,
  { seconds, revokeAtOneConnection }: Plan,
  lists: ListLoad[],
  revokeKey: KeyWithGrants,
): Promise<NamedComparison[]> {
  const { grantIds } = revokeKey;
  const results: NamedComparison[] = [];
  for (const { what, pages, connections: counts } of lists) {
    for (const connections of counts) {
      results.push({ what, connections, ...(await compareList(comparison, pages, connections, seconds)) });
    }
  }
  let left = grantIds.length;
  for (const [connections, ids] of [
    [1, grantIds.slice(0, revokeAtOneConnection)],
    [16, grantIds.slice(revokeAtOneConnection)],
  ] as const) {
    const result = await compareRevoke(comparison, revokeKey, ids, connections, seconds);
    left -= result.service.replies;
    await assertTotal(comparison, revokeKey, left);
    results.push({ what: 'revoke', connections, ...result });
  }
  return results;
}

/** Overwrites one line of a terminal; prints nothing elsewhere. */
function showProgress(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
} else {
  const plan = values.quick ? QUICK : FULL;
  const pageGrants = values.large ? [...plan.pageGrants, LARGE_GRANTS] : plan.pageGrants;
  const report = reportOf(await run({ ...plan, pageGrants }), { ...plan, pageGrants });
  (values.json ? console.error : console.log)(tableOf(report));
  if (values.json) console.log(JSON.stringify(report, null, 2));
}
