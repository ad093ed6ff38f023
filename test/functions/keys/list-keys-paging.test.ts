/** list-keys while keys come and go: every surviving key is met once, whatever the size of a page. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deleteDueKeys } from '../../../lib/authority/standalone/key-deletion.ts';
import { newKey, okBody } from '../../support/create.ts';
import { readAllPages } from '../../support/pages.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

let service: TestService;
/** The project's keys in the order of the list. */
let keys: string[];
beforeEach(async () => {
  service = await startService();
  keys = service.demo.keys.map(({ key_id }) => key_id).sort();
  for (let n = 0; n < 14; n += 1) keys.push(await newKey(service));
});
afterEach(() => service.stop());

/** With a token made for the one request: deletion takes days, and a token lasts one. */
async function list(body: object): Promise<ApiResponse> {
  const { services, creator, demo } = service;
  const project = { id: demo.project_id };
  const { token } = await services.tokens.issue({ user: { id: creator.user_id }, password: creator.password, project });
  return service.send(`/v1.0/${demo.project_id}/kms/list-keys`, { headers: { 'X-Auth-Token': token }, body });
}

test.each([1, 2, 7, 1000])('by pages of %i: each survivor once, in order, each total exact', async (limit) => {
  const { creator, clock, services } = service;
  // One goes a day from the seventh day on: some before, some behind, some at the marker of the time.
  const going = [keys[9], keys[3], keys[15], keys[0], keys[12], keys[6]];
  for (const [at, key_id] of going.entries()) {
    okBody(await service.kms(creator, 'schedule-key-deletion', { key_id, pending_days: String(7 + at) }));
  }
  clock.nowMs += 6.5 * DAY_MS;

  const gone = new Set<string | undefined>();
  const added: string[] = [];
  const totals = [16];
  const pages = await readAllPages(
    (body) => list({ limit, ...body }),
    async () => {
      clock.nowMs += DAY_MS;
      const deleted = await deleteDueKeys(services.store.grants, services.now);
      for (const key of going.slice(gone.size, gone.size + deleted)) gone.add(key);
      if (added.length < 3) {
        const ask = {
          alias: `added-${added.length}`,
          description: '',
          keySpec: 'AES_256',
          keyUsage: 'ENCRYPT_DECRYPT',
        };
        added.push((await services.authority.createKey(contextOf(service), ask)).keyId);
      }
      totals.push(16 - gone.size + added.length);
    },
  );
  const all: string[] = pages.flatMap((page) => page.keys);
  const survivors = [...keys.filter((key) => !gone.has(key)), ...added];
  expect(new Set(all).size).toBe(all.length);
  expect(all.filter((key) => survivors.includes(key))).toEqual(survivors);
  expect(pages.map(({ total }) => total)).toEqual(totals);
  for (const page of pages) expect(page.key_details).toHaveLength(page.keys.length);
});

function contextOf({ creator, demo }: TestService) {
  const caller = { userId: creator.user_id, domainId: creator.domain_id, roles: [] };
  const request = { channel: 'http' as const, requestId: '', action: 'create-key', body: new Uint8Array() };
  return { caller, projectId: demo.project_id, ...request };
}

test('by state, while keys change theirs between the pages', async () => {
  const page = (body: object) => service.kms(service.reader, 'list-keys', { key_state: '2', limit: 5, ...body });
  const disabled: (string | undefined)[] = [];
  const pages = await readAllPages(page, async () => {
    // One already met, the one that the marker names, one still ahead.
    for (const at of [0, 4, 10].map((place) => place + disabled.length / 3)) {
      okBody(await service.kms(service.creator, 'disable-key', { key_id: keys[at] }));
      disabled.push(keys[at]);
    }
  });
  const all: string[] = pages.flatMap((one) => one.keys);
  expect(new Set(all).size).toBe(all.length);
  const enabled = keys.filter((key) => !disabled.includes(key));
  expect(all.filter((key) => enabled.includes(key))).toEqual(enabled);
  expect(pages.map(({ total }) => total)).toEqual([16, 13, 10]);
});
