/**
 * The person whom the subject of an event names. Source: RFC 9493, section 3; Shared Signals Framework 1.0, "Subject
 * Members"; RFC 9967 for the format `scim`.
 */
import type { ExternalIdentity } from '../../../domain/job.ts';
import { isJsonObject } from '../../../validation/json-body.ts';
import { identitiesIn, lowerCase } from '../event-fields.ts';

/** The most aliases of one person that fit into one task. */
const ALIASES_MAX = 16;

/** The person of a subject: ids of the issuer, and e-mail addresses, which only some issuers vouch for. */
export interface Subject {
  ids: readonly ExternalIdentity[];
  emails: readonly ExternalIdentity[];
}

type Fields = Readonly<Record<string, unknown>>;
type Reader = (fields: Fields, issuers: readonly string[]) => Subject | undefined;

const idsIn = (...values: unknown[]): Subject => ({ ids: identitiesIn(values), emails: [] });
const emailsIn = (...values: unknown[]): Subject => ({ ids: [], emails: identitiesIn(values.map(lowerCase)) });

/** By format of a subject, how to read it. Devices, sessions and phone numbers are missing, as they name no person. */
const READERS: Readonly<Record<string, Reader>> = {
  iss_sub: issuerAndSubject,
  id_token_claims: (fields, issuers) => merged([issuerAndSubject(fields, issuers), emailsIn(fields['email'])]),
  email: ({ email }) => emailsIn(email),
  opaque: ({ id }) => idsIn(id),
  account: ({ uri }) => idsIn(uri),
  uri: ({ uri }) => idsIn(uri),
  did: ({ url }) => idsIn(url),
  scim: ({ uri, externalId }) => idsIn(externalId, lastSegmentOf(uri)),
  aliases: ({ identifiers }, issuers) => aliasesIn(identifiers, issuers),
  complex: ({ user }, issuers) => (isComplex(user) ? undefined : subjectOf(user, issuers)),
};

/**
 * Returns the person whom the subject names; undefined for a subject that names none, or in a format that is not known.
 * @param issuers those whose `sub` alone is an identity; that of any other issuer is one together with `iss`
 */
export function subjectOf(subject: unknown, issuers: readonly string[]): Subject | undefined {
  if (!isJsonObject(subject)) return undefined;
  const format = formatOf(subject);
  const read = Object.hasOwn(READERS, format) ? READERS[format] : undefined;
  const person = read?.(subject, issuers);
  return person && person.ids.length + person.emails.length > 0 ? person : undefined;
}

/** Older transmitters write `subject_type` and hyphens, and leave the format of a complex subject out. */
function formatOf(subject: Fields): string {
  const { format = subject['subject_type'], user } = subject;
  if (format === undefined && isJsonObject(user)) return 'complex';
  return typeof format === 'string' ? format.toLowerCase().replaceAll('-', '_') : '';
}

const isComplex = (subject: unknown) => isJsonObject(subject) && ['complex', 'aliases'].includes(formatOf(subject));

function issuerAndSubject({ iss, sub }: Fields, issuers: readonly string[]): Subject | undefined {
  if (typeof iss !== 'string' || typeof sub !== 'string' || sub === '') return undefined;
  return idsIn(issuers.includes(iss) ? sub : `${iss} ${sub}`);
}

/** Every alias must be understood: one of them may be the only one with a mapping. */
function aliasesIn(identifiers: unknown, issuers: readonly string[]): Subject | undefined {
  if (!Array.isArray(identifiers) || identifiers.length > ALIASES_MAX || identifiers.some(isComplex)) return undefined;
  return merged(identifiers.map((identifier) => subjectOf(identifier, issuers)));
}

const merged = (subjects: readonly (Subject | undefined)[]): Subject => ({
  ids: identitiesIn(subjects.flatMap((subject) => subject?.ids ?? [])),
  emails: identitiesIn(subjects.flatMap((subject) => subject?.emails ?? [])),
});

/** The id of the resource at `/Users/{id}`. */
const lastSegmentOf = (uri: unknown) => (typeof uri === 'string' ? /\/Users\/([^/]+)$/.exec(uri)?.[1] : undefined);
