/** A running service with one webhook source of each kind, and functions that send and sign webhooks as sources do. */
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
const WAIT_MAX_MS = 60_000;
const HOUR_MS = 3_600_000;

export interface WebhookResponse extends ApiResponse {
  /** The body as received. */
  text: string;
}

type SendEvent = (body: unknown, options?: SendOptions) => Promise<WebhookResponse>;

export interface SendOptions {
  /** Default: `hr`. */
  source?: string;
  /** The delivery id; a new one when absent. */
  id?: string;
  secret?: string;
  /** When the request is signed; now by the service's clock when absent. */
  atMs?: number;
  /** Replaces parts of the signed request. */
  change?: RequestOptions;
}

export interface WebhookFixture {
  service: TestService;
  foreignUser: Awaited<ReturnType<TestService['foreignUser']>>;
  /** Overwrites the setting HOOKS. */
  setSources(sources: object): void;
  send(path: string, options: RequestOptions): Promise<WebhookResponse>;
  /** Sends an event of the kind `standard`, signed by the reference library of Standard Webhooks. */
  sendEvent: SendEvent;
  /** Like `sendEvent`, but waits for the end of the job; `body` is the job. */
  sendEventAndWait: SendEvent;
  /** Waits for the end of a job. @returns the job as the API shows it */
  endedJob(jobId: string): Promise<ApiResponse['body']>;
  /** Waits until the queue is empty. */
  queueIsEmpty(): Promise<void>;
  job(jobId: string, user?: TestService['creator'], projectId?: string): Promise<ApiResponse>;
  stop(): Promise<void>;
}

/**
 * Starts the service. Its sources: `hr` may do everything in two projects, `narrow` may revoke single grants in one;
 * `okta`, `workos`, `scim` and `github` have the kind of their name.
 */
export async function startWebhookFixture(): Promise<WebhookFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'kms-grants-webhooks-'));
  const path = join(folder, 'hooks.json');
  // The service reads the file with the first webhook, so the file may name a project that is created only below.
  const service = await startService({ HOOKS: `file:${path}` });
  const foreignUser = await service.foreignUser();
  // The queue uses the system clock. One hour later by the service's clock, every message is due.
  service.clock.nowMs += HOUR_MS;
  const setSources = (sources: object) => writeFileSync(path, JSON.stringify(sources));
  setSources(sourceSettings(service.demo.project_id, foreignUser.project_id));

  async function send(to: string, { method = 'POST', headers = {}, body }: RequestOptions): Promise<WebhookResponse> {
    const init = body === undefined ? { method, headers } : { method, headers, body: textOf(body) };
    const response = await fetch(service.url + to, init);
    const text = await response.text();
    const { status } = response;
    return { status, headers: response.headers, text, body: text === '' ? undefined : JSON.parse(text) };
  }

  const sendEvent: SendEvent = (body, { source = 'hr', change = {}, ...signing } = {}) => {
    const request = signEvent(body, { atMs: service.clock.nowMs, ...signing });
    return send(`/hooks/${source}`, { ...request, ...change, headers: { ...request.headers, ...change.headers } });
  };

  async function job(jobId: string, user = service.creator, projectId = service.demo.project_id): Promise<ApiResponse> {
    const headers = { 'X-Auth-Token': await service.token(user, projectId) };
    return service.send(`/hooks/jobs/${jobId}`, { method: 'GET', headers });
  }

  function endedJob(jobId: string) {
    return waitFor(`the end of job ${jobId}`, async () => {
      const body = okBody(await job(jobId));
      return ['queued', 'running'].includes(body.state) ? undefined : body;
    });
  }

  async function queueIsEmpty(): Promise<void> {
    const queue = service.services.queue as SqliteQueue;
    await waitFor('an empty queue', async () => queue.nextDueAtMs() === undefined || undefined);
  }

  return {
    service,
    foreignUser,
    setSources,
    send,
    sendEvent,
    job,
    endedJob,
    queueIsEmpty,
    async sendEventAndWait(body, options) {
      const response = await sendEvent(body, options);
      return { ...response, body: await endedJob(okBody(response).job_id) };
    },
    async stop() {
      await service.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Calls `read` until it returns a value. */
export async function waitFor<T>(what: string, read: () => Promise<T | undefined>): Promise<T> {
  const endsAtMs = performance.now() + WAIT_MAX_MS;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (performance.now() > endsAtMs) throw new Error(`timed out waiting for: ${what}`);
    // Lets the service run, which is in this process.
    await nextTurn();
  }
}

export function sourceSettings(projectId: string, secondProjectId?: string) {
  const common = { secrets: [PLAIN_SECRET], projects: [projectId], actions: ALL_ACTIONS };
  const projects = secondProjectId === undefined ? [projectId] : [projectId, secondProjectId];
  const publicKey = gitHubKeys.publicKey.export({ format: 'pem', type: 'spki' });
  return {
    hr: { kind: 'standard', secrets: [SECRET], projects, actions: ALL_ACTIONS, maxPrincipals: 1000 },
    narrow: { kind: 'standard', secrets: [SECRET], projects: [projectId], actions: ['grant.revoke'] },
    okta: { kind: 'okta', ...common },
    workos: { kind: 'workos', ...common },
    scim: { kind: 'scim', ...common },
    github: { kind: 'github', ...common, secrets: [publicKey] },
  };
}

/** Signs an event with the reference library of Standard Webhooks. @param body JSON, or the text itself */
export function signEvent(
  body: unknown,
  { id = `msg_${randomUUID()}`, secret = SECRET, atMs }: Pick<SendOptions, 'id' | 'secret'> & { atMs: number },
): { headers: Record<string, string>; body: string } {
  const text = textOf(body);
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(atMs / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(atMs), text),
  };
  return { headers, body: text };
}

/** Signs with the library of WorkOS. */
export async function signWorkos(body: unknown, atMs: number): Promise<RequestOptions> {
  const text = textOf(body);
  const signature = await new WorkOS('sk_test').webhooks.computeSignature(atMs, Buffer.from(text), PLAIN_SECRET);
  return { headers: { 'workos-signature': `t=${atMs}, v1=${signature}` }, body: text };
}

/** Signs as GitHub does, with the key that the source `github` has in `sourceSettings`. */
export function signGitHub(body: unknown): RequestOptions {
  const text = textOf(body);
  const headers = {
    'github-public-key-identifier': 'key-of-the-test',
    'github-public-key-signature': sign('sha256', Buffer.from(text), gitHubKeys.privateKey).toString('base64'),
  };
  return { headers, body: text };
}

const textOf = (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body));
