/** A service process is killed ten times at random moments while a job revokes 10,000 grants. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ChangeEvent } from '../../../lib/domain/events.ts';
import { openSqliteStore } from '../../../lib/store/sqlite/sqlite.ts';
import type { Store } from '../../../lib/store/store.ts';
import { auditDatabase } from '../../support/oracles/sqlite.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../../support/process.ts';
import { createManyGrants, type ManyGrants } from './many-grants.ts';

const KILLS = 10;
const SIZE = { keys: 200, grantsPerKey: 50, otherGrantsPerKey: 2 };
const GRANTS = SIZE.keys * SIZE.grantsPerKey;

let folder: string;
let dataDir: string;
let manyGrants: ManyGrants;
let service: ServiceProcess;
let store: Store;

beforeAll(async () => {
  folder = newDataDir();
  dataDir = join(folder, 'data');
  manyGrants = await createManyGrants(dataDir, SIZE);
  service = await startProcess(dataDir, [], manyGrants.env);
  store = openSqliteStore(join(dataDir, 'kms-grants.db'));
}, 120_000);
afterAll(async () => {
  await service?.stop('SIGKILL');
  await store?.close();
  if (folder) rmSync(folder, { recursive: true });
});

const remainingGrants = async () =>
  (await store.grants.listByGrantee(manyGrants.demo.project_id, manyGrants.principal, { limit: 1 })).total;

/** The events about the principal's grants, oldest first. */
async function principalEvents(): Promise<ChangeEvent[]> {
  const events = await store.events.list(manyGrants.demo.project_id, { grantee: manyGrants.principal }, 3 * GRANTS);
  return events.toReversed();
}

test('a job resumes after each of ten kills (SIGKILL) and revokes every grant once, with one event', async () => {
  const { demo, principal, signEvent } = manyGrants;
  const { headers, body } = signEvent({
    type: 'principal.disabled',
    data: { grantee_principal: principal, reason: 'left' },
  });
  const response = await fetch(`${service.url}/hooks/hr`, { method: 'POST', headers, body });
  const { job_id: jobId } = (await response.json()) as { job_id: string };
  expect(response.status).toBe(200);

  const remainingAtKills: number[] = [];
  for (let kills = 0; kills < KILLS; kills += 1) {
    // A random moment early enough to leave work for the kills to come.
    const remaining = await remainingGrants();
    const killAt = remaining - randomInt(1, Math.max(2, Math.ceil(remaining / (KILLS - kills + 1))));
    while ((await remainingGrants()) > killAt) await pause(1);
    const exited = once(service.child, 'exit');
    service.child.kill('SIGKILL');
    await exited;
    remainingAtKills.push(await remainingGrants());
    expect(auditDatabase(join(dataDir, 'kms-grants.db'))).toEqual([]);
    service = await startProcess(dataDir, [], manyGrants.env);
  }
  // Each kill came while the job was making progress.
  expect(new Set(remainingAtKills).size).toBe(KILLS);
  expect(remainingAtKills.at(-1)).toBeGreaterThan(0);

  for (;;) {
    const job = await store.jobs.job(jobId);
    if (job?.state === 'done') break;
    await pause(20);
  }
  expect(await remainingGrants()).toBe(0);
  expect(await store.jobs.job(jobId)).toMatchObject({ state: 'done', revoked: GRANTS, leftovers: [] });

  const revokes = (await principalEvents()).filter(({ action }) => action !== 'create-grant');
  expect(revokes).toHaveLength(GRANTS);
  expect(new Set(revokes.map(({ grant }) => grant?.grant_id)).size).toBe(GRANTS);
  for (const { action, channel, actor, reason, requestId } of revokes) {
    expect({ action, channel, actor, reason, requestId }).toEqual({
      action: 'principal.disabled',
      channel: 'webhook',
      actor: 'hook:hr',
      reason: 'left',
      requestId: jobId,
    });
  }
  const others = await Promise.all(
    manyGrants.otherGrantIds.map((grantId) => store.grants.grant(demo.project_id, grantId)),
  );
  expect(others.every((grant) => grant !== undefined)).toBe(true);
  expect(auditDatabase(join(dataDir, 'kms-grants.db'))).toEqual([]);
}, 120_000);
