import type { Ask } from './request.ts';
import type { Known, Resolved } from './resolve.ts';
import { PEOPLE, PROJECTS } from './values.ts';

const page = { limit: 1000 };
const limit = 1000;

/**
 * All keys, grants and events, and what each person may retire. That what is counted and indexed beside them agrees is
 * compared when the store is closed.
 */
export function closingReads({ keys }: Known): Resolved[] {
  const ofProject: Ask[] = [
    { action: 'list-keys', page },
    { action: 'list-events', limit },
  ];
  const retirable: Ask = { action: 'list-retirable-grants', page };
  return [
    ...PROJECTS.flatMap((project) => ofProject.map((ask) => asked(ask, project))),
    ...PEOPLE.map((who) => ({ ...asked(retirable, PROJECTS[0]), ...who })),
    ...keys.flatMap(({ keyId, project }) => readsOf(keyId).map((ask) => asked(ask, project))),
  ];
}

const readsOf = (keyId: string): Ask[] => [
  { action: 'list-grants', keyId, page },
  { action: 'list-grants', keyId, grantee: 'acme', page },
];

const asked = (ask: Ask, project: string): Resolved => ({ ask, ...PEOPLE[0], project, padding: '' });
