/** Users. Source: RFC 7644, sections 3.3 to 3.6. */
import { newKeyId } from '../domain/ids.ts';
import type { ProvisionedUser } from '../domain/provisioned.ts';
import { ScimError } from '../http/scim-error.ts';
import { describeCause, logger } from '../logger.ts';
import { mappedPrincipals } from '../webhooks/jobs/identities.ts';
import { activeAfterPatch, activeInUser } from './active.ts';
import { changeResource, notFound, taken } from './change.ts';
import type { ScimContext, ScimReply, ScimRequest } from './context.ts';
import { identitiesOf, personTasks, tasksOf } from './deactivation.ts';
import { attributesIn, patched } from './patch.ts';
import { parseUser, type UserContent, writableUser } from './representation.ts';
import { assertRoom, resourceReply } from './resources.ts';
import { USER_SCHEMA } from './schema.ts';
import type { Wire } from './wire.ts';

/** @throws ScimError invalidValue, and with status 409 */
export async function createUser(context: ScimContext, body: Wire): Promise<ScimReply> {
  const { store, source, now } = context;
  const content = parseUser(attributesIn('User', body));
  await assertRoom(context, 'User');
  const [createdAtMs, active] = [now(), activeInUser(body) ?? true];
  const meta = { id: newKeyId(createdAtMs), createdAtMs, modifiedAtMs: createdAtMs, version: 1 };
  const user: ProvisionedUser = { source: source.name, type: 'User', ...meta, ...content, active };
  if ((await store.scim.add(user)) === 'taken') throw taken();
  return resourceReply(context, user, {}, 201);
}

/** A PUT without `active` means an active user: Okta sends it so. */
export function replaceUser(context: ScimContext, request: ScimRequest, id: string, body: Wire): Promise<ScimReply> {
  const active = activeInUser(body) ?? true;
  const content = contentUnless(!active, () => parseUser(attributesIn('User', body)));
  const change = (before: ProvisionedUser) => ({ ...before, ...content, active });
  return changeUser(context, request, { id, change, unknown: { ...(content ?? namesIn(body)), id, active } });
}

/**
 * Whoever is to lose access loses it, even if the rest of the request is not understood, or fails in an unexpected way:
 * then it has no effect.
 */
function contentUnless(isDeactivated: boolean, read: () => UserContent): UserContent | undefined {
  try {
    return read();
  } catch (error) {
    if (!isDeactivated) throw error;
    if (!(error instanceof ScimError)) logger.error('scim', { cause: describeCause(error) });
    return undefined;
  }
}

/** What identifies the user of a body that is not understood as a whole. */
function namesIn(body: Wire): Partial<UserContent> {
  const textOf = (name: string) => {
    const value = Object.entries(body).find(([key]) => key.toLowerCase() === name)?.[1];
    return typeof value === 'string' ? value : undefined;
  };
  const [userName, externalId] = [textOf('username'), textOf('externalid')];
  return { ...(userName !== undefined && { userName }), externalId };
}

export function patchUser(context: ScimContext, request: ScimRequest, id: string, body: Wire): Promise<ScimReply> {
  const active = activeAfterPatch(body);
  const isLenient = active === false;
  const contentOf = (before: ProvisionedUser) =>
    contentUnless(isLenient, () => parseUser(patched('User', writableUser(before), body, { isLenient })));
  const change = (before: ProvisionedUser) => ({ ...before, ...contentOf(before), active: active ?? before.active });
  return changeUser(context, request, { id, change, unknown: { id, active: active ?? true } });
}

export async function deleteUser(context: ScimContext, request: ScimRequest, id: string): Promise<ScimReply> {
  const { jobId } = await changeUser(context, request, { id, change: () => undefined, unknown: { id, active: false } });
  return { status: 204, jobId };
}

interface UserChange {
  id: string;
  change(before: ProvisionedUser): ProvisionedUser | undefined;
  /** What the request says about a user who was not created here. */
  unknown: Pick<ProvisionedUser, 'id' | 'active'> & Partial<ProvisionedUser>;
}

async function changeUser(
  context: ScimContext,
  request: ScimRequest,
  { id, change, unknown }: UserChange,
): Promise<ScimReply> {
  let job: { id: string; tasks: string } | undefined;
  const user = await changeResource(context, {
    type: 'User',
    id,
    request,
    change,
    // Whoever is to lose access loses it, and keeps the name: that of the request belongs to another person.
    ...(!unknown.active && { changeIfTaken: (before: ProvisionedUser) => ({ ...before, active: false }) }),
    async beforeWrite(before, after) {
      const tasks = tasksOf({ before, after }, context.source);
      // If the change is tried again, another job is started only for other tasks.
      if (tasks.length === 0 || job?.tasks === JSON.stringify(tasks)) return;
      job = { id: await context.startJob(tasks), tasks: JSON.stringify(tasks) };
    },
  });
  if (user) return { ...resourceReply(context, user, {}), jobId: job?.id };
  return deactivateUnknown(context, unknown, request.method === 'DELETE');
}

/**
 * Starts the job for a user who was not created here but has a mapping: an administrator may have mapped ids of the
 * identity provider before this service stored users, and the revocation must not be lost.
 * @throws ScimError with status 404 for any other user
 */
async function deactivateUnknown(
  context: ScimContext,
  user: UserChange['unknown'],
  isDeleted: boolean,
): Promise<ScimReply> {
  const { source, store } = context;
  if (user.active) throw notFound();
  const { identities, caseInsensitiveIdentities } = identitiesOf(user, source);
  const isMapped = async (identity: string) => {
    const ignoresCase = caseInsensitiveIdentities.includes(identity);
    return (await mappedPrincipals(store.mappings, source.name, identity, ignoresCase)).length > 0;
  };
  const mapped = await Promise.all(identities.map(isMapped));
  if (!mapped.includes(true)) throw notFound();
  const event = isDeleted ? 'user.deleted' : 'user.deactivated';
  const tasks = personTasks(source, { identities, caseInsensitiveIdentities }, event);
  const { id, userName } = user;
  const body = { schemas: [USER_SCHEMA], id, ...(userName !== undefined && { userName }), active: false };
  return { status: 200, body, jobId: await context.startJob(tasks) };
}
