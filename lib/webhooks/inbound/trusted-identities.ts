/** Which names of a person in a webhook a source uses as identities. */
import { FIELDS } from '../named-settings.ts';
import { identitiesIn, lowerCase } from './event-fields.ts';
import type { Person } from './event-tasks.ts';
import type { Source } from './source.ts';

/** Ids never pass to another person. User names and addresses do, so they count only if the settings say so. */
export const TRUST_USERNAME = { trust_username: FIELDS.flag };
export const TRUST_EMAIL = { trust_email: FIELDS.flag };

export interface TrustSettings {
  trust_username?: boolean | undefined;
  trust_email?: boolean | undefined;
}

type Identities = Extract<Person, { identities: unknown }>;

/**
 * Returns the identities of a person: the id as decimal text, and the names that the settings of the source trust.
 * @param person values as received
 */
export function trustedIdentities(
  { settings }: Source<TrustSettings>,
  { id, username, email }: { id?: unknown; username?: unknown; email?: unknown },
): Identities {
  const names = settings.trust_username ? identitiesIn([username]) : [];
  const addresses = settings.trust_email ? [emailAddress(email)] : [];
  return {
    identities: identitiesIn([idText(id), ...names, ...addresses]),
    // Code hosts do not distinguish user names by case.
    ...(names.length > 0 && { caseInsensitiveIdentities: names }),
  };
}

/** Returns an e-mail address in lower case, as mappings hold them; undefined for anything else. */
export const emailAddress = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[^\s@]+@[^\s@]+$/.test(value) ? lowerCase(value) : undefined;

function idText(id: unknown): string | undefined {
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? String(id) : undefined;
}
