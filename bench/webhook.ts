/** What one webhook does in one step, beside what it replaces: all grants of a principal, one call after the other. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import type { Round } from './client.ts';
import { type FilledKey, fill } from './fill.ts';
import { type Asking, ask, listRound, middlePage, revokeRound } from './loads.ts';
import { logIn, type Running, startService, stop } from './service.ts';

/** How much of what there is to revoke, and what of others is there beside it. */
export interface HookPlan {
  keys: number;
  /** Grants of the principal on each key; others have as many. */
  each: number;
  /** Grants that others revoke meanwhile. */
  others: number;
}

export interface HookRun {
  grants: number;
  keys: number;
  /** From the hook sent to the job done. */
  hookMs: number;
  /** What the same takes by revoke-grant, at one connection and at 16. */
  aloneMs: number;
  at16Ms: number;
  /** Of others' requests while the job ran, the slowest round's. */
  listP99Ms: number;
  revokeP99Ms: number;
  othersAnswered: number;
}

const ROUND_SECONDS = 0.25;
const OTHERS_CONNECTIONS = 4;
/** Enough for a rate; the rest of the time is worked out from it. */
const SAMPLE = 1_000;

/** Fills a folder of its own, starts the service on it, and has everything of one principal revoked by a hook. */
export async function hookRun(dataDir: string, plan: HookPlan, running: Running[]): Promise<HookRun> {
  mkdirSync(dataDir);
  const principal = randomBytes(16).toString('hex');
  const other = randomBytes(16).toString('hex');
  const [first, ...sizes] = Array.from({ length: plan.keys }, () => 2 * plan.each) as [number, ...number[]];
  const granteeOf = (n: number) => (n < 2 * plan.each && n % 2 === 0 ? principal : other);
  const { demo, keys } = await fill(dataDir, [first + plan.others + SAMPLE * 2, ...sizes], granteeOf);
  // Others work on the first key.
  const [shared] = keys as [FilledKey];
  const { secret, settings } = sourceIn(dataDir, demo.project_id);
  const service = await startService(dataDir, settings);
  running.push(service);
  try {
    const asking: Asking = { service, projectId: demo.project_id, token: await logIn(service.port, demo) };
    return await measure(asking, { principal, other, shared, secret, keys: keys.length });
  } finally {
    await stop(service);
  }
}

/** The settings of a service that one source may tell of somebody who left. */
function sourceIn(dataDir: string, projectId: string) {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const bench = { kind: 'standard', secrets: [secret], projects: [projectId], actions: ['principal.disabled'] };
  const file = join(dataDir, 'hooks.json');
  writeFileSync(file, JSON.stringify({ bench }), { mode: 0o600 });
  return { secret, settings: { HOOKS: `file:${file}` } };
}

export interface RatedRun {
  perSecond: number;
  grants: number;
  /** Calls at the KMS behind it: the lists before and after too. */
  calls: number;
  tookMs: number;
  /** The least that so many calls take when no second may see more of them. */
  leastMs: number;
}

/** The same in front of another KMS that takes so many calls a second. */
export async function ratedRun(dataDir: string, perSecond: number, running: Running[]): Promise<RatedRun> {
  const [cloudDir, frontDir] = [join(dataDir, 'cloud'), join(dataDir, 'front')];
  for (const folder of [dataDir, cloudDir, frontDir]) mkdirSync(folder);
  const principal = randomBytes(16).toString('hex');
  const { demo, keys } = await fill(cloudDir, Array(RATED_KEYS).fill(RATED_EACH), () => principal);
  const cloud = await startService(cloudDir);
  running.push(cloud);
  const { secret, settings } = sourceIn(frontDir, demo.project_id);
  const endpoint = `http://127.0.0.1:${cloud.port}`;
  const [creator] = demo.users;
  const front = await startService(frontDir, {
    ...settings,
    AUTHORITY: 'upstream',
    KMS_ENDPOINT: endpoint,
    KMS_CREDENTIALS: 'env',
    KMS_ACCESS_KEY: creator?.access_key ?? '',
    KMS_SECRET_KEY: creator?.secret_key ?? '',
    KMS_RATE_PER_SECOND: String(perSecond),
    IDENTITY: 'keystone',
    IAM_ENDPOINT: endpoint,
  });
  running.push(front);
  try {
    const asking: Asking = { service: front, projectId: demo.project_id, token: await logIn(cloud.port, demo) };
    const sentAtMs = performance.now();
    await untilDone(asking, await sendHook(asking, secret, principal));
    const tookMs = performance.now() - sentAtMs;
    if ((await totalOf({ ...asking, service: cloud }, principal)) !== 0) throw new Error('grants are left');
    const grants = RATED_KEYS * RATED_EACH;
    // list-keys and list-grants of each key, the demo's two too, before and after; each grant once.
    const calls = grants + 2 * (1 + keys.length + 2);
    return { perSecond, grants, calls, tookMs, leastMs: Math.floor((calls - 1) / perSecond) * 1000 };
  } finally {
    await Promise.all([stop(front), stop(cloud)]);
  }
}

