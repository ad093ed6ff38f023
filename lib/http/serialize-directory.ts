import type { ListedAccessKey, User } from '../domain/directory.ts';

/** A user. Source: OpenStack Identity API v3, "List users"; IAM API reference, "Listing IAM Users". */
export const serializeUser = ({ userId, domainId, name, enabled }: User) => ({
  id: userId,
  name,
  domain_id: domainId,
  enabled,
  description: '',
  password_expires_at: null,
  options: {},
  links: { self: `/v3/users/${userId}` },
});

/** An access key, without its secret key. Source: IAM API reference, "Querying Permanent Access Keys". */
export const serializeCredential = ({ accessKey, userId, enabled, createdAtMs }: ListedAccessKey) => ({
  access: accessKey,
  user_id: userId,
  status: enabled ? 'active' : 'inactive',
  create_time: new Date(createdAtMs).toISOString().replace('Z', '000Z'),
  description: '',
});
