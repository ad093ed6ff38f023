/** Who and what random histories are about: little of each, so that they meet often. Every form passes the API's fields. */
import type { Quotas } from './request.ts';

export const QUOTAS: Quotas = { grantsPerKey: 6, keysPerProject: 4 };

/** One user has the id of the others' domain. */
export const PEOPLE = [
  { user: 'ann', domain: 'acme' },
  { user: 'bob', domain: 'acme' },
  { user: 'cho', domain: 'zeta' },
  { user: 'acme', domain: 'zeta' },
] as const;

export const PRINCIPALS = ['ann', 'bob', 'cho', 'acme', 'zeta', 'Z9'.repeat(32)];
export const PROJECTS = ['project a', 'project b'] as const;
export const OPERATIONS = ['describe-key', 'create-grant', 'retire-grant', 'encrypt-data'];
/** The separators that an alias may hold are among those that an engine may join its own keys with. */
export const ALIASES = ['a', 'a/b', 'a:b', 'a_b', 'a-b', 'A', '0'];
export const NAMES = ['a', 'for:cho/now_-', 'n'.repeat(255)];
export const DESCRIPTIONS = ['', 'Schlüssel für „Aufträge“ 🔑', '"\\\n'];
export const SPECS = ['AES_256', 'SM4'];
export const STATES = ['2', '3', '4'];
export const PENDING_DAYS = [7, 8, 1096];
export const LIMITS = [1, 2, 3, 10];
export const OFFSETS = [0, 1, 2, 5, 9999];
export const PADDINGS = ['', '\n'];
export const SEQUENCES = ['919c82d4-8046-4722-9094-35c3c6524cff', '919c82d4-8046-4722-9094-35c3c6524cf0'];
/** The second is also a sequence: neither is ever taken for the other. */
export const SIGNATURES = ['cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d7d780f128e12cd842', SEQUENCES[0] as string];

/** Ids of nothing, in the shared names and as they are sent: some sort before every real one, some after. */
export const NOWHERE = {
  key: [
    ['before every key', '00000000-0000-0000-0000-000000000000'],
    ['past every key', 'zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz'],
  ],
  grant: [
    ['before every grant', '0'.repeat(64)],
    ['past every grant', 'f'.repeat(64)],
  ],
} as const;

/** Shared names sort in the order of making, as ids do, and between the two of `NOWHERE`. */
export const nameOf = (kind: 'key' | 'grant', n: number) => `${kind} ${String(n).padStart(3, '0')}`;
