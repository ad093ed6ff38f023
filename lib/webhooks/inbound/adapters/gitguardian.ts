/**
 * GitGuardian custom webhooks: a secret was found.
 * Source: GitGuardian, "Custom webhook", "Payload structure".
 */
import type { Task } from '../../../domain/job.ts';
import { sha256Hex } from '../../../signing/bytes.ts';
import { verifyGitGuardian } from '../../../signing/gitguardian.ts';
import { plainSecretProblem } from '../../../signing/plain-secret.ts';
import { bodyParser } from '../../../validation/body-parser.ts';
import { isJsonObject, parseBody } from '../../../validation/json-body.ts';
import type { Adapter } from '../adapter.ts';
import { eventType, identitiesIn } from '../event-fields.ts';
import { ignored, isActedOn, needsPerson, personTask, unreadable } from '../event-tasks.ts';
import { readSentOnce } from '../sent-once.ts';
import { actsByChoice, meaningOf, needsPersonByDefault, type Source } from '../source.ts';
import { emailAddress, TRUST_EMAIL, type TrustSettings } from '../trusted-identities.ts';

/** The only event that names who wrote the secret into the code. */
const OCCURRENCE = 'new_occurrence';

const EVENTS = {
  incident_triggered: needsPersonByDefault('principal.disabled'),
  incident_regression: needsPersonByDefault('principal.disabled'),
  incident_reopened: actsByChoice('principal.disabled'),
  [OCCURRENCE]: needsPersonByDefault('principal.disabled'),
};

const parseEvent = bodyParser({ action: eventType('action') });

export const gitguardian: Adapter<TrustSettings> = {
  settings: TRUST_EMAIL,
  settingsProblems: (source) =>
    Object.keys(EVENTS)
      .filter((event) => isActedOn(meaningOf(source, event)))
      .flatMap((event) => {
        if (event !== OCCURRENCE) return [`events.${event}: names nobody; use needs-person or ignore`];
        if (source.settings.trust_email) return [];
        return [`events.${event}: names people by e-mail address only; set trust_email to true`];
      }),
  events: EVENTS,
  // Source: "Payload structure": GitGuardian sends a single request for each event.
  isSentOnce: true,
  secretProblem: plainSecretProblem,
  verify: (request, { secrets }, nowMs) => verifyGitGuardian(request, secrets, nowMs),
  read({ body }, source) {
    // There is no id of a delivery. An event has its time in microseconds, so two events never have equal bodies.
    const deliveryId = sha256Hex(body);
    return readSentOnce(deliveryId, body, () => {
      const payload = parseBody(body);
      return [scanResultTask(payload) ?? taskOf(source, payload)];
    });
  },
};

const OLD_FORMAT = 'The format is that of custom webhooks before 2023. Create a new custom webhook in GitGuardian.';
const WITHHELD = 'withheld, because this format contains the secret in plain text';

/** Returns the task of a body in the format before 2023, which only the test message still has. */
function scanResultTask({ action, matches, type }: Record<string, unknown>): Task | undefined {
  if (action !== undefined || !Array.isArray(matches)) return undefined;
  const isTest = type === 'Welcome Message Token';
  return isTest ? ignored('test message') : unreadable('scan_result', OLD_FORMAT, WITHHELD);
}

function taskOf(source: Source<TrustSettings>, payload: Record<string, unknown>): Task {
  const { action: event } = parseEvent(payload);
  if (!Object.hasOwn(EVENTS, event)) return ignored(event);
  const identities = source.settings.trust_email ? authorsIn(payload['occurrence']) : [];
  const reason = [`gitguardian ${event}`, ...incidentTexts(payload['incident'])].join(' ');
  if (isActedOn(meaningOf(source, event)) && identities.length === 0) return needsPerson(event, reason);
  return personTask(source, event, { identities }, reason);
}

/** The author of the commit, or for a public occurrence the account that published it. */
function authorsIn(occurrence: unknown): string[] {
  if (!isJsonObject(occurrence)) return [];
  const { author_info: author, actors } = occurrence;
  const primary = Array.isArray(actors)
    ? actors.filter((actor) => isJsonObject(actor) && actor['primary'] === true)
    : [];
  return identitiesIn([author, ...primary.map(({ email }) => email)].map(emailAddress));
}

/** What a person needs to find the incident: the kind of secret, and the page of the incident. */
function incidentTexts(incident: unknown): string[] {
  if (!isJsonObject(incident)) return [];
  const { detector, gitguardian_url: url } = incident;
  const name = isJsonObject(detector) ? detector['name'] : undefined;
  return [name, url].filter((text) => typeof text === 'string');
}
