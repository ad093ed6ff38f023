/** Also tests: lib/lookup/, lib/validation/lookup-fields.ts. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newJob } from '../../../lib/domain/job.ts';
import { newGrant, newKey, okBody, type User } from '../../support/create.ts';
import { expectError } from '../../support/expect-error.ts';
import { startService, type TestService } from '../../support/service.ts';

const NOTHING = { matches: [] };

let service: TestService;
let foreigner: User & { project_id: string };
/** A key of the foreign project, with a grant to `outsider`. */
let foreign: { key_id: string; grant_id: string };
beforeAll(async () => {
  service = await startService();
  foreigner = await service.foreignUser();
  const key_id = await newKey(service, foreigner, { key_alias: 'their-secret' });
  const grant_id = await newGrant(service, key_id, { grantee_principal: 'outsider' }, foreigner);
  foreign = { key_id, grant_id };
});
afterAll(() => service.stop());

const search = async (query: string, user: User = service.reader) =>
  okBody(await service.kms(user, 'search', { query }, user.project_id));

/** Stores a job of these projects. */
async function newJobOf(jobId: string, projectIds: string[]): Promise<void> {
  const task = { action: 'revoke-principal', grantee: 'p1', type: 'principal.disabled' } as const;
  const parts = { jobId, source: 'hr', deliveryId: jobId, projectIds, tasks: [task], state: 'leftovers' } as const;
  await service.services.store.jobs.add(newJob(parts, service.clock.nowMs));
}

describe('a principal', () => {
  test('a user is found by id and by exact name, with the number of grants in the project', async () => {
    const { grantee } = service;
    const match = { type: 'principal', principal_id: grantee.user_id, name: 'grantee', grants: 5 };
    expect(await search(grantee.user_id)).toEqual({ matches: [match] });
    expect(await search(' grantee ')).toEqual({ matches: [match] });
    expect(await search('grante')).toEqual(NOTHING);
  });

  test('a user without grants is found', async () => {
    const { reader } = service;
    expect(await search('reader')).toEqual({
      matches: [{ type: 'principal', principal_id: reader.user_id, name: 'reader', grants: 0 }],
    });
  });

  test('an id that nobody knows is found while it has grants, and later by its receipts', async () => {
    const { creator } = service;
    expect(await search('robot7')).toEqual(NOTHING);
    const key_id = await newKey(service);
    const grant_id = await newGrant(service, key_id, { grantee_principal: 'robot7' });
    expect(await search('robot7')).toEqual({ matches: [{ type: 'principal', principal_id: 'robot7', grants: 1 }] });
    okBody(await service.kms(creator, 'revoke-grant', { key_id, grant_id }));
    expect(await search('robot7')).toEqual({ matches: [{ type: 'principal', principal_id: 'robot7', grants: 0 }] });
  });

  test('a mapped identity is found, however many foreign principals another source maps it to', async () => {
    const { reader, services } = service;
    const identity = 'zoe@example.com';
    for (let n = 0; n < 40; n++) await services.store.mappings.put({ source: 'a', identity, grantee: `stranger${n}` });
    await services.store.mappings.put({ source: 'z', identity, grantee: reader.user_id });
    const match = { type: 'principal', principal_id: reader.user_id, name: 'reader', identity, grants: 0 };
    expect(await search(identity)).toEqual({ matches: [match] });
  });

  test('a mapped identity of any source leads to its principals, each once', async () => {
    const { creator, reader, services } = service;
    const { mappings } = services.store;
    for (const source of ['okta', '*']) {
      await mappings.put({ source, identity: 'sam@example.com', grantee: creator.user_id });
    }
    await mappings.put({ source: 'okta', identity: 'sam@example.com', grantee: reader.user_id });
    const { matches } = await search('Sam@Example.com');
    const identity = 'sam@example.com';
    expect(matches).toHaveLength(2);
    expect(matches).toEqual(
      expect.arrayContaining([
        { type: 'principal', principal_id: creator.user_id, name: 'creator', identity, grants: 0 },
        { type: 'principal', principal_id: reader.user_id, name: 'reader', identity, grants: 0 },
      ]),
    );
    expect(await search('sam@example.co')).toEqual(NOTHING);
  });
});

