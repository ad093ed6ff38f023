/**
 * The attributes of users and groups, as /Schemas describes them. Few of them: what is not here is neither stored nor
 * returned. Source: RFC 7643, sections 4 and 7.
 */
import type { ResourceType } from '../domain/provisioned.ts';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
/** The extension by which an identity provider states the principal of a user. */
export const PRINCIPAL_SCHEMA = 'urn:ietf:params:scim:schemas:extension:kms-grants:2.0:User';

/** Source: RFC 7643, section 7. */
export interface Attribute {
  name: string;
  type: 'string' | 'boolean' | 'complex';
  multiValued: boolean;
  description: string;
  required: boolean;
  caseExact: boolean;
  mutability: 'readWrite' | 'readOnly' | 'immutable';
  returned: 'default' | 'always';
  uniqueness: 'none' | 'server';
  subAttributes?: readonly Attribute[];
  canonicalValues?: readonly string[];
}

const attribute = (name: string, description: string, more: Partial<Attribute> = {}): Attribute => ({
  name,
  type: 'string',
  multiValued: false,
  description,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...more,
});

const complex = (name: string, description: string, subAttributes: Attribute[], multiValued = false): Attribute =>
  attribute(name, description, { type: 'complex', multiValued, subAttributes });

const ACTIVE = attribute('active', 'Whether the user is active. False starts a revocation of the grants of the user.', {
  type: 'boolean',
  // Every user has it: a client that leaves it out when it creates a user creates an active one.
  required: true,
});

const USER_ATTRIBUTES: readonly Attribute[] = [
  attribute('userName', 'The name of the user, unique in any case.', { required: true, uniqueness: 'server' }),
  complex('name', 'The parts of the name of the user.', [
    attribute('formatted', 'The full name.'),
    attribute('familyName', 'The family name.'),
    attribute('givenName', 'The given name.'),
  ]),
  attribute('displayName', 'The name to show for the user.'),
  ACTIVE,
  complex(
    'emails',
    'E-mail addresses of the user.',
    [
      attribute('value', 'The address.'),
      attribute('display', 'A name to show for the address.'),
      attribute('type', 'What the address is for.', { canonicalValues: ['work', 'home', 'other'] }),
      attribute('primary', 'Whether this is the main address; at most one is.', { type: 'boolean' }),
    ],
    true,
  ),
];

const PRINCIPAL_ATTRIBUTES: readonly Attribute[] = [
  attribute('granteePrincipal', 'The id of the IAM user or account whose grants belong to this user.', {
    caseExact: true,
  }),
];

const GROUP_ATTRIBUTES: readonly Attribute[] = [
  attribute('displayName', 'The name of the group, unique in any case.', { required: true, uniqueness: 'server' }),
  complex(
    'members',
    'The members of the group.',
    [attribute('value', 'The id of a user or group.', { caseExact: true, mutability: 'immutable' })],
    true,
  ),
];

/** A schema as `GET /Schemas` returns it. */
export interface Schema {
  id: string;
  name: string;
  description: string;
  attributes: readonly Attribute[];
}

export const SCHEMAS: readonly Schema[] = [
  { id: USER_SCHEMA, name: 'User', description: 'A user of the identity provider.', attributes: USER_ATTRIBUTES },
  {
    id: PRINCIPAL_SCHEMA,
    name: 'KmsGrantsUser',
    description: 'The principal of a user in the KMS.',
    attributes: PRINCIPAL_ATTRIBUTES,
  },
  { id: GROUP_SCHEMA, name: 'Group', description: 'A group of the identity provider.', attributes: GROUP_ATTRIBUTES },
];

/** Attributes that every resource has. Source: RFC 7643, section 3.1. */
const COMMON_ATTRIBUTES: readonly Attribute[] = [
  attribute('externalId', 'The id of the resource at the identity provider.', { caseExact: true }),
];

export const CORE_SCHEMA_OF: Readonly<Record<ResourceType, string>> = { User: USER_SCHEMA, Group: GROUP_SCHEMA };

export const EXTENSIONS_OF: Readonly<Record<ResourceType, readonly string[]>> = {
  User: [PRINCIPAL_SCHEMA],
  Group: [],
};

/** The attributes that clients may write, except those of extensions. */
export const CORE_ATTRIBUTES: Readonly<Record<ResourceType, readonly Attribute[]>> = {
  User: [...COMMON_ATTRIBUTES, ...USER_ATTRIBUTES],
  Group: [...COMMON_ATTRIBUTES, ...GROUP_ATTRIBUTES],
};

export const EXTENSION_ATTRIBUTES: Readonly<Record<string, readonly Attribute[]>> = {
  [PRINCIPAL_SCHEMA]: PRINCIPAL_ATTRIBUTES,
};

/** Names of attributes are case-insensitive. Source: RFC 7643, section 2.1. */
export const isNamed = (name: string) => {
  const folded = name.toLowerCase();
  return (one: { name: string }): boolean => one.name.toLowerCase() === folded;
};
