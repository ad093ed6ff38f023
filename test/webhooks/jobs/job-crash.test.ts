/** kill -9, ten times at random, while a job revokes 10,000 grants: it finishes, each is revoked once, with one event. */
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

const left = async () =>
  (await store.grants.listByGrantee(manyGrants.demo.project_id, manyGrants.principal, { limit: 1 })).total;

/** All of the principal's receipts, oldest first. */
async function receipts(): Promise<ChangeEvent[]> {
  const events = await store.events.list(manyGrants.demo.project_id, { grantee: manyGrants.principal }, 3 * GRANTS);
  return events.toReversed();
}

test('a job that is killed ten times ends as if nothing had happened', async () => {
  const { demo, principal, signEvent } = manyGrants;
  const { headers, body } = signEvent({
    type: 'principal.disabled',
    data: { grantee_principal: principal, reason: 'left' },
  });
  const answer = await fetch(`${service.url}/hooks/hr`, { method: 'POST', headers, body });
  const { job_id: jobId } = (await answer.json()) as { job_id: string };
  expect(answer.status).toBe(200);

  const leftAtKills: number[] = [];
  for (let kills = 0; kills < KILLS; kills += 1) {
    // At a random moment of the work that is left.
    const before = await left();
    const until = before - randomInt(1, Math.max(2, Math.ceil(before / (KILLS - kills + 1))));
    while ((await left()) > until) await pause(1);
    const ended = once(service.child, 'exit');
    service.child.kill('SIGKILL');
    await ended;
    leftAtKills.push(await left());
    expect(auditDatabase(join(dataDir, 'kms-grants.db'))).toEqual([]);
    service = await startProcess(dataDir, [], manyGrants.env);
  }
  // Each time it was in the middle of it.
  expect(new Set(leftAtKills).size).toBe(KILLS);
  expect(leftAtKills.at(-1)).toBeGreaterThan(0);

  for (;;) {
    const job = await store.jobs.job(jobId);
    if (job?.state === 'done') break;
    await pause(20);
  }
  expect(await left()).toBe(0);
  expect(await store.jobs.job(jobId)).toMatchObject({ state: 'done', revoked: GRANTS, leftovers: [] });

  const revokes = (await receipts()).filter(({ action }) => action !== 'create-grant');
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
