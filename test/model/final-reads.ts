import type { Call } from './request.ts';
import type { Registry, Resolved } from './resolve.ts';
import { PROJECTS, USERS } from './values.ts';

const page = { limit: 1000 };
const limit = 1000;

/**
 * Returns the requests that read all keys, grants and events, and the grants that each user may retire. Index rows and
 * counters are audited separately when the store is closed.
 */
export function finalReads({ keys }: Registry): Resolved[] {
  const ofProject: Call[] = [
    { action: 'list-keys', page },
    { action: 'list-events', limit },
  ];
  const retirable: Call = { action: 'list-retirable-grants', page };
  return [
    ...PROJECTS.flatMap((project) => ofProject.map((call) => requestOf(call, project))),
    ...USERS.map((user) => ({ ...requestOf(retirable, PROJECTS[0]), ...user })),
    ...keys.flatMap(({ keyId, project }) => readsOf(keyId).map((call) => requestOf(call, project))),
  ];
}

const readsOf = (keyId: string): Call[] => [
  { action: 'list-grants', keyId, page },
  { action: 'list-grants', keyId, grantee: 'acme', page },
];

const requestOf = (call: Call, project: string): Resolved => ({ call, ...USERS[0], project, padding: '' });
