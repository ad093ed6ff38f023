/** `npm run bench`: lists and durable revokes of the running service, beside what bare node:http does with the bytes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { syncsPerSecond } from './disk.ts';
import { type FilledKey, fill } from './fill.ts';
import {
  type Asking,
  ask,
  assertTotal,
  listBody,
  listRound,
  listTurn,
  middleOf,
  middlePage,
  pagesAnywhere,
  revokeBody,
  revokeTurn,
  type Target,
} from './loads.ts';
import { type Measured, type NamedTurn, type PagesRound, reportOf, tableOf } from './report.ts';
import { logIn, pathOf, type Running, startFloor, startService, stop } from './service.ts';
import { startFront, upstreamTurns } from './upstream.ts';
import { type HookPlan, hookRun, ratedRun } from './webhook.ts';

const HELP = `Usage: npm run -s bench [-- --quick] [--large] [--json]

Starts the service on a data folder of its own, fills it, and measures over HTTP on the loopback:

  list      a page of 100 of a key with 10,000 grants, at 1 and 16 connections; "one page" is the same page again and
            again, as a cache likes it, "any page" goes all over the key
  revoke    durable revokes of a key with 10,000 grants, at 1 and 16 connections
  cost      of a page of 100 of keys with 1,000 to 100,000 grants, at 16 connections; 1.00 is that of 1,000
  upstream  what a call takes longer through the service in front of another KMS than straight to that one
  hook      all grants of a principal over many keys, from one webhook to the last revoke, beside revoking them one by
            one through the API; and what others waited meanwhile, lists and revokes at 4 connections; and the same of
            200 grants in front of another KMS that takes 20 calls a second, beside the least that it can take

Beside list and revoke stands the floor of the same run: a node:http process that answers the same bytes from memory.
They take turns; every number is the median over the rounds, and so is the ratio of each turn. The floor's client is
the same; where "client busy" nears 100 %, it is the client that is measured.

  --quick   under half a minute, and coarse
  --large   pages go on to 1,000,000 grants; filling takes some minutes
  --json    the report as JSON on the standard output, and the table on the standard error
  --help    this text`;

interface Plan {
  rounds: number;
  /** Of each turn. */
  seconds: number;
  pageRounds: number;
  pageSeconds: number;
  /** Grants on each key that pages are asked of; LIST_GRANTS must be among them. */
  pageGrants: number[];
  /** Grants on each key to revoke from; every round has a key of its own. */
  revokeGrants: number;
  /** How many of them go at 1 connection, at most; the others go at 16. */
  revokeAlone: number;
  /** Grants to revoke in each round one after the other, straight and in front of another KMS. */
  upstreamGrants: number;
  upstreamSeconds: number;
  warmUpSeconds: number;
  hook: HookPlan;
  /** What the KMS behind the service takes while a hook revokes 200 grants there. */
  ratedPerSecond: number;
}

const LIST_GRANTS = 10_000;

const FULL: Plan = {
  rounds: 5,
  seconds: 0.9,
  pageRounds: 8,
  pageSeconds: 0.25,
  pageGrants: [1_000, LIST_GRANTS, 100_000],
  revokeGrants: 10_000,
  revokeAlone: 3_000,
  upstreamGrants: 2_000,
  upstreamSeconds: 0.8,
  warmUpSeconds: 0.7,
  hook: { keys: 200, each: 50, others: 6_000 },
  ratedPerSecond: 20,
};

const QUICK: Plan = {
  rounds: 3,
  seconds: 0.2,
  pageRounds: 3,
  pageSeconds: 0.1,
  pageGrants: [1_000, LIST_GRANTS],
  revokeGrants: 1_500,
  revokeAlone: 500,
  upstreamGrants: 400,
  upstreamSeconds: 0.2,
  warmUpSeconds: 0.3,
  hook: { keys: 20, each: 50, others: 1_000 },
  ratedPerSecond: 50,
};

const LARGE_GRANTS = 1_000_000;
const WARM_UP_GRANTS = 3_000;
const SYNC_SECONDS = 0.2;
/** Each fills a folder of its own. */
const HOOK_ROUNDS = 3;

/** Runs the plan in a folder of its own and leaves nothing behind, whatever happens. */
async function run(plan: Plan): Promise<Measured> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kms-grants-bench-'));
  const running: Running[] = [];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      for (const { child } of running) child.kill('SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
      process.exit(130);
    });
  }
  try {
    const measured = await measure(plan, dataDir, running);
    await Promise.all(running.splice(0).map(stop));
    for (let round = 0; round < HOOK_ROUNDS; round += 1) {
      tell(`hook ${round + 1} of ${HOOK_ROUNDS}`);
      measured.hooks.push(await hookRun(join(dataDir, `hook-${round}`), plan.hook, running));
    }
    tell('hook at a rate');
    measured.rated = await ratedRun(join(dataDir, 'rated'), plan.ratedPerSecond, running);
    return measured;
  } finally {
    await Promise.all(running.map(stop));
    rmSync(dataDir, { recursive: true });
  }
}

