/**
 * A SCIM 2.0 server for one source, over a store. The request is authenticated already.
 * Source: RFC 7644, section 3.2, table 2.
 */
import type { ResourceType } from '../domain/provisioned.ts';
import { KmsError } from '../errors.ts';
import { ScimError } from '../http/scim-error.ts';
import { parseBody } from '../validation/json-body.ts';
import { type Selection, selectAttributes } from './attributes.ts';
import { notFound } from './change.ts';
import type { ScimContext, ScimReply, ScimRequest } from './context.ts';
import { description, serviceProviderConfig } from './discovery.ts';
import { createGroup, deleteGroup, patchGroup, replaceGroup } from './groups.ts';
import { listResources } from './list.ts';
import { queryOf, searchOf } from './query.ts';
import { getResource } from './resources.ts';
import { createUser, deleteUser, patchUser, replaceUser } from './users.ts';

const ACTIONS = {
  User: { create: createUser, replace: replaceUser, patch: patchUser, remove: deleteUser },
  Group: { create: createGroup, replace: replaceGroup, patch: patchGroup, remove: deleteGroup },
};

const TYPES = new Map<string, ResourceType>([
  ['users', 'User'],
  ['groups', 'Group'],
]);

/** @throws KmsError, ScimError */
export async function serveScim(context: ScimContext, request: ScimRequest): Promise<ScimReply> {
  const [first, ...rest] = segmentsOf(request.path);
  const endpoint = first?.toLowerCase() ?? '';
  const type = TYPES.get(endpoint);
  if (type) return serveResources(context, request, type, rest);
  if (endpoint === '.search' && rest.length === 0) return search(context, request, ['User', 'Group']);
  if (endpoint === 'me' || endpoint === 'bulk') throw unsupported();
  return serveDescription(context, request, endpoint, rest);
}

/** Identity providers append `scim`, `v2` or both to the address that they are given, or nothing. */
function segmentsOf(path: string): string[] {
  const segments = path.split('/');
  if (segments.at(-1) === '') segments.pop();
  for (const prefix of ['scim', 'v2']) if (segments[0]?.toLowerCase() === prefix) segments.shift();
  return segments;
}

async function serveResources(
  context: ScimContext,
  request: ScimRequest,
  type: ResourceType,
  rest: readonly string[],
): Promise<ScimReply> {
  const { method } = request;
  const actions = ACTIONS[type];
  if (rest.length === 0) {
    const query = queryOf(request.query);
    if (method === 'GET') return { status: 200, body: await listResources(context, [type], query) };
    assertMethod(method, ['GET', 'POST'], 'POST');
    return selected(type, await actions.create(context, parseBody(request.body)), query.selection);
  }
  if (rest.length === 1 && rest[0]?.toLowerCase() === '.search') return search(context, request, [type]);
  // An id may hold slashes: an API gateway decodes them.
  const id = rest.join('/');
  if (method === 'DELETE') return actions.remove(context, request, id);
  const { selection } = queryOf(request.query);
  if (method === 'GET') return getResource(context, request, { type, id, selection });
  if (method !== 'PUT') assertMethod(method, ['GET', 'PUT', 'PATCH', 'DELETE'], 'PATCH');
  const change = method === 'PUT' ? actions.replace : actions.patch;
  return selected(type, await change(context, request, id, parseBody(request.body)), selection);
}

/** The client may also select the attributes in the reply to a change. Source: RFC 7644, section 3.9. */
function selected(type: ResourceType, reply: ScimReply, selection: Selection): ScimReply {
  return reply.body ? { ...reply, body: selectAttributes(type, reply.body, selection) } : reply;
}

async function search(context: ScimContext, request: ScimRequest, types: readonly ResourceType[]): Promise<ScimReply> {
  assertMethod(request.method, ['POST'], 'POST');
  return { status: 200, body: await listResources(context, types, searchOf(parseBody(request.body))) };
}

const KINDS = new Map<string, 'ResourceTypes' | 'Schemas'>([
  ['resourcetypes', 'ResourceTypes'],
  ['schemas', 'Schemas'],
]);

function serveDescription({ baseUrl }: ScimContext, request: ScimRequest, endpoint: string, rest: string[]): ScimReply {
  const isConfig = endpoint === 'serviceproviderconfig' && rest.length === 0;
  const kind = KINDS.get(endpoint);
  if (!isConfig && !(kind && rest.length <= 1)) throw notFound();
  assertMethod(request.method, ['GET'], 'GET');
  if (new URLSearchParams(request.query).has('filter')) {
    // Source: RFC 7644, section 4.
    throw new ScimError(undefined, 'Descriptions of the server cannot be filtered.', 403);
  }
  const body = isConfig ? serviceProviderConfig(baseUrl) : kind && description(kind, rest[0], baseUrl);
  if (!body) throw notFound();
  return { status: 200, body };
}

function assertMethod(method: string, methods: readonly string[], expected: string): void {
  if (method === expected) return;
  throw new KmsError('KMS.0215', { methods });
}

const unsupported = () => new ScimError(undefined, 'This server has no /Me and no /Bulk.', 501);
