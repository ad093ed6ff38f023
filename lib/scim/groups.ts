/** Groups: stored and returned as identity providers push them. They have no effect on grants. */
import { newKeyId } from '../domain/ids.ts';
import type { ProvisionedGroup } from '../domain/provisioned.ts';
import { changeResource, notFound, taken } from './change.ts';
import type { ScimContext, ScimReply, ScimRequest } from './context.ts';
import { attributesIn, patched } from './patch.ts';
import { type GroupContent, parseGroup, writableGroup } from './representation.ts';
import { assertRoom, resourceReply } from './resources.ts';
import type { Wire } from './wire.ts';

/** @throws ScimError invalidValue, and with status 409 */
export async function createGroup(context: ScimContext, body: Wire): Promise<ScimReply> {
  const { store, source, now } = context;
  const content = parseGroup(attributesIn('Group', body));
  await assertRoom(context, 'Group');
  const createdAtMs = now();
  const meta = { id: newKeyId(createdAtMs), createdAtMs, modifiedAtMs: createdAtMs, version: 1 };
  const group: ProvisionedGroup = { source: source.name, type: 'Group', ...meta, ...content };
  if ((await store.scim.add(group)) === 'taken') throw taken();
  return resourceReply(context, group, {}, 201);
}

export function replaceGroup(context: ScimContext, request: ScimRequest, id: string, body: Wire): Promise<ScimReply> {
  const content = parseGroup(attributesIn('Group', body));
  return changeGroup(context, request, id, () => content);
}

export function patchGroup(context: ScimContext, request: ScimRequest, id: string, body: Wire): Promise<ScimReply> {
  return changeGroup(context, request, id, (before) => parseGroup(patched('Group', writableGroup(before), body)));
}

export async function deleteGroup(context: ScimContext, request: ScimRequest, id: string): Promise<ScimReply> {
  const change = () => undefined;
  if (!(await changeResource(context, { type: 'Group', id, request, change }))) throw notFound();
  return { status: 204 };
}

async function changeGroup(
  context: ScimContext,
  request: ScimRequest,
  id: string,
  contentOf: (before: ProvisionedGroup) => GroupContent,
): Promise<ScimReply> {
  const change = (before: ProvisionedGroup) => ({ ...before, ...contentOf(before) });
  const group = await changeResource(context, { type: 'Group', id, request, change });
  if (!group) throw notFound();
  return resourceReply(context, group, {});
}
