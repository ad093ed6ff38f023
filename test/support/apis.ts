/** All KMS APIs of serverless.yml, each with a body that succeeds: for tests that call every API. */

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JobState, newJob } from '../../lib/domain/job.ts';
import type { ProvisionedUser } from '../../lib/domain/provisioned.ts';
import { readRoutes } from '../../local/routes.ts';
import { newKey, okBody } from './create.ts';
import type { TestService } from './service.ts';

const PREFIX = 'POST /v1.0/{project_id}/kms/';

/** They need a job, and where the backend passes the caller's token to an upstream, there are none. */
const JOB_CHANGES = ['create-revocation-job', 'retry-job', 'stop-job'];

export const KMS_APIS: string[] = readRoutes()
  .filter(({ key }) => key.startsWith(PREFIX))
  .map(({ key }) => key.slice(PREFIX.length))
  .filter((name) => process.env['TEST_UPSTREAM'] !== 'caller' || !JOB_CHANGES.includes(name));

/** APIs that a reader may call. Source: KMS user guide, permissions of KMS CMKReadOnlyAccess. */
export const READER_APIS = [
  'list-grants',
  'list-retirable-grants',
  'list-keys',
  'describe-key',
  'list-principal-grants',
  'list-grant-events',
  'list-issued-grants',
  'search',
  'describe-principals',
  'list-key-usage',
  'list-jobs',
];

/** APIs that only an administrator may call. */
export const ADMINISTRATOR_APIS = ['revoke-principal-grants', ...JOB_CHANGES].filter((name) => KMS_APIS.includes(name));

/** APIs that only te_admin may call. The demo's administrator is one. */
export const DIRECTORY_APIS = ['list-sources', 'list-mappings', 'create-mapping', 'delete-mapping'].concat(
  'list-provisioned-users',
  'update-provisioned-user',
);

/** APIs that a user with neither of those roles may not call. */
export const PRIVILEGED_APIS = [...ADMINISTRATOR_APIS, ...DIRECTORY_APIS];

/** APIs that need a source in HOOKS, which the services in front of an upstream do not have in these tests. */
export const NEED_SOURCES = process.env['TEST_UPSTREAM']
  ? ['create-mapping', 'delete-mapping', 'list-provisioned-users', 'update-provisioned-user']
  : [];

/** APIs that refuse unknown fields and nulls. */
export const STRICT_APIS = [...ADMINISTRATOR_APIS, 'create-mapping', 'delete-mapping', 'update-provisioned-user'];

/** @returns a user who may call the API */
export const permittedUser = ({ creator, administrator }: TestService, name: string) =>
  PRIVILEGED_APIS.includes(name) ? administrator : creator;

/**
 * Creates a disabled key and a key that is pending deletion, for the APIs that need them.
 * @returns for each API its required fields, with values for which `permittedUser` gets a 200
 */
export async function minimalBodies(service: TestService): Promise<Record<string, Record<string, unknown>>> {
  const { demo, creator, grantee } = service;
  const [revocable, retirable] = demo.grants;
  const key = { key_id: demo.keys[0]?.key_id };
  const disabled = { key_id: await newKey(service) };
  const pendingDeletion = { key_id: await newKey(service) };
  await administerDirectory(service);
  okBody(await service.kms(creator, 'disable-key', disabled));
  okBody(await service.kms(creator, 'schedule-key-deletion', { ...pendingDeletion, pending_days: '7' }));
  const bodies = {
    'list-grants': key,
    'list-retirable-grants': {},
    'revoke-grant': { ...revocable },
    'create-grant': { ...key, grantee_principal: grantee.user_id, operations: ['describe-key', 'create-datakey'] },
    'retire-grant': { ...retirable },
    'list-principal-grants': { grantee_principal: grantee.user_id },
    'revoke-principal-grants': { grantee_principal: grantee.user_id },
    'list-grant-events': {},
    'list-issued-grants': { issuing_principal: service.creator.user_id },
    search: { query: grantee.user_id },
    'describe-principals': { principals: [grantee.user_id] },
    'create-revocation-job': { grantee_principal: grantee.user_id, dry_run: true },
    'list-jobs': {},
    'retry-job': { job_id: await storedJob(service, 'stopped') },
    'stop-job': { job_id: await storedJob(service, 'waiting') },
    'create-key': { key_alias: 'minimal' },
    'list-keys': {},
    'list-key-usage': {},
    'describe-key': key,
    'enable-key': disabled,
    'disable-key': key,
    'schedule-key-deletion': { ...key, pending_days: '7' },
    'cancel-key-deletion': pendingDeletion,
    'list-sources': {},
    'list-mappings': {},
    'create-mapping': MAPPING,
    'delete-mapping': MAPPING,
    'list-provisioned-users': { source: PROVISIONED.source },
    'update-provisioned-user': { source: PROVISIONED.source, user_id: PROVISIONED.id },
  };
  return Object.fromEntries(Object.entries(bodies).filter(([name]) => KMS_APIS.includes(name)));
}

/** Stores a job of the demo project that revokes nothing. */
async function storedJob({ services, demo, clock }: TestService, state: JobState): Promise<string> {
  const jobId = randomBytes(16).toString('hex');
  const parts = { jobId, source: 'hr', deliveryId: 'msg_1', projectIds: [demo.project_id], tasks: [], state };
  // Not overdue while the test runs.
  await services.store.jobs.add(newJob({ ...parts, dueAtMs: clock.nowMs + 86_400_000 }, clock.nowMs));
  return jobId;
}

const MAPPING = { source: 'idp', identity: 'ann@example.com', grantee_principal: '0c1f6e9ab3d84f7f9d2a5b6c7e8f9012' };

const PROVISIONED: ProvisionedUser = {
  source: 'people',
  type: 'User',
  id: '01a226ad-0b37-7bf4-b9f7-ca573154096d',
  userName: 'ann',
  active: true,
  createdAtMs: 0,
  modifiedAtMs: 0,
  version: 1,
};

/** Gives the demo's administrator sources of the project, a mapping of one and a provisioned user of the other. */
async function administerDirectory({ dataDir, demo, services }: TestService): Promise<void> {
  const { config, store } = services;
  const { source, identity, grantee_principal: grantee } = MAPPING;
  await store.mappings.put({ source, identity, grantee });
  await store.scim.add(PROVISIONED);
  const path = join(dataDir, 'sources.json');
  const secrets = ['whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz'];
  const actions = ['principal.disabled'];
  writeFileSync(
    path,
    JSON.stringify({
      [source]: { kind: 'standard', secrets, projects: [demo.project_id], actions },
      [PROVISIONED.source]: { kind: 'scim', secrets, projects: [demo.project_id], actions },
    }),
  );
  config.hooks = { kind: 'file', path };
}
