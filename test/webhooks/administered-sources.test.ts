/** Also tests: lib/webhooks/all-sources.ts. */
import { expect, test } from '@jest/globals';
import { administeredSources } from '../../lib/webhooks/administered-sources.ts';

/** The domain of each project. */
const DOMAINS: Record<string, string> = { east: 'acme', west: 'acme', far: 'other' };
const directory = {
  project: async (projectId: string) => {
    const domainId = DOMAINS[projectId];
    return domainId === undefined ? undefined : { projectId, domainId, name: projectId };
  },
};
const source = (name: string, ...projectIds: string[]) => ({ name, projectIds });
const OWN = [source('okta', 'east'), source('chat', 'east', 'west')];

async function mappable(all: readonly ReturnType<typeof source>[], projectId: string, isKeystone = false) {
  const rule = { projectId, directory: isKeystone ? undefined : directory };
  const { sources, mappable } = await administeredSources(all, rule);
  expect([...mappable].filter((name) => name !== '*')).toEqual(sources.map(({ name }) => name));
  return [...mappable];
}

test('an administrator has the sources whose projects all belong to the domain of the project, and * if there is no other', async () => {
  expect(await mappable(OWN, 'east')).toEqual(['okta', 'chat', '*']);
  expect(await mappable(OWN, 'west')).toEqual(['okta', 'chat', '*']);
  expect(await mappable(OWN, 'far')).toEqual([]);
});

test('a source that also acts in a project of another domain belongs to no administrator, and nobody has *', async () => {
  const all = [...OWN, source('shared', 'east', 'far')];
  expect(await mappable(all, 'east')).toEqual(['okta', 'chat']);
  expect(await mappable(all, 'far')).toEqual([]);
});

test('a source of another domain takes * away from both', async () => {
  const all = [...OWN, source('theirs', 'far')];
  expect(await mappable(all, 'east')).toEqual(['okta', 'chat']);
  expect(await mappable(all, 'far')).toEqual(['theirs']);
});

test('a source with a project that the directory does not have is administered only from that project', async () => {
  const all = [source('upstream', 'unknown'), source('mixed', 'unknown', 'east')];
  expect(await mappable(all, 'east')).toEqual([]);
  expect(await mappable(all, 'unknown')).toEqual(['upstream']);
  expect(await mappable([source('two', 'unknown', 'lost')], 'unknown')).toEqual([]);
});

test('without sources nobody has *, which would also stand for the sources of others that are added later', async () => {
  expect(await mappable([], 'east')).toEqual([]);
});

test('with an external IAM, an administrator has the sources whose only project is the own one', async () => {
  expect(await mappable(OWN, 'east', true)).toEqual(['okta']);
  expect(await mappable([source('okta', 'east')], 'east', true)).toEqual(['okta', '*']);
  expect(await mappable([source('okta', 'east')], 'west', true)).toEqual([]);
});
