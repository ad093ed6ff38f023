import { describe, expect, test } from '@jest/globals';
import type { Mapping } from '../../lib/domain/job.ts';
import type { MappingStore } from '../../lib/store/store.ts';
import { DOMAIN, GRANTEE, numbers, RETIRER } from './fixtures.ts';
import { freshStore, type OpenStore } from './open-store.ts';

const ANN: Mapping = { source: 'okta', identity: 'ann@example.com', grantee: GRANTEE };
const ANN_ANYWHERE: Mapping = { ...ANN, source: '*', grantee: RETIRER };
const ACME: Mapping = { source: 'workos', identity: 'org_01ACME', grantee: DOMAIN };

const sorted = (mappings: readonly Mapping[]) => mappings.map((mapping) => JSON.stringify(mapping)).sort();

/** The contract of `MappingStore`. */
export function mappingsContract(openStore: OpenStore): void {
  describe('mappings', () => {
    const fresh = freshStore(openStore);

    async function populatedMappings(): Promise<MappingStore> {
      const { mappings } = fresh();
      for (const mapping of [ACME, ANN, ANN_ANYWHERE]) await mappings.put(mapping);
      return mappings;
    }

    test('a mapping is found by its source and identity', async () => {
      const mappings = await populatedMappings();
      expect(await mappings.find('okta', 'ann@example.com')).toEqual([ANN]);
      expect(await mappings.find('*', 'ann@example.com')).toEqual([ANN_ANYWHERE]);
      expect(await mappings.find('workos', 'org_01ACME')).toEqual([ACME]);
      expect(await mappings.find('workos', 'ann@example.com')).toEqual([]);
      expect(await mappings.find('*', 'org_01ACME')).toEqual([]);
      expect(await mappings.find('okta', 'ann@example.co')).toEqual([]);
      expect(await mappings.find('okta', 'ann@example.com#')).toEqual([]);
    });

    test('an identity may have several mappings; one that is stored twice exists once', async () => {
      const mappings = await populatedMappings();
      const second: Mapping = { ...ANN, grantee: DOMAIN };
      for (const mapping of [second, ANN, second]) await mappings.put(mapping);
      expect(sorted(await mappings.find('okta', 'ann@example.com'))).toEqual(sorted([ANN, second]));
      expect(await mappings.find('*', 'ann@example.com')).toEqual([ANN_ANYWHERE]);
      expect(await mappings.list()).toHaveLength(4);
      expect(await mappings.remove(ANN)).toBe(true);
      expect(await mappings.find('okta', 'ann@example.com')).toEqual([second]);
    });

    test('identities that differ in case or in their Unicode normalisation are found together, as they were stored', async () => {
      const { mappings } = fresh();
      const [composed, decomposed, upper] = ['jos\u00e9', 'jose\u0301', 'JOS\u00c9'].map(
        (identity): Mapping => ({ ...ANN, identity }),
      ) as [Mapping, Mapping, Mapping];
      for (const mapping of [composed, decomposed, upper]) await mappings.put(mapping);
      for (const { identity } of [composed, decomposed, upper]) {
        expect(sorted(await mappings.find('okta', identity))).toEqual(sorted([composed, decomposed, upper]));
      }
      expect(await mappings.find('okta', 'jose')).toEqual([]);
      expect(await mappings.remove(decomposed)).toBe(true);
      expect(sorted(await mappings.find('okta', decomposed.identity))).toEqual(sorted([composed, upper]));
    });

    test('a removed mapping is no longer found, and the others stay', async () => {
      const mappings = await populatedMappings();
      expect(await mappings.remove({ ...ANN, grantee: DOMAIN })).toBe(false);
      expect(await mappings.remove(ANN)).toBe(true);
      expect(await mappings.find('okta', 'ann@example.com')).toEqual([]);
      expect(await mappings.remove(ANN)).toBe(false);
      expect(await mappings.remove({ ...ACME, source: 'okta' })).toBe(false);
      expect(await mappings.list()).toEqual([ANN_ANYWHERE, ACME]);
    });

    test('mappings are listed by identity, then by source, then by grantee', async () => {
      const mappings = await populatedMappings();
      await mappings.put({ ...ANN, source: 'auth0', identity: 'org_01ACME' });
      await mappings.put({ ...ANN, grantee: 'A' });
      const listed = (await mappings.list()).map(({ identity, source, grantee }) => `${identity} ${source} ${grantee}`);
      expect(listed).toEqual([
        `ann@example.com * ${RETIRER}`,
        'ann@example.com okta A',
        `ann@example.com okta ${GRANTEE}`,
        `org_01ACME auth0 ${GRANTEE}`,
        `org_01ACME workos ${DOMAIN}`,
      ]);
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
        expect(await mappings.find('okta', identity)).toEqual([{ ...ANN, identity, grantee: `g${n}` }]);
        expect(await mappings.find('*', identity)).toEqual([]);
      }
      expect(await mappings.list()).toHaveLength(names.length);
    });
  });
}
