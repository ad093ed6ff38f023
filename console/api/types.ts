/** What the APIs of this service answer. Fields of grants, events and jobs come from the service's own code. */
import type { Grant, Operation } from '../../lib/domain/model.ts';
import type { serializeEvent } from '../../lib/http/serialize-event.ts';
import type { serializeJob } from '../../lib/http/serialize-job.ts';
import type { Permission } from '../../lib/identity/roles.ts';

export type { JobState } from '../../lib/domain/job.ts';
export type { Grant, Operation };

/** `upstream` decides itself what a caller may do. */
export interface Caller {
  user_id: string;
  user_name?: string;
  domain_id: string;
  domain_name?: string;
  project_id: string;
  project_name?: string;
  roles: string[];
  permissions: PermissionName[];
  permissions_decided_by: 'roles' | 'upstream';
  authority: 'standalone' | 'upstream';
  identity: 'directory' | 'keystone';
  grants_per_key?: number;
  keys_per_project?: number;
  jobs: boolean;
  region: string;
}

export type PermissionName = Permission | 'iam:directory:manage';

export interface Page {
  next_marker: string;
  truncated: 'true' | 'false';
  failed?: ListFailure[];
}

/** A key, or part of a list, that could not be read. */
export interface ListFailure {
  key_id?: string;
  grant_id?: string;
  error_code: string;
  error_msg: string;
}

export interface GrantPage extends Page {
  grants: Grant[];
  total: number;
}

export type Match =
  | { type: 'principal'; principal_id: string; name?: string; identity?: string; grants: number }
  | { type: 'key'; key_id: string; key_alias?: string; key_state?: string }
  | { type: 'grant'; key_id: string; grant_id: string; exists: boolean; grantee_principal?: string }
  | { type: 'job'; job_id: string; state: string };

export interface PrincipalDescription {
  principal_id: string;
  type: 'user' | 'domain' | 'unknown';
  name?: string;
  enabled?: boolean;
  identities?: string[];
}

export interface KeyUsage {
  key_id: string;
  key_alias?: string;
  key_state?: string;
  grants?: number;
  created_by?: string;
  creation_date?: string;
}

export interface KeyUsagePage extends Page {
  keys: KeyUsage[];
  grants_per_key?: number;
  total: number;
}

export type GrantEvent = ReturnType<typeof serializeEvent>;

export interface EventPage extends Page {
  events: GrantEvent[];
}

export type Job = ReturnType<typeof serializeJob> & { actor?: string; channel?: string };

export interface JobPage extends Page {
  jobs: Job[];
}

/** What a bulk revocation is about: the grants that fit all of what is given. */
export interface RevocationSelection {
  grantee_principal?: string;
  key_id?: string;
  operations?: Operation[];
  grant_ids?: string[];
}

export interface Preview {
  dry_run: true;
  total: number;
  digest: string;
  own: number;
  passed_on?: number;
  failed?: ListFailure[];
  keys: { key_id: string; key_alias?: string; total: number; operations: Operation[] }[];
  grants: Grant[];
  grants_truncated: 'true' | 'false';
}

/** The reply of revoke-principal-grants. */
export interface BulkRevocation {
  revoked: number;
  failed: ListFailure[];
  remaining: number;
  passed_on?: number;
}
