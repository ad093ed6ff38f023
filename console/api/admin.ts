/** The requests of administration: mappings, sources, users and access keys. */

import type { ApiRequest } from './request.ts';
import { kms } from './requests.ts';
import type { Page } from './types.ts';

export interface Mapping {
  source: string;
  identity: string;
  grantee_principal: string;
  name?: string;
}

export interface MappingPage extends Page {
  mappings: Mapping[];
}

export interface MappingFilter {
  source?: string;
  identity?: string;
  grantee_principal?: string;
}

/** Settings besides these are those of the kind of the source. */
export interface Source {
  name: string;
  kind: string;
  purpose: 'webhook' | 'chat';
  path: string;
  projects: string[];
  actions?: string[];
  may_approve?: boolean;
  open_jobs: number;
  [setting: string]: unknown;
}

export interface User {
  id: string;
  name: string;
  enabled: boolean;
}

export interface UserPage {
  users: User[];
  links: { next: string | null };
}

export interface AccessKey {
  access: string;
  user_id: string;
  status: 'active' | 'inactive';
  create_time: string;
}

export interface AccessKeyPage {
  credentials: AccessKey[];
  links: { next: string | null };
}

type Paged = { limit?: number; marker?: string };

export const mappingRequests = (projectId: string) => ({
  list: (body: MappingFilter & Paged) => kms<MappingPage>(projectId, 'list-mappings', body),
  create: (body: Mapping) => kms<Mapping>(projectId, 'create-mapping', body),
  remove: ({ source, identity, grantee_principal }: Mapping) =>
    kms<object>(projectId, 'delete-mapping', { source, identity, grantee_principal }),
});

export const sourcesRequest = (projectId: string) => kms<{ sources: Source[] }>(projectId, 'list-sources', {});

const CREDENTIALS = '/v3.0/OS-CREDENTIAL/credentials';

export const usersPath = (name: string, limit: number) =>
  `/v3/users?${new URLSearchParams({ limit: String(limit), ...(name !== '' && { name }) })}`;

export const accessKeysPath = (userId: string, limit: number) =>
  `${CREDENTIALS}?${new URLSearchParams({ user_id: userId, limit: String(limit) })}`;

export const setUserEnabled = (userId: string, enabled: boolean): ApiRequest => ({
  method: 'PATCH',
  path: `/v3/users/${encodeURIComponent(userId)}`,
  body: { user: { enabled } },
});

export const setAccessKeyEnabled = (accessKey: string, isEnabled: boolean): ApiRequest => ({
  method: 'PUT',
  path: `${CREDENTIALS}/${encodeURIComponent(accessKey)}`,
  body: { credential: { status: isEnabled ? 'active' : 'inactive' } },
});

/** Returns the path of the next page of a list in Keystone's form, of this service only. */
export function nextPathOf({ links: { next } }: { links: { next: string | null } }): string | undefined {
  if (next === null) return undefined;
  const { pathname, search } = new URL(next, 'http://service.invalid');
  return pathname + search;
}

/** The names of a source's settings of its own. */
const COMMON = ['name', 'kind', 'purpose', 'path', 'projects', 'actions', 'may_approve', 'open_jobs'];

/** Returns the settings of the source's kind as texts. */
export function settingsOf(source: Source): [name: string, value: string][] {
  const own = Object.entries(source).filter(([name, value]) => !COMMON.includes(name) && value !== undefined);
  return own.map(([name, value]) => [name, textOf(value)]);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
