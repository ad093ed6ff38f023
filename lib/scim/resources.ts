/** Replies and limits that users and groups have in common. */
import type { ProvisionedResource, ResourceType } from '../domain/provisioned.ts';
import { ScimError } from '../http/scim-error.ts';
import { type Selection, selectAttributes } from './attributes.ts';
import { notFound } from './change.ts';
import type { ScimContext, ScimReply, ScimRequest } from './context.ts';
import { etagOf, isNotModified } from './etag.ts';
import { locationOf, representationOf } from './representation.ts';

/** How many users, and how many groups, a source may have. With more, lists would be too slow on DynamoDB. */
const RESOURCES_MAX = 100_000;

/** @throws ScimError with status 404 */
export async function getResource(
  context: ScimContext,
  request: ScimRequest,
  { type, id, selection }: { type: ResourceType; id: string; selection: Selection },
): Promise<ScimReply> {
  const resource = await context.store.scim.find(context.source.name, type, id);
  if (!resource) throw notFound();
  if (isNotModified(request.headers, resource)) return { status: 304, headers: { etag: etagOf(resource) } };
  return resourceReply(context, resource, selection);
}

/** The reply that shows a resource. */
export function resourceReply(
  { baseUrl }: ScimContext,
  resource: ProvisionedResource,
  selection: Selection,
  status: 200 | 201 = 200,
): ScimReply {
  return {
    status,
    body: selectAttributes(resource.type, representationOf(resource, baseUrl), selection),
    headers: { etag: etagOf(resource), location: locationOf(resource, baseUrl) },
  };
}

/** @throws ScimError with status 403 if the source has as many resources as it may have */
export async function assertRoom({ store, source }: ScimContext, type: ResourceType): Promise<void> {
  if ((await store.scim.count(source.name, type)) < RESOURCES_MAX) return;
  throw new ScimError(undefined, `A source may have at most ${RESOURCES_MAX} users and as many groups.`, 403);
}
