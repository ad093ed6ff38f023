/** The admin commands for users whom an identity provider provisions by SCIM. */
import { PRINCIPAL_ID_PATTERN } from '../../lib/domain/ids.ts';
import { AccountError } from '../../lib/identity/accounts.ts';
import { assignPrincipal, removeUser, serializeUser } from '../../lib/scim/administration.ts';
import { readAllSources } from '../../lib/webhooks/all-sources.ts';
import type { Source } from '../../lib/webhooks/inbound/source.ts';
import { NAME_PATTERN } from '../../lib/webhooks/named-settings.ts';
import { type AdminServices, type Command, command, LIMIT_DEFAULT } from './command.ts';

export const SCIM_COMMANDS: readonly Command[] = [
  command(
    'scim-users',
    'list the users that an identity provider has provisioned in a source of kind scim, by age',
    { required: ['source'], optional: ['limit'] },
    async (services, { source: name, limit }) => {
      const source = await sourceOf(services, name);
      const users = await services.store.scim.list(name, 'User', 0, Number(limit ?? LIMIT_DEFAULT));
      const total = await services.store.scim.count(name, 'User');
      const rows = users.map((user) => serializeUser(user, source));
      return {
        data: rows,
        brief: rows.map(({ user_id, user_name, external_id = '', active, assigned_principal, stated_principal }) => ({
          user_id,
          user_name,
          external_id,
          active: String(active),
          assigned_principal: assigned_principal ?? '',
          stated_principal: stated_principal ?? '',
        })),
        ...(total > rows.length && { note: `${rows.length} of ${total} users; for more, use --limit.` }),
      };
    },
  ),
  command(
    'scim-user',
    'show what is stored about a provisioned user',
    { required: ['source', 'scim-user'] },
    async (services, { source: name, 'scim-user': id }) => {
      const source = await sourceOf(services, name);
      const user = await services.store.scim.find(name, 'User', id);
      if (!user) throw unknownUser(name);
      const { name: parts = {}, emails = [] } = user;
      const addresses = emails.map(({ value }) => value).join(', ');
      return { data: { ...serializeUser(user, source), name: Object.values(parts).join(', '), emails: addresses } };
    },
  ),
  command(
    'scim-set-principal',
    'assign the principal whose grants belong to a provisioned user; it takes precedence over mappings and over what the identity provider states',
    { required: ['source', 'scim-user', 'principal'] },
    async (services, { source: name, 'scim-user': id, principal }) => {
      if (!PRINCIPAL_ID_PATTERN.test(principal))
        throw new AccountError('--principal must be 1 to 64 letters and digits');
      return assigned(services, { name, id }, principal);
    },
  ),
  command(
    'scim-clear-principal',
    'remove the assigned principal of a provisioned user',
    { required: ['source', 'scim-user'] },
    (services, { source: name, 'scim-user': id }) => assigned(services, { name, id }, undefined),
  ),
  command(
    'scim-remove',
    'delete a provisioned user and what is stored about the person',
    { required: ['source', 'scim-user'] },
    async (services, { source: name, 'scim-user': id }) => {
      await sourceOf(services, name);
      const user = await removeUser(services.store.scim, { source: name, id });
      if (!user) throw unknownUser(name);
      return {
        data: { removed: user.userName, source: name },
        note: 'Grants remain: revoke them with revoke-principal-grants. The identity provider may create the user again.',
      };
    },
  ),
];

async function assigned(services: AdminServices, { name, id }: { name: string; id: string }, principal?: string) {
  const source = await sourceOf(services, name);
  const user = await assignPrincipal(services.store.scim, { source: name, id }, principal, services.now());
  if (!user) throw unknownUser(name);
  const { user_id, user_name, grantee_principal = '' } = serializeUser(user, source);
  return {
    data: { source: name, user_id, user_name, grantee_principal },
    note: 'Takes effect when the user is deactivated or deleted the next time.',
  };
}

/** Returns undefined if HOOKS has no such source: what is stored about its users can still be shown and removed. */
async function sourceOf(services: AdminServices, name: string): Promise<Source | undefined> {
  if (!NAME_PATTERN.test(name))
    throw new AccountError('--source must be a name in HOOKS: 1 to 64 characters of a-z, 0-9 and -');
  if (!services.config.hooks) return undefined;
  const source = (await readAllSources(services)).get(name);
  return source?.kind === 'scim' ? (source as Source) : undefined;
}

const unknownUser = (name: string) =>
  new AccountError(`source ${name} has no such provisioned user; see scim-users --source ${name}`);
