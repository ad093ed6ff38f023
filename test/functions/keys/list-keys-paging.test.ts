/** list-keys while the list changes between pages: each remaining key is listed once, for any page size. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { deleteDueKeys } from '../../../lib/authority/standalone/key-deletion.ts';
import { newKey, okBody, type User } from '../../support/create.ts';
import { readAllPages } from '../../support/pages.ts';
import { startService, type TestService } from '../../support/service.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
const KEYS = 16;

let service: TestService;
let projects = 0;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

/** Creates a project with 16 keys. */
async function newProject() {
  projects += 1;
  const { accounts } = service.services;
  const { project } = await accounts.createProject('paged', `domain-${projects}`);
  const newUser = async (name: string): Promise<User> => ({
    ...(await accounts.createUser(project.projectId, name, 'KMS CMKFullAccess')),
    access_key: '',
    secret_key: '',
    project_id: project.projectId,
  });
  const user = await newUser('creator');
  const keys: string[] = [];
  for (let n = 0; n < KEYS; n += 1) keys.push(await newKey(service, user));
  const send = (name: string, body: object, by = user) => service.kms(by, name, body, project.projectId);
  return { user, keys, newUser, send };
}

test.each([1, 2, 7, 1000])(
  'in pages of %i, while keys are created and deleted, each remaining key is listed once and each total is exact',
  async (limit) => {
    const { keys, newUser, send } = await newProject();
    const { clock, services } = service;
    const startMs = clock.nowMs;
    // One key becomes due an hour after the other: some before the marker, some after it, some at it.
    const scheduled = [9, 3, 15, 0, 12, 6].map((n) => keys[n]);
    for (const key_id of scheduled) {
      okBody(await send('schedule-key-deletion', { key_id, pending_days: '7' }));
      clock.nowMs += HOUR_MS;
    }
    clock.nowMs = startMs + 7 * DAY_MS - HOUR_MS / 2;
    // A token is valid for a day, so the list is read with a new one.
    const user = await newUser('a-week-later');

    const deleted = new Set<string | undefined>();
    const added: string[] = [];
    const totals = [KEYS];
    const pages = await readAllPages(
      (body) => send('list-keys', { limit, ...body }, user),
      async () => {
        clock.nowMs += HOUR_MS;
        const count = await deleteDueKeys(services.store.grants, services.now);
        for (const key of scheduled.slice(deleted.size, deleted.size + count)) deleted.add(key);
        if (added.length < 3) added.push(await newKey(service, user));
        totals.push(KEYS - deleted.size + added.length);
      },
    );
    const listed: string[] = pages.flatMap((page) => page.keys);
    const remaining = [...keys.filter((key) => !deleted.has(key)), ...added];
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.filter((key) => remaining.includes(key))).toEqual(remaining);
    expect(pages.map(({ total }) => total)).toEqual(totals);
    for (const page of pages) expect(page.key_details).toHaveLength(page.keys.length);
  },
);

test('a list by key_state, while keys are disabled between pages, has each enabled key once', async () => {
  const { keys, send } = await newProject();
  const disabled: (string | undefined)[] = [];
  const pages = await readAllPages(
    (body) => send('list-keys', { key_state: '2', limit: 5, ...body }),
    async () => {
      // A key of an earlier page, the key that the marker names, and a key of a later page.
      for (const index of [0, 4, 10].map((first) => first + disabled.length / 3)) {
        okBody(await send('disable-key', { key_id: keys[index] }));
        disabled.push(keys[index]);
      }
    },
  );
  const listed: string[] = pages.flatMap((page) => page.keys);
  expect(new Set(listed).size).toBe(listed.length);
  const enabled = keys.filter((key) => !disabled.includes(key));
  expect(listed.filter((key) => enabled.includes(key))).toEqual(enabled);
  expect(pages.map(({ total }) => total)).toEqual([16, 13, 10]);
});
