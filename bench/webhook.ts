/** Measures a webhook that revokes all grants of a principal, and compares it with revoking them one by one. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import type { Round } from './client.ts';
import { createKeysWithGrants, type KeyWithGrants } from './fill.ts';
import { type ApiClient, callApi, measureList, measureRevoke, middlePage } from './loads.ts';
import { logIn, type ServerProcess, startService, stop } from './service.ts';

/** The number of keys and grants. */
export interface WebhookPlan {
  keys: number;
  /** Grants of the principal on each key; another principal has as many. */
  each: number;
  /** Grants of the other principal that are revoked through the API meanwhile. */
  others: number;
}

export interface WebhookRun {
  grants: number;
  keys: number;
  /** From sending the webhook to the end of its job. */
  webhookMs: number;
  /** The time that revoke-grant takes for the same grants, at 1 connection and at 16. */
  oneByOneMs: number;
  oneByOneAt16Ms: number;
  /** Latency of other requests while the job ran, in the slowest round. */
  listP99Ms: number;
  revokeP99Ms: number;
  /** Number of replies to other requests while the job ran. */
  otherReplies: number;
}

const ROUND_SECONDS = 0.25;
const OTHER_CONNECTIONS = 4;
/** Grants that are revoked one by one; the time for all is extrapolated from their rate. */
const SAMPLE_GRANTS = 1_000;

/** Creates the grants in a new folder, starts the service on it and measures the webhook. */
export async function measureWebhook(
  dataDir: string,
  plan: WebhookPlan,
  running: ServerProcess[],
): Promise<WebhookRun> {
  mkdirSync(dataDir);
  const principal = randomBytes(16).toString('hex');
  const other = randomBytes(16).toString('hex');
  const [first, ...sizes] = Array.from({ length: plan.keys }, () => 2 * plan.each) as [number, ...number[]];
  const granteeOf = (n: number) => (n < 2 * plan.each && n % 2 === 0 ? principal : other);
  const { demo, keys } = await createKeysWithGrants(
    dataDir,
    [first + plan.others + SAMPLE_GRANTS * 2, ...sizes],
    granteeOf,
  );
  // The other requests use the first key.
  const [shared] = keys as [KeyWithGrants];
  const { secret, settings } = writeSource(dataDir, demo.project_id);
  const service = await startService(dataDir, settings);
  running.push(service);
  try {
    const client: ApiClient = { service, projectId: demo.project_id, token: await logIn(service.port, demo) };
    return await measure(client, { principal, other, shared, secret, keys: keys.length });
  } finally {
    await stop(service);
  }
}

/** Writes the settings of a webhook source. @returns its secret, and the service's setting HOOKS */
function writeSource(dataDir: string, projectId: string) {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const bench = { kind: 'standard', secrets: [secret], projects: [projectId], actions: ['principal.disabled'] };
  const file = join(dataDir, 'hooks.json');
  writeFileSync(file, JSON.stringify({ bench }), { mode: 0o600 });
  return { secret, settings: { HOOKS: `file:${file}` } };
}

export interface RateLimitedRun {
  perSecond: number;
  grants: number;
  /** Calls to the upstream KMS, including the lists before and after the revocations. */
  calls: number;
  durationMs: number;
  /** The shortest time in which the rate limit allows this number of calls. */
  shortestMs: number;
}

