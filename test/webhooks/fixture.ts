/** A service that hooks may be sent to, with a source of each kind, and senders that sign as those do. */
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WorkOS } from '@workos-inc/node';
import { Webhook } from 'standardwebhooks';
import type { SqliteQueue } from '../../lib/store/sqlite/queue.ts';
import { okBody } from '../support/create.ts';
import { type ApiResponse, type RequestOptions, startService, type TestService } from '../support/service.ts';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const OTHER_SECRET = 'whsec_bm90IGEgc2VjcmV0IGF0IGFsbCwgYnV0IGxvbmc=';
export const PLAIN_SECRET = 'plain-secret-0123456789';
export const ALL_ACTIONS = ['principal.disabled', 'grant.revoke', 'key.compromised'];

const gitHubKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Far longer than any job of a test takes. */
const END_MS = 20_000;
const HOUR_MS = 3_600_000;

export interface HookAnswer extends ApiResponse {
  /** The body as it came. */
  text: string;
}

export type Sender = (body: unknown, options?: Sending) => Promise<HookAnswer>;

export interface Sending {
  source?: string;
  /** Of the delivery; a new one when left out. */
  id?: string;
  secret?: string;
  /** When it is signed; now by the service's clock when left out. */
  atMs?: number;
  /** Changes of what is sent once it is signed. */
  change?: RequestOptions;
}

export interface World {
  service: TestService;
  stranger: Awaited<ReturnType<TestService['foreignUser']>>;
  /** Writes the settings anew. */
  setSources(sources: object): void;
  send(path: string, ask: RequestOptions): Promise<HookAnswer>;
  /** Sends an event of ours, signed by the package that the standard brings. */
  tell: Sender;
  /** The job as it is told, once nothing more happens to it. */
  ended(jobId: string): Promise<ApiResponse['body']>;
  /** Sends an event and waits for the end of its job. */
  tellAndWait: Sender;
  /** When nothing is left in the queue. */
  idle(): Promise<void>;
  job(jobId: string, user?: TestService['creator'], projectId?: string): Promise<ApiResponse>;
  stop(): Promise<void>;
}

/**
 * `hr` may do everything in two projects and `narrow` little in one; `okta`, `workos`, `scim` and `github` are of the
 * kinds that they are called by.
 */
export async function startWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-hooks-'));
  const path = join(folder, 'hooks.json');
  // Not read before the first hook, so it may name what is made only now.
  const service = await startService({ HOOKS: `file:${path}` });
  const stranger = await service.foreignUser();
  // The queue keeps the machine's time: by the service's clock all that is put there is due.
  service.clock.nowMs += HOUR_MS;
  const setSources = (sources: object) => writeFileSync(path, JSON.stringify(sources));
  setSources(sourcesOf(service.demo.project_id, stranger.project_id));

  async function send(to: string, { method = 'POST', headers = {}, body }: RequestOptions): Promise<HookAnswer> {
    const sent = body === undefined ? {} : { body: textOf(body) };
    const response = await fetch(service.url + to, { method, headers, ...sent });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  const tell: Sender = (body, { source = 'hr', change = {}, ...signing } = {}) => {
    const ask = signed(body, { atMs: service.clock.nowMs, ...signing });
    return send(`/hooks/${source}`, { ...ask, ...change, headers: { ...ask.headers, ...change.headers } });
  };

  async function job(jobId: string, user = service.creator, projectId = service.demo.project_id): Promise<ApiResponse> {
    const headers = { 'X-Auth-Token': await service.token(user, projectId) };
    return service.send(`/hooks/jobs/${jobId}`, { method: 'GET', headers });
  }

  function ended(jobId: string) {
    return until(`job ${jobId} ends`, async () => {
      const body = okBody(await job(jobId));
      return ['queued', 'running'].includes(body.state) ? undefined : body;
    });
  }

  async function idle(): Promise<void> {
    const queue = service.services.queue as SqliteQueue;
    await until('the queue is empty', async () => queue.nextDueAtMs() === undefined || undefined);
  }

  return {
    service,
    stranger,
    setSources,
    send,
    tell,
    job,
    ended,
    idle,
    async tellAndWait(body, options) {
      const answer = await tell(body, options);
      return { ...answer, body: await ended(okBody(answer).job_id) };
    },
    async stop() {
      await service.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Looks until there is something to be seen. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const endsAtMs = performance.now() + END_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > endsAtMs) throw new Error(`not in time: ${what}`);
    // The service is in this process and needs its turn.
    await nextTurn();
  }
}

export function sourcesOf(projectId: string, second: string) {
  const one = { secrets: [PLAIN_SECRET], projects: [projectId], actions: ALL_ACTIONS };
  const publicKey = gitHubKeys.publicKey.export({ format: 'pem', type: 'spki' });
  return {
    hr: { kind: 'standard', secrets: [SECRET], projects: [projectId, second], actions: ALL_ACTIONS },
    narrow: { kind: 'standard', secrets: [SECRET], projects: [projectId], actions: ['grant.revoke'] },
    okta: { kind: 'okta', ...one },
    workos: { kind: 'workos', ...one },
    scim: { kind: 'scim', ...one },
    github: { kind: 'github', ...one, secrets: [publicKey] },
  };
}

/** A delivery in the form of Standard Webhooks. @param body JSON, or the text or bytes themselves */
export function signed(
  body: unknown,
  { id = `msg_${randomUUID()}`, secret = SECRET, atMs }: Pick<Sending, 'id' | 'secret'> & { atMs: number },
): { headers: Record<string, string>; body: string } {
  const text = textOf(body);
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(atMs / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(atMs), text),
  };
  return { headers, body: text };
}

/** Signed by the vendor's library. */
export async function workosSigned(body: unknown, atMs: number): Promise<RequestOptions> {
  const text = textOf(body);
  const signature = await new WorkOS('sk_test').webhooks.computeSignature(atMs, Buffer.from(text), PLAIN_SECRET);
  return { headers: { 'workos-signature': `t=${atMs}, v1=${signature}` }, body: text };
}

/** Signed as GitHub does, with a key of this run. */
export function gitHubSigned(body: unknown): RequestOptions {
  const text = textOf(body);
  const headers = {
    'github-public-key-identifier': 'key-of-the-test',
    'github-public-key-signature': sign('sha256', Buffer.from(text), gitHubKeys.privateKey).toString('base64'),
  };
  return { headers, body: text };
}

const textOf = (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body));