const RATED_KEYS = 20;
const RATED_EACH = 10;

interface Filled {
  principal: string;
  other: string;
  shared: FilledKey;
  secret: string;
  keys: number;
}

async function measure(asking: Asking, { principal, other, shared, secret, keys }: Filled): Promise<HookRun> {
  const theirs = await idsOf(asking, shared, other);
  const alone = await revokeRound(asking, shared, theirs.splice(0, SAMPLE), 1, 60);
  const at16 = await revokeRound(asking, shared, theirs.splice(0, SAMPLE), 16, 60);
  const grants = await totalOf(asking, principal);

  const sentAtMs = performance.now();
  const jobId = await sendHook(asking, secret, principal);
  const job = { isDone: false };
  const done = untilDone(asking, jobId).then(() => {
    job.isDone = true;
    return performance.now() - sentAtMs;
  });
  const lists: Round[] = [];
  const revokes: Round[] = [];
  while (!job.isDone) {
    lists.push(await listRound(asking, middlePage(asking, shared), OTHERS_CONNECTIONS, ROUND_SECONDS));
    revokes.push(await revokeRound(asking, shared, theirs.splice(0, SAMPLE / 4), OTHERS_CONNECTIONS, ROUND_SECONDS));
  }
  const hookMs = await done;
  if ((await totalOf(asking, principal)) !== 0) throw new Error('the job is done and grants are left');
  const p99 = (rounds: Round[]) => Math.max(...rounds.map(({ p99Ms }) => p99Ms));
  return {
    grants,
    keys,
    hookMs,
    aloneMs: (grants / alone.perSecond) * 1000,
    at16Ms: (grants / at16.perSecond) * 1000,
    listP99Ms: p99(lists),
    revokeP99Ms: p99(revokes),
    othersAnswered: [...lists, ...revokes].reduce((sum, { answered }) => sum + answered, 0),
  };
}

async function told<T>(asking: Asking, name: string, body: object): Promise<T> {
  const { status, body: text } = await ask(asking, name, body);
  if (status !== 200) throw new Error(`${name}: ${status} ${text}`);
  return JSON.parse(text) as T;
}

async function idsOf(asking: Asking, { keyId }: FilledKey, grantee: string): Promise<string[]> {
  const ids: string[] = [];
  for (let marker = ''; ; ) {
    const body = { key_id: keyId, grantee_principal: grantee, marker };
    const page = await told<{ grants: { grant_id: string }[]; next_marker: string }>(asking, 'list-grants', body);
    ids.push(...page.grants.map(({ grant_id }) => grant_id));
    if (page.next_marker === '') return ids;
    marker = page.next_marker;
  }
}

async function totalOf(asking: Asking, principal: string): Promise<number> {
  const body = { grantee_principal: principal, limit: 1 };
  return (await told<{ total: number }>(asking, 'list-principal-grants', body)).total;
}

async function sendHook({ service }: Asking, secret: string, principal: string): Promise<string> {
  const body = JSON.stringify({ type: 'principal.disabled', data: { grantee_principal: principal } });
  const [id, now] = ['msg_bench', new Date()];
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, now, body),
  };
  const answer = await fetch(`http://127.0.0.1:${service.port}/hooks/bench`, { method: 'POST', headers, body });
  if (answer.status !== 200) throw new Error(`the hook: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { job_id: string }).job_id;
}

async function untilDone({ service, token }: Asking, jobId: string): Promise<void> {
  for (;;) {
    const url = `http://127.0.0.1:${service.port}/hooks/jobs/${jobId}`;
    const { state } = (await (await fetch(url, { headers: { 'x-auth-token': token } })).json()) as { state: string };
    if (state === 'done') return;
    await after(20);
  }
}