/** Measures a webhook of a service whose upstream KMS allows `perSecond` calls a second. */
export async function measureAtRateLimit(
  dataDir: string,
  perSecond: number,
  running: ServerProcess[],
): Promise<RateLimitedRun> {
  const [upstreamDir, serviceDir] = [join(dataDir, 'upstream'), join(dataDir, 'service')];
  for (const folder of [dataDir, upstreamDir, serviceDir]) mkdirSync(folder);
  const principal = randomBytes(16).toString('hex');
  const { demo, keys } = await createKeysWithGrants(
    upstreamDir,
    Array(RATE_LIMITED_KEYS).fill(RATE_LIMITED_EACH),
    () => principal,
  );
  const upstream = await startService(upstreamDir);
  running.push(upstream);
  const { secret, settings } = writeSource(serviceDir, demo.project_id);
  const endpoint = `http://127.0.0.1:${upstream.port}`;
  const [creator] = demo.users;
  const service = await startService(serviceDir, {
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
  running.push(service);
  try {
    const client: ApiClient = { service, projectId: demo.project_id, token: await logIn(upstream.port, demo) };
    const sentAtMs = performance.now();
    await untilDone(client, await sendWebhook(client, secret, principal));
    const durationMs = performance.now() - sentAtMs;
    if ((await totalOf({ ...client, service: upstream }, principal)) !== 0) throw new Error('the job left grants');
    const grants = RATE_LIMITED_KEYS * RATE_LIMITED_EACH;
    // Before and after: list-keys, and list-grants of each key and of the demo's two. In between: one call per grant.
    const calls = grants + 2 * (1 + keys.length + 2);
    return { perSecond, grants, calls, durationMs, shortestMs: Math.floor((calls - 1) / perSecond) * 1000 };
  } finally {
    await Promise.all([stop(service), stop(upstream)]);
  }
}

const RATE_LIMITED_KEYS = 20;
/** Grants on each key. */
const RATE_LIMITED_EACH = 10;

interface Scenario {
  principal: string;
  other: string;
  /** The key of the other requests. */
  shared: KeyWithGrants;
  secret: string;
  keys: number;
}

async function measure(client: ApiClient, { principal, other, shared, secret, keys }: Scenario): Promise<WebhookRun> {
  const otherGrantIds = await idsOf(client, shared, other);
  const oneByOne = await measureRevoke(client, shared, otherGrantIds.splice(0, SAMPLE_GRANTS), 1, 60);
  const oneByOneAt16 = await measureRevoke(client, shared, otherGrantIds.splice(0, SAMPLE_GRANTS), 16, 60);
  const grants = await totalOf(client, principal);

  const sentAtMs = performance.now();
  const jobId = await sendWebhook(client, secret, principal);
  const job = { isDone: false };
  const done = untilDone(client, jobId).then(() => {
    job.isDone = true;
    return performance.now() - sentAtMs;
  });
  const lists: Round[] = [];
  const revokes: Round[] = [];
  while (!job.isDone) {
    lists.push(await measureList(client, middlePage(client, shared), OTHER_CONNECTIONS, ROUND_SECONDS));
    revokes.push(
      await measureRevoke(client, shared, otherGrantIds.splice(0, SAMPLE_GRANTS / 4), OTHER_CONNECTIONS, ROUND_SECONDS),
    );
  }
  const webhookMs = await done;
  if ((await totalOf(client, principal)) !== 0) throw new Error('the job is done but left grants');
  const p99 = (rounds: Round[]) => Math.max(...rounds.map(({ p99Ms }) => p99Ms));
  return {
    grants,
    keys,
    webhookMs,
    oneByOneMs: (grants / oneByOne.perSecond) * 1000,
    oneByOneAt16Ms: (grants / oneByOneAt16.perSecond) * 1000,
    listP99Ms: p99(lists),
    revokeP99Ms: p99(revokes),
    otherReplies: [...lists, ...revokes].reduce((sum, { replies }) => sum + replies, 0),
  };
}

async function callOk<T>(client: ApiClient, name: string, body: object): Promise<T> {
  const { status, body: text } = await callApi(client, name, body);
  if (status !== 200) throw new Error(`${name}: ${status} ${text}`);
  return JSON.parse(text) as T;
}

async function idsOf(client: ApiClient, { keyId }: KeyWithGrants, grantee: string): Promise<string[]> {
  const ids: string[] = [];
  for (let marker = ''; ; ) {
    const body = { key_id: keyId, grantee_principal: grantee, marker };
    const page = await callOk<{ grants: { grant_id: string }[]; next_marker: string }>(client, 'list-grants', body);
    ids.push(...page.grants.map(({ grant_id }) => grant_id));
    if (page.next_marker === '') return ids;
    marker = page.next_marker;
  }
}

async function totalOf(client: ApiClient, principal: string): Promise<number> {
  const body = { grantee_principal: principal, limit: 1 };
  return (await callOk<{ total: number }>(client, 'list-principal-grants', body)).total;
}

async function sendWebhook({ service }: ApiClient, secret: string, principal: string): Promise<string> {
  const body = JSON.stringify({ type: 'principal.disabled', data: { grantee_principal: principal } });
  const [id, now] = ['msg_bench', new Date()];
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, now, body),
  };
  const response = await fetch(`http://127.0.0.1:${service.port}/hooks/bench`, { method: 'POST', headers, body });
  if (response.status !== 200) throw new Error(`the webhook: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { job_id: string }).job_id;
}

async function untilDone({ service, token }: ApiClient, jobId: string): Promise<void> {
  for (;;) {
    const url = `http://127.0.0.1:${service.port}/hooks/jobs/${jobId}`;
    const { state } = (await (await fetch(url, { headers: { 'x-auth-token': token } })).json()) as { state: string };
    if (state === 'done') return;
    await after(20);
  }
}
