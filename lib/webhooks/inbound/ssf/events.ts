/** The events of Shared Signals. Source: OpenID CAEP 1.0, RISC 1.0 and SSF 1.0, "Event Types"; RFC 9967, section 2. */
import type { Task } from '../../../domain/job.ts';
import { isJsonObject } from '../../../validation/json-body.ts';
import { ignored, needsPerson, personTask, unreadable } from '../event-tasks.ts';
import { acts, actsByChoice, meaningOf, type Source } from '../source.ts';
import { type Subject, subjectOf } from './subjects.ts';

/** The settings of a source that its events depend on. */
export interface EventSettings {
  issuer: string;
  /** Further issuers whose `sub` alone is an identity. */
  subject_issuers?: readonly string[] | undefined;
  /** Whether an e-mail address identifies a person in mappings. */
  trust_email?: boolean | undefined;
}

export const EVENTS = {
  'account-disabled': acts('principal.disabled'),
  'account-purged': acts('principal.disabled'),
  'credential-compromise': acts('principal.disabled'),
  'scim-delete': acts('principal.disabled'),
  'scim-deactivate': acts('principal.disabled'),
  // Some transmitters send it for every logout.
  'session-revoked': actsByChoice('principal.disabled'),
  'sessions-revoked': actsByChoice('principal.disabled'),
  'credential-change': actsByChoice('principal.disabled'),
  'account-credential-change-required': actsByChoice('principal.disabled'),
};

/** The event of an event type, by the start of its URI. `sse` and upper case are forms of earlier drafts. */
const FAMILIES: readonly [start: RegExp, prefix: string][] = [
  [/^https:\/\/schemas\.openid\.net\/secevent\/(?:caep|risc|ssf|sse)\/event-type\//, ''],
  [/^urn:ietf:params:(?:scim:event|event:scim):prov:/, 'scim-'],
];

/** Returns the short name of an event type; the URI itself for an event of another family. */
function eventNameOf(uri: string): string {
  const folded = uri.toLowerCase();
  const [start, prefix = ''] = FAMILIES.find(([each]) => each.test(folded)) ?? [];
  return start ? prefix + folded.replace(start, '') : uri;
}

const NO_SUBJECT = 'The subject of the event names no person, or has a format that is not known.';
const NO_CHANGE_TYPE = 'The event must have a change_type.';

/** One event of a token. */
interface TokenEvent {
  /** The URI of its type. */
  uri: string;
  payload: unknown;
  /** The claim `sub_id` of the token. Older transmitters write the subject into the event instead. */
  subjectOfToken: unknown;
}

export function taskOf(source: Source<EventSettings>, { uri, payload, subjectOfToken }: TokenEvent): Task {
  const event = eventNameOf(uri);
  if (meaningOf(source, event) === 'ignore') return ignored(event);
  const fields = isJsonObject(payload) ? payload : {};
  if (event === 'credential-change') {
    const { change_type: changeType } = fields;
    if (typeof changeType !== 'string') return unreadable(event, NO_CHANGE_TYPE);
    // Whoever gets a new password keeps access.
    if (changeType !== 'revoke') return ignored(event);
  }
  const { issuer, subject_issuers: others = [] } = source.settings;
  const subject = subjectOf(subjectOfToken ?? fields['subject'], [issuer, ...others]);
  return subject ? taskAbout(source, event, fields, subject) : unreadable(event, NO_SUBJECT);
}

function taskAbout(
  source: Source<EventSettings>,
  event: string,
  fields: Readonly<Record<string, unknown>>,
  { ids, emails }: Subject,
): Task {
  const cause = [fields['reason'], fields['credential_type']].find((each) => typeof each === 'string');
  const reason = `ssf ${event}${cause ? `: ${cause}` : ''}`;
  const identities = source.settings.trust_email ? [...ids, ...emails] : ids;
  if (identities.length > 0) return personTask(source, event, { identities }, reason);
  return needsPerson(event, `${reason}. The event has only an e-mail address, and trust_email is not set.`, emails);
}
