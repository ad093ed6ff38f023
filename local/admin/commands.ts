/** The admin commands. `run.ts` parses the options and runs the command. */

import type { ChangeEvent } from '../../lib/domain/events.ts';
import { serializeEvent } from '../../lib/http/serialize-event.ts';
import { AccountError } from '../../lib/identity/accounts.ts';
import { ROLES } from '../../lib/identity/roles.ts';
import { type AdminServices, type Command, command, LIMIT_DEFAULT } from './command.ts';
import { REDELIVER } from './redeliver.ts';
import type { Row } from './table.ts';
import { verify } from './verify.ts';
import { WEBHOOK_COMMANDS } from './webhook-commands.ts';

const SHOWN_ONCE = 'is shown only now and cannot be read again: store it in a safe place.';
const NEXT_REQUEST = 'Takes effect with the next request.';
const KEYS_REMAIN = 'The access keys of the user stay valid: see list-access-keys and disable-access-key.';
const GRANTS_REMAIN = 'Grants to the user remain: revoke them with revoke-principal-grants.';

export const COMMANDS: readonly Command[] = [
  command(
    'create-project',
    'create a project, and its domain if it does not exist',
    { required: ['domain', 'name'], optional: ['id'], createsDataDir: true },
    async ({ accounts }, { domain: domainName, name, id }) => {
      const { project, domain } = await accounts.createProject(name, domainName, id);
      return { data: { project_id: project.projectId, name, domain_id: domain.domainId, domain_name: domain.name } };
    },
  ),
  command(
    'create-user',
    'create a user with a role in a project, and print its new password',
    { required: ['project', 'name', 'role'], optional: ['id'] },
    async ({ accounts }, { project, name, role, id }) => ({
      data: { ...(await accounts.createUser(project, name, role, id)), project_id: project },
      note: `The password ${SHOWN_ONCE}`,
    }),
  ),
  command(
    'create-access-key',
    'create an access key (AK/SK) for a user',
    { required: ['user'] },
    async ({ accounts }, { user }) => ({
      data: { user_id: user, ...(await accounts.createAccessKey(user)) },
      note: `The secret key ${SHOWN_ONCE}`,
    }),
  ),
  command(
    'add-role',
    'give a user a role in a project',
    { required: ['user', 'project', 'role'] },
    async ({ accounts, store }, { user, project, role }) => {
      await accounts.addRole(user, project, role);
      return { data: await rolesOf(store, user, project), note: NEXT_REQUEST };
    },
  ),
  command(
    'remove-role',
    'remove a role in a project from a user',
    { required: ['user', 'project', 'role'] },
    async ({ accounts, store }, { user, project, role }) => {
      await accounts.removeRole(user, project, role);
      return { data: await rolesOf(store, user, project), note: NEXT_REQUEST };
    },
  ),
  command(
    'disable-user',
    'reject the password, tokens and access keys of a user',
    { required: ['user'] },
    setUser(false),
  ),
  command('enable-user', 'let a disabled user log in again', { required: ['user'] }, setUser(true)),
  command(
    'reset-password',
    'replace the password of a user, revoke its tokens, and print the new password; its access keys stay valid',
    { required: ['user'] },
    async ({ accounts }, { user }) => ({
      data: await accounts.resetPassword(user),
      note: `The password ${SHOWN_ONCE} ${KEYS_REMAIN}`,
    }),
  ),
  command(
    'delete-user',
    'delete a user with its roles, tokens and access keys; its grants remain',
    { required: ['user'] },
    async ({ accounts }, { user }) => {
      await accounts.deleteUser(user);
      return { data: { user_id: user, deleted: true }, note: `${NEXT_REQUEST} ${GRANTS_REMAIN}` };
    },
  ),
  command(
    'disable-access-key',
    'reject requests that are signed with an access key',
    { required: ['access-key'] },
    setAccessKey(false),
  ),
  command('enable-access-key', 'accept a disabled access key again', { required: ['access-key'] }, setAccessKey(true)),
  command(
    'delete-access-key',
    'delete an access key for good',
    { required: ['access-key'] },
    async ({ accounts }, { 'access-key': accessKey }) => {
      await accounts.deleteAccessKey(accessKey);
      return { data: { access_key: accessKey, deleted: true }, note: NEXT_REQUEST };
    },
  ),
  command(
    'reseal-access-keys',
    'encrypt all secret keys again under the newest root key, before you remove an old one',
    {},
    async ({ accounts }) => ({ data: { resealed: await accounts.resealAccessKeys() } }),
  ),
  command('list-projects', 'list all projects', {}, async ({ store }) => ({
    data: await Promise.all(
      (await store.directory.projects()).map(async ({ projectId, name, domainId }) => ({
        project_id: projectId,
        name,
        domain_id: domainId,
        domain_name: (await store.directory.domain(domainId))?.name,
      })),
    ),
  })),
  command('list-users', 'list all users with their roles by project id', {}, async ({ store: { directory } }) => ({
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
  command(
    'list-access-keys',
    'list all access keys, without their secret keys',
    {},
    async ({ store: { directory } }) => ({
      data: await Promise.all(
        (await directory.accessKeys()).map(async ({ accessKey, userId, enabled }) => ({
          access_key: accessKey,
          enabled,
          user_id: userId,
          user_name: (await directory.user(userId))?.name,
        })),
      ),
    }),
  ),
  command('list-roles', 'list the roles and their permissions', {}, async () => ({
    data: [...ROLES].map(([role, permissions]) => ({ role, permissions: [...permissions] })),
  })),
  command(
    'events',
    'list the events of a project, newest first',
    { required: ['project'], optional: ['key', 'grant', 'grantee', 'limit'] },
    async ({ store, config }, { project, key: keyId, grant, grantee, limit }) => {
      // With IDENTITY=keystone the projects exist only in that IAM.
      if (!config.keystone && !(await store.directory.project(project))) {
        throw new AccountError(`there is no project ${project}; see list-projects`);
      }
      const filter = { keyId, grantId: grant?.toLowerCase(), grantee };
      const events = await store.events.list(project, filter, Number(limit ?? LIMIT_DEFAULT));
      return { data: events.map(eventRow), brief: events.map(briefRow) };
    },
  ),
  ...WEBHOOK_COMMANDS,
  REDELIVER,
  command('verify', 'compare all counters, index rows and events with the keys and grants', {}, ({ config }) =>
    verify(config),
  ),
];

function setUser(enabled: boolean): Command['run'] {
  return async ({ accounts }, { user }) => {
    await accounts.setUserEnabled(user, enabled);
    return { data: { user_id: user, enabled }, note: enabled ? NEXT_REQUEST : `${NEXT_REQUEST} ${GRANTS_REMAIN}` };
  };
}

function setAccessKey(enabled: boolean): Command['run'] {
  return async ({ accounts }, { 'access-key': accessKey }) => {
    await accounts.setAccessKeyEnabled(accessKey, enabled);
    return { data: { access_key: accessKey, enabled }, note: NEXT_REQUEST };
  };
}

async function rolesOf({ directory }: AdminServices['store'], userId: string, projectId: string): Promise<Row> {
  return { user_id: userId, project_id: projectId, roles: await directory.rolesOf(userId, projectId) };
}

/** The event as list-grant-events returns it, with a readable time. */
const eventRow = (event: ChangeEvent): Row => ({ ...serializeEvent(event), at: new Date(event.atMs).toISOString() });

function briefRow({ atMs, action, channel, actor, keyId, grant, grantId, failure }: ChangeEvent): Row {
  return {
    at: new Date(atMs).toISOString(),
    action: failure === undefined ? action : `${action} (failed: ${failure})`,
    channel,
    actor,
    key_id: keyId,
    grant_id: grant?.grant_id ?? grantId,
    grantee: grant?.grantee_principal,
  };
}
