/** A webhook source for the backend, and grants of one principal at the upstream. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import type { UpstreamFixture, UpstreamFixtureOptions } from './fixture.ts';
import { service } from './service.ts';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

/** Options for `openUpstreamFixture`: a backend with its own AK/SK and the webhook source `hr`. */
export function withWebhookSource(env: Record<string, string>): UpstreamFixtureOptions {
  const { options } = service(env);
  return {
    ...options,
    env(demo, folder) {
      const settings = typeof options.env === 'function' ? options.env(demo, folder) : {};
      const file = join(folder, 'hooks.json');
      const actions = ['principal.disabled', 'grant.revoke', 'key.compromised'];
      const hr = { kind: 'standard', secrets: [SECRET], projects: [demo.project_id], actions };
      writeFileSync(file, JSON.stringify({ hr }), { mode: 0o600 });
      return { ...settings, HOOKS: `file:${file}` };
    },
  };
}

/** Sends a signed webhook. @returns the id of its job */
export async function sendWebhook(fixture: UpstreamFixture, event: object): Promise<string> {
  const [id, now, body] = [`msg_${randomBytes(12).toString('hex')}`, new Date(), JSON.stringify(event)];
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(SECRET).sign(id, now, body),
  };
  const answer = await fetch(`${fixture.backend().url}/hooks/hr`, { method: 'POST', headers, body });
  const reply = (await answer.json()) as { job_id: string };
  if (answer.status !== 200) throw new Error(`the webhook got ${answer.status} ${JSON.stringify(reply)}`);
  return reply.job_id;
}

export interface JobReply {
  state: string;
  revoked: number;
  remaining: number;
  leftovers: { key_id: string; grant_id: string; error_code: string }[];
}

export async function jobOf(fixture: UpstreamFixture, jobId: string): Promise<JobReply> {
  const headers = { 'x-auth-token': fixture.token(fixture.creator) };
  const answer = await fetch(`${fixture.backend().url}/hooks/jobs/${jobId}`, { headers });
  if (answer.status !== 200) throw new Error(`the job API replied ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as JobReply;
}

/** Waits until the job is in one of these states. @returns the job */
export async function waitForJob(
  fixture: UpstreamFixture,
  jobId: string,
  states: readonly string[],
): Promise<JobReply> {
  for (;;) {
    const job = await jobOf(fixture, jobId);
    if (states.includes(job.state)) return job;
    await pause(20);
  }
}

/** Creates keys at the upstream, each with `each` grants of a new principal and one of the demo's grantee. */
export async function createGrantsAtUpstream(fixture: UpstreamFixture, { keys, each }: { keys: number; each: number }) {
  const principal = randomBytes(16).toString('hex');
  const call = async (name: string, body: object) => {
    const answer = await fixture.callUpstream(fixture.creator, name, body);
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const held: string[] = [];
  const others: { keyId: string; grantId: string }[] = [];
  for (let n = 0; n < keys; n += 1) {
    const keyId = (await call('create-key', { key_alias: `hooked-${principal}-${n}` })).key_info.key_id;
    const grant = async (grantee_principal: string) =>
      (await call('create-grant', { key_id: keyId, grantee_principal, operations: ['encrypt-data'] })).grant_id;
    held.push(...(await Promise.all(Array.from({ length: each }, () => grant(principal)))));
    others.push({ keyId, grantId: await grant(fixture.grantee.user_id) });
  }
  return { principal, held: held.sort(), others };
}