describe('a key', () => {
  test('a key is found by its id in any case, by its alias, and else by the beginning of the alias in any case', async () => {
    const [key_id, longer] = [
      await newKey(service, service.creator, { key_alias: 'Bank' }),
      await newKey(service, service.creator, { key_alias: 'bank-two' }),
    ];
    const match = { type: 'key', key_id, key_alias: 'Bank', key_state: '2' };
    const second = { ...match, key_id: longer, key_alias: 'bank-two' };
    for (const query of [key_id, key_id.toUpperCase(), ` ${key_id}\n`, 'Bank']) {
      expect(await search(query)).toEqual({ matches: [match] });
    }
    expect(await search('bANK')).toEqual({ matches: [match, second] });
    expect(await search('bank-')).toEqual({ matches: [second] });
    expect(await search('ank')).toEqual(NOTHING);
  });

  test('at most 20 matches are returned, those with the exact name first', async () => {
    for (let n = 0; n < 22; n += 1) await newKey(service, service.creator, { key_alias: `Many-${n}` });
    const many = await service.addUser('many', 'KMS CMKReadOnlyAccess');
    const { matches } = await search('many');
    expect(matches).toHaveLength(20);
    expect(matches[0]).toMatchObject({ principal_id: many.user_id });
  });
});

describe('a grant', () => {
  test('a grant is found by its id in any case; once it is revoked, by its receipts', async () => {
    const { creator } = service;
    const key_id = await newKey(service);
    const grant_id = await newGrant(service, key_id, { grantee_principal: 'robot8' });
    const match = { type: 'grant', key_id, grant_id, exists: true, grantee_principal: 'robot8' };
    for (const query of [grant_id, grant_id.toUpperCase()]) expect(await search(query)).toEqual({ matches: [match] });
    okBody(await service.kms(creator, 'revoke-grant', { key_id, grant_id }));
    expect(await search(grant_id)).toEqual({ matches: [{ ...match, exists: false }] });
  });
});

describe('a job', () => {
  test('a job of the project is found by its id, with its state', async () => {
    await newJobOf('a'.repeat(32), [service.demo.project_id]);
    const match = { type: 'job', job_id: 'a'.repeat(32), state: 'leftovers' };
    expect(await search('a'.repeat(32))).toEqual({ matches: [match] });
    expect(await search('A'.repeat(32))).toEqual({ matches: [match] });
  });
});

describe('what belongs to others', () => {
  test('nothing of another project or domain is found: the answer is that for something that does not exist', async () => {
    const { services } = service;
    await newJobOf('b'.repeat(32), [foreigner.project_id]);
    await services.store.mappings.put({ source: '*', identity: 'spy@example.com', grantee: foreigner.user_id });
    await services.store.mappings.put({ source: '*', identity: 'out@example.com', grantee: 'outsider' });
    const theirs = [foreigner.user_id, foreigner.domain_id, foreigner.project_id, 'stranger', 'outsider'];
    const things = [foreign.key_id, foreign.grant_id, 'their-secret', 'their', 'b'.repeat(32)];
    for (const query of [...theirs, ...things, 'spy@example.com', 'out@example.com']) {
      expect([query, await search(query)]).toEqual([query, NOTHING]);
    }
    // They exist: their own project finds them.
    for (const query of [...things, 'outsider', 'stranger', 'spy@example.com', 'out@example.com']) {
      expect([query, (await search(query, foreigner)).matches]).toEqual([query, [expect.anything()]]);
    }
  });

  test('a user of another domain who holds a grant is found by id, without a name', async () => {
    const { services } = service;
    const holder = await services.accounts.createUser(foreigner.project_id, 'holder', 'KMS Administrator');
    await newGrant(service, await newKey(service), { grantee_principal: holder.user_id });
    expect(await search(holder.user_id)).toEqual({
      matches: [{ type: 'principal', principal_id: holder.user_id, grants: 1 }],
    });
    expect(await search('holder')).toEqual(NOTHING);
  });

  test('a user of another domain with a role in the project is found by id, with the name', async () => {
    const { demo, services } = service;
    const guest = await services.accounts.createUser(foreigner.project_id, 'guest', 'KMS Administrator');
    await services.store.directory.addRole(guest.user_id, demo.project_id, 'KMS CMKReadOnlyAccess');
    expect(await search(guest.user_id)).toEqual({
      matches: [{ type: 'principal', principal_id: guest.user_id, name: 'guest', grants: 0 }],
    });
  });
});

test.each([['   '], ['x'.repeat(257)], ['\ud800'], [7], [['x']]])('the query %j is refused', async (query) => {
  expectError(await service.kms(service.reader, 'search', { query }), [400, 'KMS.0308']);
});

test('any other text of up to 256 characters finds nothing', async () => {
  for (const query of ['x'.repeat(256), '💣'.repeat(128), '\0', '%', "'; DROP TABLE grants", '__proto__', '#', '*']) {
    expect([query, await search(query)]).toEqual([query, NOTHING]);
  }
  expectError(await service.kms(service.reader, 'search', {}), [400, 'KMS.0204']);
});
