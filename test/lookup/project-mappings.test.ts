import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type DirectoryService, sourcesOfBoth, startDirectoryService } from '../functions/directory/fixture.ts';
import { okBody } from '../support/create.ts';

let service: DirectoryService;
beforeAll(async () => {
  service = await startDirectoryService();
});
afterAll(() => service.stop());

const map = (source: string, identity: string) =>
  service.services.store.mappings.put({ source, identity, grantee: service.creator.user_id });

async function identitiesOfCreator(): Promise<string[]> {
  const body = { principals: [service.creator.user_id] };
  return okBody(await service.kms(service.reader, 'describe-principals', body)).principals[0].identities;
}

async function isFoundBy(query: string): Promise<boolean> {
  return okBody(await service.kms(service.reader, 'search', { query })).matches.length > 0;
}

test('an unreadable HOOKS leaves the mappings of single sources out, and the search still answers', async () => {
  service.setSources('{');
  await map('idp', 'early@example.com');
  await map('*', 'everywhere@example.com');
  expect(await identitiesOfCreator()).not.toContain('early@example.com');
  expect([await isFoundBy('early@example.com'), await isFoundBy('everywhere@example.com')]).toEqual([false, true]);
});

test('a mapping of a source of another domain names nobody in this project', async () => {
  service.setSources(sourcesOfBoth(service));
  await map('theirs', 'chief@example.com');
  await map('gone', 'former@example.com');
  await map('idp', 'own@example.com');
  service.clock.nowMs += 60_000;
  expect(await isFoundBy('own@example.com')).toBe(true);
  expect(await identitiesOfCreator()).toEqual(expect.arrayContaining(['own@example.com', 'everywhere@example.com']));
  for (const identity of ['chief@example.com', 'former@example.com']) {
    expect(await identitiesOfCreator()).not.toContain(identity);
    expect(await isFoundBy(identity)).toBe(false);
  }
});