/** Fills the folder, starts both servers and warms them up. */
async function prepare(plan: Plan, dataDir: string, running: Running[]) {
  tell('filling');
  const revokeSizes = Array.from({ length: plan.rounds }, () => plan.revokeGrants);
  const { demo, keys } = await fill(dataDir, [
    WARM_UP_GRANTS,
    plan.upstreamGrants * (plan.rounds + 1),
    ...revokeSizes,
    ...plan.pageGrants,
  ]);
  const [warmUpKey, upstreamKey, ...others] = keys as [FilledKey, FilledKey, ...FilledKey[]];
  const pageKeys = others.slice(plan.rounds);
  const listKey = pageKeys.find(({ grantIds }) => grantIds.length === LIST_GRANTS) as FilledKey;

  tell('starting');
  const service = await startService(dataDir);
  running.push(service);
  const asking: Asking = { service, projectId: demo.project_id, token: await logIn(service.port, demo) };
  const listed = await ask(asking, 'list-grants', listBody(listKey, middleOf(listKey)));
  const revoked = await ask(asking, 'revoke-grant', revokeBody(warmUpKey, warmUpKey.grantIds.pop() as string));
  const floor = await startFloor(
    new Map([
      [pathOf(demo.project_id, 'list-grants'), listed],
      [pathOf(demo.project_id, 'revoke-grant'), revoked],
    ]),
  );
  running.push(floor);

  const target: Target = { ...asking, floor };
  const lists: ListLoad[] = [
    { what: 'list one page', pages: middlePage(target, listKey), at: [1, 16] },
    { what: 'list any page', pages: pagesAnywhere(target, listKey), at: [16] },
  ];
  for (const { pages } of lists) await listTurn(target, pages, 16, plan.warmUpSeconds);
  await revokeTurn(target, warmUpKey, warmUpKey.grantIds, 16, plan.warmUpSeconds);

  const front = await startFront(dataDir, service);
  running.push(front);
  const upstream = (seconds: number) => {
    const grantIds = upstreamKey.grantIds.splice(0, plan.upstreamGrants);
    return upstreamTurns(target, front, { listKey, key: upstreamKey, grantIds, seconds });
  };
  await upstream(plan.warmUpSeconds);
  return { target, lists, revokeKeys: others.slice(0, plan.rounds), pageKeys, upstream };
}

async function measure(plan: Plan, dataDir: string, running: Running[]): Promise<Measured> {
  const { target, lists, revokeKeys, pageKeys, upstream } = await prepare(plan, dataDir, running);
  const measured: Measured = { turns: [], syncsPerSecond: [], pages: [], upstream: [], hooks: [] };
  for (const [round, key] of revokeKeys.entries()) {
    tell(`round ${round + 1} of ${plan.rounds}`);
    measured.turns.push(await takeRound(target, plan, lists, key));
    measured.upstream.push(await upstream(plan.upstreamSeconds));
    measured.syncsPerSecond.push(syncsPerSecond(join(dataDir, `sync-${round}`), SYNC_SECONDS));
  }
  const sweep = Object.entries({ one: middlePage, any: pagesAnywhere }).flatMap(([page, requestsOf]) =>
    pageKeys.map((key) => ({ page, grants: key.grantIds.length, requests: requestsOf(target, key) })),
  );
  for (let round = 0; round < plan.pageRounds; round += 1) {
    tell(`pages ${round + 1} of ${plan.pageRounds}`);
    const taken: PagesRound[] = [];
    for (const { page, grants, requests } of sweep) {
      taken.push({ page, grants, service: await listRound(target, requests, 16, plan.pageSeconds) });
    }
    measured.pages.push(taken);
  }
  tell('');
  return measured;
}

interface ListLoad {
  what: string;
  pages: Buffer[];
  /** Connections. */
  at: number[];
}

async function takeRound(
  target: Target,
  { seconds, revokeAlone }: Plan,
  lists: ListLoad[],
  revokeKey: FilledKey,
): Promise<NamedTurn[]> {
  const { grantIds } = revokeKey;
  const turns: NamedTurn[] = [];
  for (const { what, pages, at } of lists) {
    for (const connections of at) {
      turns.push({ what, connections, ...(await listTurn(target, pages, connections, seconds)) });
    }
  }
  let left = grantIds.length;
  for (const [connections, ids] of [
    [1, grantIds.slice(0, revokeAlone)],
    [16, grantIds.slice(revokeAlone)],
  ] as const) {
    const turn = await revokeTurn(target, revokeKey, ids, connections, seconds);
    left -= turn.service.answered;
    await assertTotal(target, revokeKey, left);
    turns.push({ what: 'revoke', connections, ...turn });
  }
  return turns;
}

/** Progress, on one line; only where someone watches. */
function tell(what: string): void {
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
