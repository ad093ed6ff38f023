/** The values of random histories. They are few, so that requests often conflict, and all pass the API's validation. */
import type { Quotas } from './request.ts';

export const QUOTAS: Quotas = { grantsPerKey: 6, keysPerProject: 4 };

/** One user has the id of a domain. */
export const USERS = [
  { user: 'ann', domain: 'acme' },
  { user: 'bob', domain: 'acme' },
  { user: 'cho', domain: 'zeta' },
  { user: 'acme', domain: 'zeta' },
] as const;

export const PRINCIPALS = ['ann', 'bob', 'cho', 'acme', 'zeta', 'Z9'.repeat(32)];
export const PROJECTS = ['project a', 'project b'] as const;
export const OPERATIONS = ['describe-key', 'create-grant', 'retire-grant', 'encrypt-data'];
/** Some contain the separators that an engine uses in its own keys. */
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
/** The second equals a sequence: a signature and a sequence must not be confused. */
export const SIGNATURES = ['cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d7d780f128e12cd842', SEQUENCES[0] as string];

/** Unknown ids, each with its shared name and its value. Some sort before every real id, some after. */
export const UNKNOWN_IDS = {
  key: [
    ['before every key', '00000000-0000-0000-0000-000000000000'],
    ['past every key', 'zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz'],
  ],
  grant: [
    ['before every grant', '0'.repeat(64)],
    ['past every grant', 'f'.repeat(64)],
  ],
} as const;

/** Returns a shared name. Shared names sort in order of creation, as ids do, and between the two of `UNKNOWN_IDS`. */
export const nameOf = (kind: 'key' | 'grant', n: number) => `${kind} ${String(n).padStart(3, '0')}`;
