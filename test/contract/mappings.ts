import { describe, expect, test } from '@jest/globals';
import type { Mapping } from '../../lib/domain/job.ts';
import type { MappingStore } from '../../lib/store/store.ts';
import { DOMAIN, GRANTEE, numbers, RETIRER } from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';

const ANN: Mapping = { source: 'okta', identity: 'ann@example.com', grantee: GRANTEE };
const ANN_ANYWHERE: Mapping = { ...ANN, source: '*', grantee: RETIRER };
const ACME: Mapping = { source: 'workos', identity: 'org_01ACME', grantee: DOMAIN };

/** The contract of `MappingStore`. */
export function mappingsContract(openStore: OpenStore): void {
  describe('mappings', () => {
    const fresh = freshStore(openStore);

    async function populatedMappings(): Promise<MappingStore> {
      const { mappings } = fresh();
      for (const mapping of [ACME, ANN, ANN_ANYWHERE]) await mappings.put(mapping);
      return mappings;
    }

    test('a mapping is found by its exact source and identity', async () => {
      const mappings = await populatedMappings();
      expect(await mappings.mapping('okta', 'ann@example.com')).toEqual(ANN);
      expect(await mappings.mapping('*', 'ann@example.com')).toEqual(ANN_ANYWHERE);
      expect(await mappings.mapping('workos', 'org_01ACME')).toEqual(ACME);
      expect(await mappings.mapping('workos', 'ann@example.com')).toBeUndefined();
      expect(await mappings.mapping('*', 'org_01ACME')).toBeUndefined();
      expect(await mappings.mapping('okta', 'ANN@example.com')).toBeUndefined();
      expect(await mappings.mapping('okta', 'ann@example.co')).toBeUndefined();
    });

    test('a mapping replaces the one of the same source and identity', async () => {
      const mappings = await populatedMappings();
      const moved: Mapping = { ...ANN, grantee: DOMAIN };
      await mappings.put(moved);
      expect(await mappings.mapping('okta', 'ann@example.com')).toEqual(moved);
      expect(await mappings.mapping('*', 'ann@example.com')).toEqual(ANN_ANYWHERE);
      expect(await mappings.list()).toHaveLength(3);
    });

    test('a removed mapping is no longer found, and the others stay', async () => {
      const mappings = await populatedMappings();
      expect(await mappings.remove('okta', 'ann@example.com')).toBe(true);
      expect(await mappings.mapping('okta', 'ann@example.com')).toBeUndefined();
      expect(await mappings.remove('okta', 'ann@example.com')).toBe(false);
      expect(await mappings.remove('okta', 'org_01ACME')).toBe(false);
      expect(await mappings.list()).toEqual([ANN_ANYWHERE, ACME]);
    });

    test('mappings are listed by identity, then by source', async () => {
      const mappings = await populatedMappings();
      await mappings.put({ ...ANN, source: 'auth0', identity: 'org_01ACME' });
      const listed = (await mappings.list()).map(({ identity, source }) => `${identity} ${source}`);
      expect(listed).toEqual(['ann@example.com *', 'ann@example.com okta', 'org_01ACME auth0', 'org_01ACME workos']);
    });

    test('150 mappings are listed in full', async () => {
      const { mappings } = fresh();
      const many = numbers(100, 150).map((n): Mapping => ({ ...ANN, identity: `ann-${n}@example.com` }));
      await Promise.all(many.toReversed().map((mapping) => mappings.put(mapping)));
      expect(await mappings.list()).toEqual(many);
    });

    test('an identity may hold any character', async () => {
      const { mappings } = fresh();
      const names = ['okta#ann', '*', 'ann # b', '%', '00u1|x', "o'neil@example.com", 'ännchen@exämple.com', '😀'];
      for (const [n, identity] of names.entries()) await mappings.put({ ...ANN, identity, grantee: `g${n}` });
      for (const [n, identity] of names.entries()) {
        expect(await mappings.mapping('okta', identity)).toEqual({ ...ANN, identity, grantee: `g${n}` });
        expect(await mappings.mapping('*', identity)).toBeUndefined();
      }
      expect(await mappings.list()).toHaveLength(names.length);
    });
  });
}
