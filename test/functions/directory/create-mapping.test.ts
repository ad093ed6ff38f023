/** Also tests: functions/directory/delete-mapping.ts, lib/webhooks/mapping-fields.ts. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Mapping } from '../../../lib/domain/job.ts';
import { okBody } from '../../support/create.ts';
import { expectError, expectErrorAndNoWrite } from '../../support/expect-error.ts';
import { type DirectoryService, sourcesOfBoth, startDirectoryService } from './fixture.ts';

const NO_API: [number, string] = [404, 'APIGW.0101'];
const INVALID: [number, string] = [400, 'KMS.0308'];

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

const stored = () => service.services.store.mappings.list();
const put = (mapping: Mapping) => service.services.store.mappings.put(mapping);
const send = (name: string, body: object) => service.kms(service.tenant, name, body);
const sendAsStranger = (name: string, body: object) =>
  service.kms(service.stranger, name, body, service.stranger.project_id);

test('a new mapping is stored with the e-mail address in lower case, and a second time once', async () => {
  const body = { ...wire, identity: 'Ann@Example.com' };
  expect(okBody(await send('create-mapping', body))).toEqual(wire);
  expect(okBody(await send('create-mapping', body))).toEqual(wire);
  expect(await stored()).toEqual([ann]);
});

test('a deleted mapping is gone, and those of other principals stay', async () => {
  const other = { ...ann, grantee: service.creator.user_id };
  await put(ann);
  await put(other);
  expect(okBody(await send('delete-mapping', { ...wire, identity: 'ANN@example.com' }))).toEqual({});
  expect(await stored()).toEqual([other]);
  await expectErrorAndNoWrite(service, () => send('delete-mapping', wire), NO_API);
});

test('the sources of another domain, absent ones and * get the same 404, and nothing is written', async () => {
  await put(theirs);
  await put({ ...ann, source: '*' });
  await put({ ...ann, source: 'removed' });
  for (const name of ['create-mapping', 'delete-mapping']) {
    const texts = new Set<string>();
    for (const source of ['theirs', 'nowhere', 'removed', '*']) {
      const answer = await expectErrorAndNoWrite(service, () => send(name, { ...wire, source }), NO_API);
      texts.add(answer.body.error_msg);
    }
    expect(texts.size).toBe(1);
  }
  await put(ann);
  await expectErrorAndNoWrite(service, () => sendAsStranger('delete-mapping', wire), NO_API);
  await expectErrorAndNoWrite(service, () => sendAsStranger('create-mapping', wire), NO_API);
  for (const source of ['theirs', 'removed', '*']) expectError(await send('list-mappings', { source }), NO_API);
});

test('malformed fields and unknown ones are refused, and nothing is written', async () => {
  for (const more of [
    { source: 'Not a name' },
    { source: '' },
    { identity: '' },
    { identity: 'x'.repeat(257) },
    { identity: '\ud800' },
    // Composed by NFC, this character becomes two: delete-mapping could not take the identity that the list shows.
    { identity: '\u0958'.repeat(129) },
    { principal: 'x' },
  ]) {
    await expectErrorAndNoWrite(service, () => send('create-mapping', { ...wire, ...more }), INVALID);
  }
  const body = { ...wire, grantee_principal: 'not-an-id' };
  await expectErrorAndNoWrite(service, () => send('create-mapping', body), [400, 'KMS.2402']);
});
