/** Users and groups in the form in which clients send and get them. Source: RFC 7643, sections 3 and 4. */
import { IAM_ID_PATTERN } from '../domain/ids.ts';
import type {
  EmailAddress,
  PersonName,
  ProvisionedGroup,
  ProvisionedResource,
  ProvisionedUser,
} from '../domain/provisioned.ts';
import { ScimError } from '../http/scim-error.ts';
import { isJsonObject } from '../validation/json-body.ts';
import { etagOf } from './etag.ts';
import { GROUP_SCHEMA, PRINCIPAL_SCHEMA, USER_SCHEMA } from './schema.ts';
import type { Wire } from './wire.ts';

/** The fields of a user that the attributes in a request determine. */
export type UserContent = Pick<
  ProvisionedUser,
  'userName' | 'externalId' | 'displayName' | 'name' | 'emails' | 'granteePrincipal'
>;
export type GroupContent = Pick<ProvisionedGroup, 'displayName' | 'externalId' | 'members'>;

/** Returns the attributes that a client may write, without `active`. */
export function writableUser({ userName, externalId, displayName, name, emails, granteePrincipal }: UserContent): Wire {
  const extension = granteePrincipal === undefined ? undefined : { granteePrincipal };
  return present({ externalId, userName, displayName, name, emails, [PRINCIPAL_SCHEMA]: extension });
}

export function writableGroup({ displayName, externalId, members }: GroupContent): Wire {
  const list = members.length === 0 ? undefined : members.map((value) => ({ value }));
  return present({ externalId, displayName, members: list });
}

/** @param wire attributes that `attributesIn` or `patched` returned @throws ScimError invalidValue */
export function parseUser(wire: Wire): UserContent {
  const extension = wire[PRINCIPAL_SCHEMA];
  const granteePrincipal = isJsonObject(extension) ? textOf(extension['granteePrincipal']) : undefined;
  if (granteePrincipal !== undefined && !IAM_ID_PATTERN.test(granteePrincipal)) {
    throw new ScimError(
      'invalidValue',
      'granteePrincipal must be the id of an IAM user or account: 1 to 64 characters of letters, digits, - and _.',
    );
  }
  return {
    userName: requiredText(wire, 'userName'),
    externalId: textOf(wire['externalId']),
    displayName: textOf(wire['displayName']),
    name: wire['name'] as PersonName | undefined,
    emails: emailsOf(wire['emails']),
    granteePrincipal,
  };
}

/** @throws ScimError invalidValue */
export function parseGroup(wire: Wire): GroupContent {
  const members = (wire['members'] ?? []) as { value: string }[];
  return {
    displayName: requiredText(wire, 'displayName'),
    externalId: textOf(wire['externalId']),
    members: members.map(({ value }) => value),
  };
}

function requiredText(wire: Wire, name: string): string {
  const text = textOf(wire[name]);
  if (text !== undefined && text.trim() !== '') return text;
  throw new ScimError('invalidValue', `${name} is required, and must not be empty.`);
}

/** An empty text counts as no value, so that it cannot be an id that several users share. */
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const emailsOf = (value: unknown): EmailAddress[] | undefined => value as EmailAddress[] | undefined;

/** Returns the resource as a reply contains it. @param baseUrl the address of the source, without a slash at the end */
export function representationOf(resource: ProvisionedResource, baseUrl: string): Wire {
  const { id, type, createdAtMs, modifiedAtMs } = resource;
  const meta = {
    resourceType: type,
    created: new Date(createdAtMs).toISOString(),
    lastModified: new Date(modifiedAtMs).toISOString(),
    location: locationOf(resource, baseUrl),
    version: etagOf(resource),
  };
  if (resource.type === 'User') {
    const schemas = [USER_SCHEMA, ...(resource.granteePrincipal === undefined ? [] : [PRINCIPAL_SCHEMA])];
    const { active } = resource;
    return { schemas, id, ...writableUser(resource), active, meta };
  }
  return { schemas: [GROUP_SCHEMA], id, ...writableGroup(resource), meta };
}

export const locationOf = ({ type, id }: ProvisionedResource, baseUrl: string): string =>
  `${baseUrl}/${type}s/${encodeURIComponent(id)}`;

/** An attribute without a value is left out. Source: RFC 7643, section 2.5. */
const present = (wire: Wire): Wire =>
  Object.fromEntries(Object.entries(wire).filter(([, value]) => value !== undefined));
