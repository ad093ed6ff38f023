/** Also tests: lib/webhooks/mappings.ts, lib/webhooks/mapping-fields.ts. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Mapping } from '../../../lib/domain/job.ts';
import { okBody } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { type DirectoryService, sourcesOfBoth, startDirectoryService } from './fixture.ts';

let service: DirectoryService;
let ann: Mapping;
let theirs: Mapping;
let wire: { source: string; identity: string; grantee_principal: string };

beforeAll(async () => {
  service = await startDirectoryService();
  service.setSources(sourcesOfBoth(service));
  const grantee = service.grantee.user_id;
  ann = { source: 'idp', identity: 'ann@example.com', grantee };
  wire = { source: 'idp', identity: 'ann@example.com', grantee_principal: grantee };
  theirs = { source: 'theirs', identity: 'ann@example.com', grantee };
});
afterAll(() => service.stop());

beforeEach(async () => {
  const { mappings } = service.services.store;
  for (const mapping of await mappings.list()) await mappings.remove(mapping);
});

const put = (mapping: Mapping) => service.services.store.mappings.put(mapping);
const send = (name: string, body: object) => service.kms(service.tenant, name, body);
const sendAsStranger = (name: string, body: object) =>
  service.kms(service.stranger, name, body, service.stranger.project_id);

test('the list has the mappings of the own sources, with the names of users of the own domain', async () => {
  await put(ann);
  await put(theirs);
  await put({ ...ann, identity: 'bob', grantee: service.stranger.user_id });
  await put({ ...ann, source: '*' });
  expect(okBody(await send('list-mappings', {}))).toEqual({
    mappings: [
      { ...wire, name: 'grantee' },
      { source: 'idp', identity: 'bob', grantee_principal: service.stranger.user_id },
    ],
    next_marker: '',
    truncated: 'false',
  });
  const { mappings } = okBody(await sendAsStranger('list-mappings', {}));
  expect(mappings).toEqual([{ source: 'theirs', identity: ann.identity, grantee_principal: ann.grantee }]);
});

test('the list can be limited to a source, to an identity in any case, and to a principal', async () => {
  const bob = { ...ann, identity: 'bob', grantee: service.creator.user_id };
  await put(ann);
  await put(bob);
  const identities = async (filter: object) =>
    okBody(await send('list-mappings', filter)).mappings.map(({ identity }: Mapping) => identity);
  expect(await identities({ source: 'idp' })).toEqual([ann.identity, 'bob']);
  expect(await identities({ identity: 'ANN@example.com' })).toEqual([ann.identity]);
  expect(await identities({ identity: 'BOB', source: 'idp' })).toEqual(['bob']);
  expect(await identities({ grantee_principal: bob.grantee })).toEqual(['bob']);
  expect(await identities({ identity: 'bob', grantee_principal: ann.grantee })).toEqual([]);
});

test('pages return each mapping once, in any script, also when the last one of a page is deleted meanwhile', async () => {
  const names = ['ann', 'böb', 'č', '\u{ff5e}', '\u{1f600}', 'zoë@example.com'];
  for (const identity of names) await put({ ...ann, identity });
  const seen: string[] = [];
  let marker = '';
  do {
    const page = okBody(await send('list-mappings', { limit: 2, marker }));
    expect(page.mappings.length).toBe(2);
    seen.push(...page.mappings.map(({ identity }: Mapping) => identity));
    await service.services.store.mappings.remove({ ...ann, identity: seen.at(-1) ?? '' });
    expect(page.truncated).toBe(page.next_marker === '' ? 'false' : 'true');
    marker = page.next_marker;
  } while (marker !== '');
  expect(seen.toSorted()).toEqual(names.toSorted());
  expect(new Set(seen).size).toBe(names.length);
});

test('a marker that is none is 400 KMS.1602', async () => {
  for (const marker of ['x', '1', 7, Buffer.from('["a"]').toString('base64url')]) {
    expectError(await send('list-mappings', { marker }), [400, 'KMS.1602']);
  }
});
