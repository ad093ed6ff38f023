/** Users and groups that an identity provider provisions by SCIM 2.0. */
import { foldIdentity } from './external-identity.ts';

/** The fields that users and groups have in common. */
interface Resource {
  /** The source that provisions it. Sources share nothing. */
  source: string;
  /** An id that this service chooses. Resources that are created later have larger ids. */
  id: string;
  /** The identity provider's own id, unique within the source and the type. */
  externalId?: string | undefined;
  createdAtMs: number;
  modifiedAtMs: number;
  /** Rises with each write. */
  version: number;
}

export interface EmailAddress {
  value: string;
  type?: string | undefined;
  display?: string | undefined;
  primary?: boolean | undefined;
}

export interface PersonName {
  formatted?: string | undefined;
  familyName?: string | undefined;
  givenName?: string | undefined;
}

export interface ProvisionedUser extends Resource {
  type: 'User';
  /** A name that no other one of the source has, in upper or lower case. */
  userName: string;
  active: boolean;
  displayName?: string | undefined;
  name?: PersonName | undefined;
  emails?: readonly EmailAddress[] | undefined;
  /** The principal as the identity provider states it. The settings of the source decide whether it is trusted. */
  granteePrincipal?: string | undefined;
  /** The principal as an administrator of this service states it. It takes precedence; no SCIM request changes it. */
  assignedPrincipal?: string | undefined;
}

export interface ProvisionedGroup extends Resource {
  type: 'Group';
  /** A name that no other one of the source has, in upper or lower case. */
  displayName: string;
  /** Ids of users or groups. */
  members: readonly string[];
}

export type ProvisionedResource = ProvisionedUser | ProvisionedGroup;
export type ResourceType = ProvisionedResource['type'];
export type ResourceOf<T extends ResourceType> = Extract<ProvisionedResource, { type: T }>;

/** The attributes by which a resource is found without reading others. */
export type UniqueAttribute = 'name' | 'externalId';

/** Returns the form in which values are compared. Source: RFC 7643, sections 3.1 and 8.7.1, `caseExact`. */
export const comparedForm = (attribute: UniqueAttribute, value: string): string =>
  attribute === 'name' ? foldIdentity(value) : value;

/** Returns the values, in compared form, that no other resource of the source and type may have. */
export function uniqueValuesOf(resource: ProvisionedResource): [attribute: UniqueAttribute, value: string][] {
  const name = resource.type === 'User' ? resource.userName : resource.displayName;
  const { externalId } = resource;
  return [
    ['name', comparedForm('name', name)],
    ...(externalId === undefined ? [] : [['externalId', externalId] satisfies [UniqueAttribute, string]]),
  ];
}
