/** A source of hooks for the backend, and grants of one principal at the cloud. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import type { World, WorldOptions } from './fixture.ts';
import { service } from './service.ts';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

/** For `openWorld`: a backend with credentials of its own that listens to the source `hr`. */
export function hooked(env: Record<string, string>): WorldOptions {
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

/** @returns the job's id */
export async function sendHook(world: World, event: object): Promise<string> {
  const [id, now, body] = [`msg_${randomBytes(12).toString('hex')}`, new Date(), JSON.stringify(event)];
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(SECRET).sign(id, now, body),
  };
  const answer = await fetch(`${world.backend().url}/hooks/hr`, { method: 'POST', headers, body });
  const told = (await answer.json()) as { job_id: string };
  if (answer.status !== 200) throw new Error(`the hook: ${answer.status} ${JSON.stringify(told)}`);
  return told.job_id;
}

export interface JobTold {
  state: string;
  revoked: number;
  remaining: number;
  leftovers: { key_id: string; grant_id: string; error_code: string }[];
}

export async function jobOf(world: World, jobId: string): Promise<JobTold> {
  const headers = { 'x-auth-token': world.token(world.creator) };
  const answer = await fetch(`${world.backend().url}/hooks/jobs/${jobId}`, { headers });
  if (answer.status !== 200) throw new Error(`the job: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as JobTold;
}

/** The job once it has come to one of these states. */
export async function jobIn(world: World, jobId: string, states: readonly string[]): Promise<JobTold> {
  for (;;) {
    const job = await jobOf(world, jobId);
    if (states.includes(job.state)) return job;
    await pause(20);
  }
}

/** Keys at the cloud with so many grants of the principal on each, and one of the demo's grantee. */
export async function fillCloud(world: World, { keys, each }: { keys: number; each: number }) {
  const principal = randomBytes(16).toString('hex');
  const ask = async (name: string, body: object) => {
    const answer = await world.askCloud(world.creator, name, body);
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const held: string[] = [];
  const others: { keyId: string; grantId: string }[] = [];
  for (let n = 0; n < keys; n += 1) {
    const keyId = (await ask('create-key', { key_alias: `hooked-${principal}-${n}` })).key_info.key_id;
    const grant = async (grantee_principal: string) =>
      (await ask('create-grant', { key_id: keyId, grantee_principal, operations: ['encrypt-data'] })).grant_id;
    held.push(...(await Promise.all(Array.from({ length: each }, () => grant(principal)))));
    others.push({ keyId, grantId: await grant(world.grantee.user_id) });
  }
  return { principal, held: held.sort(), others };
}
