/** What the admin command can do: one row each. `../admin.ts` reads the options, asks the row to run, and prints. */

import type { ChangeEvent } from '../../lib/domain/events.ts';
import { serializeEvent } from '../../lib/http/serialize-event.ts';
import { AccountError } from '../../lib/identity/accounts.ts';
import { ROLES } from '../../lib/identity/roles.ts';
import { type Command, command, type Directory, LIMIT_DEFAULT } from './command.ts';
import type { Row } from './table.ts';
import { verify } from './verify.ts';
import { WEBHOOK_COMMANDS } from './webhook-commands.ts';

const ONCE = 'is shown only now and can never be read again: keep it in a safe place.';
const AT_ONCE = 'In force with the next request.';

export const COMMANDS: readonly Command[] = [
  command(
    'create-project',
    'make a project, and its domain when that is new',
    { needs: ['domain', 'name'], takes: ['id'], startsFolder: true },
    async ({ accounts }, { domain: domainName, name, id }) => {
      const { project, domain } = await accounts.createProject(name, domainName, id);
      return { data: { project_id: project.projectId, name, domain_id: domain.domainId, domain_name: domain.name } };
    },
  ),
  command(
    'create-user',
    'make a user with a role in a project, and a password',
    { needs: ['project', 'name', 'role'], takes: ['id'] },
    async ({ accounts }, { project, name, role, id }) => ({
      data: { ...(await accounts.createUser(project, name, role, id)), project_id: project },
      note: `The password ${ONCE}`,
    }),
  ),
  command(
    'create-access-key',
    'make an access key (AK/SK) for a user',
    { needs: ['user'] },
    async ({ accounts }, { user }) => ({
      data: { user_id: user, ...(await accounts.createAccessKey(user)) },
      note: `The secret key ${ONCE}`,
    }),
  ),
  command(
    'add-role',
    'give a user a role in a project',
    { needs: ['user', 'project', 'role'] },
    async ({ accounts, store }, { user, project, role }) => {
      await accounts.addRole(user, project, role);
      return { data: await rolesOf(store, user, project), note: AT_ONCE };
    },
  ),
  command(
    'remove-role',
    'take a role in a project from a user',
    { needs: ['user', 'project', 'role'] },
    async ({ accounts, store }, { user, project, role }) => {
      await accounts.removeRole(user, project, role);
      return { data: await rolesOf(store, user, project), note: AT_ONCE };
    },
  ),
  command('disable-user', 'shut a user out: its password, tokens and access keys', { needs: ['user'] }, setUser(false)),
  command('enable-user', 'let a disabled user in again', { needs: ['user'] }, setUser(true)),
  command('disable-access-key', 'refuse an access key', { needs: ['access-key'] }, setAccessKey(false)),
  command('enable-access-key', 'accept a disabled access key again', { needs: ['access-key'] }, setAccessKey(true)),
  command(
    'reseal-access-keys',
    'seal all secret keys anew under the newest root key, before an old one is taken away',
    {},
    async ({ accounts }) => ({ data: { resealed: await accounts.resealAccessKeys() } }),
  ),
  command('list-projects', 'all projects', {}, async ({ store }) => ({
    data: await Promise.all(
      (await store.directory.projects()).map(async ({ projectId, name, domainId }) => ({
        project_id: projectId,
        name,
        domain_id: domainId,
        domain_name: (await store.directory.domain(domainId))?.name,
      })),
    ),
  })),
  command('list-users', 'all users with their roles, by project id', {}, async ({ store: { directory } }) => ({
    data: await Promise.all(
      (await directory.users()).map(async ({ userId, name, domainId, enabled }) => {
        const roles = (await directory.projectsOf(userId)).map(
          async ({ projectId }) => [projectId, await directory.rolesOf(userId, projectId)] as const,
        );
        return {
          user_id: userId,
          name,
          domain_name: (await directory.domain(domainId))?.name,
          enabled,
          roles: Object.fromEntries(await Promise.all(roles)),
        };
      }),
    ),
  })),
  command('list-access-keys', 'all access keys, without their secrets', {}, async ({ store: { directory } }) => ({
    data: await Promise.all(
      (await directory.accessKeys()).map(async ({ accessKey, userId, enabled }) => ({
        access_key: accessKey,
        enabled,
        user_id: userId,
        user_name: (await directory.user(userId))?.name,
      })),
    ),
  })),
  command('list-roles', 'the roles and what each permits', {}, async () => ({
    data: [...ROLES].map(([role, permissions]) => ({ role, permissions: [...permissions] })),
  })),
  command(
    'events',
    'the receipts of a project, newest first',
    { needs: ['project'], takes: ['key', 'grant', 'grantee', 'limit'] },
    async ({ store, config }, { project, key: keyId, grant, grantee, limit }) => {
      // Where another IAM has the projects, only their events are here.
      if (!config.keystone && !(await store.directory.project(project))) {
        throw new AccountError(`there is no project ${project}; see list-projects`);
      }
      const filter = { keyId, grantId: grant?.toLowerCase(), grantee };
      const events = await store.events.list(project, filter, Number(limit ?? LIMIT_DEFAULT));
      return { data: events.map(receiptOf), brief: events.map(briefOf) };
    },
  ),
  ...WEBHOOK_COMMANDS,
  command('verify', 'compare all counters, index rows and events with the keys and grants', {}, ({ config }) =>
    verify(config),
  ),
];

function setUser(enabled: boolean): Command['run'] {
  return async ({ accounts }, { user }) => {
    await accounts.setUserEnabled(user, enabled);
    return { data: { user_id: user, enabled }, note: AT_ONCE };
  };
}

function setAccessKey(enabled: boolean): Command['run'] {
  return async ({ accounts }, { 'access-key': accessKey }) => {
    await accounts.setAccessKeyEnabled(accessKey, enabled);
    return { data: { access_key: accessKey, enabled }, note: AT_ONCE };
  };
}

async function rolesOf({ directory }: Directory['store'], userId: string, projectId: string): Promise<Row> {
  return { user_id: userId, project_id: projectId, roles: await directory.rolesOf(userId, projectId) };
}

/** As list-grant-events tells it, with its time for people. */
const receiptOf = (event: ChangeEvent): Row => ({ ...serializeEvent(event), at: new Date(event.atMs).toISOString() });

function briefOf({ atMs, action, channel, actor, keyId, grant, grantId, failure }: ChangeEvent): Row {
  return {
    at: new Date(atMs).toISOString(),
    action: failure === undefined ? action : `${action} (not done: ${failure})`,
    channel,
    actor,
    key_id: keyId,
    grant_id: grant?.grant_id ?? grantId,
    grantee: grant?.grantee_principal,
  };
}
