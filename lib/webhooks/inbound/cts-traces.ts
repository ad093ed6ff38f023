/**
 * Traces of Cloud Trace Service (CTS) in the text of a message.
 * Source: CTS User Guide, "Trace Structure"; "IAM Operations Supported by CTS", also of the new IAM, whose names end
 * with V5; "Account Center Operations"; DEW User Guide, "Operations Supported by CTS".
 */
import { KEY_ID_PATTERN, PRINCIPAL_ID_PATTERN } from '../../domain/ids.ts';
import type { Task } from '../../domain/job.ts';
import { KmsError } from '../../errors.ts';
import { isJsonObject } from '../../validation/json-body.ts';
import { outcomeOf, saysDisabled } from './cts-trace-fields.ts';
import { embeddedJson } from './embedded-json.ts';
import { ignored, keepingPayload, keyTask, personTask, unreadable } from './event-tasks.ts';
import { acts, actsByChoice, type EventRule, meaningOf, needsPersonByDefault, type Source } from './source.ts';

/** What an event is about. It determines the `resource_type` that its trace must have. */
type Subject = 'user' | 'agency' | 'account' | 'key';

interface TraceRule extends EventRule {
  subject: Subject;
  /** Whether the event takes access away only if its trace says that the user is disabled. */
  ifDisabled?: boolean;
}

const about = (subject: Subject, rule: EventRule, options: { ifDisabled?: boolean } = {}): TraceRule => ({
  ...rule,
  subject,
  ...options,
});

const leaves = acts('principal.disabled');
const mayLeak = actsByChoice('principal.disabled');
/** The documents do not say what `resource_id` is, or it is no principal of grants. */
const unclear = needsPersonByDefault('principal.disabled');
const keyEnds = actsByChoice('key.compromised');

const RULES: Readonly<Record<string, TraceRule>> = {
  'IAM.deleteUser': about('user', leaves),
  'IAM.deleteUserV5': about('user', leaves),
  'IAM.updateUser': about('user', leaves, { ifDisabled: true }),
  'IAM.updateUserV5': about('user', leaves, { ifDisabled: true }),
  'IAM.deleteAgency': about('agency', unclear),
  'IAM.deleteAgencyV5': about('agency', unclear),
  'Account.closeSuspendAccount': about('account', unclear),
  'Account.deregisterAccount': about('account', unclear),
  'Account.closeHuaweiCloudservices': about('account', unclear),
  'Account.disableHuaweiCloudservices': about('account', unclear),
  'IAM.deleteCredential': about('user', mayLeak),
  'IAM.changePassword': about('user', mayLeak),
  'IAM.updateUserPwd': about('user', mayLeak),
  'IAM.setPasswordByAdmin': about('user', mayLeak),
  'IAM.modifyUserPassword': about('user', mayLeak),
  'IAM.fpwdResetSuccess': about('user', mayLeak),
  'KMS.scheduleKeyDeletion': about('key', keyEnds),
  'KMS.disableKey': about('key', keyEnds),
  'KMS.deleteImportedKeyMaterial': about('key', keyEnds),
};

export const TRACE_EVENTS: Readonly<Record<string, EventRule>> = Object.fromEntries(
  Object.entries(RULES).map(([event, { action, byDefault }]) => [event, { action, byDefault }]),
);

/** The documents do not say which `service_type` the traces of accounts have, so it does not matter. */
const ACCOUNT_EVENTS = new Map(
  Object.keys(RULES)
    .filter((event) => event.startsWith('Account.'))
    .map((event) => [event.slice('Account.'.length).toLowerCase(), event]),
);

/** The values of `resource_type` in the documents, in lower case. The European site writes another one for accounts. */
const RESOURCE_TYPES: Readonly<Record<Subject, readonly string[]>> = {
  user: ['user'],
  agency: ['agency'],
  account: ['account', 'accountcenter'],
  key: ['cmk'],
};

const EVENT_FORM = /^[\w-]{1,64}\.[\w-]{1,128}$/;

/** Returns what is wrong with names in the setting `events` that are not in the table, each with its place. */
export function eventProblems({ events }: Source): string[] {
  return [...events.keys()].flatMap((event) => {
    if (Object.hasOwn(RULES, event)) return [];
    const known = Object.keys(RULES).find((one) => isSameName(one, event));
    if (known) return [`events.${event}: write it as ${known}`];
    return EVENT_FORM.test(event)
      ? []
      : [`events.${event}: must be <service_type>.<trace_name>, such as IAM.deleteUser`];
  });
}

const isSameName = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

const NOT_A_TRACE = 'The text of the message is not a trace of CTS in JSON, or a list of traces.';

/**
 * Returns the tasks of a message: one for each trace. A text that is not understood becomes an unreadable task that
 * keeps it, because it may be about a person who has left.
 */
export function ctsTasks(source: Source, text: string): Task[] {
  const parsed = embeddedJson(text);
  const traces = [parsed].flat().flatMap(unwrapped);
  if (traces.length === 0) return [unreadable('unreadable', NOT_A_TRACE, text)];
  const tasks = traces.map((trace) => taskOf(source, trace));
  return keepingPayload(tasks, text);
}

/** FunctionGraph gives a trace as `{"cts": trace}`, and messages may do so too. */
function unwrapped(value: unknown): unknown[] {
  return isJsonObject(value) && !('trace_name' in value) && 'cts' in value ? [value['cts']].flat() : [value];
}

function taskOf(source: Source, trace: unknown): Task {
  if (!isJsonObject(trace)) return unreadable('unreadable', NOT_A_TRACE);
  const { service_type: service, trace_name: name } = trace;
  if (typeof name !== 'string' || typeof service !== 'string') {
    return unreadable('unreadable', 'A trace needs service_type and trace_name.');
  }
  const written = `${service}.${name}`;
  const event =
    [...source.events.keys()].find((one) => isSameName(one, written)) ?? ACCOUNT_EVENTS.get(name.toLowerCase());
  if (!event || meaningOf(source, event) === 'ignore') return ignored(event ?? written);
  const rule = RULES[event] ?? ruleOfOther(source, event);
  try {
    return happened(trace, rule) ? subjectTask(source, event, rule, trace) : ignored(event);
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    return unreadable(event, error.detail ?? error.message);
  }
}

/** The rule of an event that is only in the settings: it is about a key if its meaning is, otherwise about a user. */
const ruleOfOther = (source: Source, event: string): TraceRule =>
  meaningOf(source, event) === 'key.compromised' ? about('key', keyEnds) : about('user', leaves);

/** Whether the operation succeeded, and took access away. @throws KmsError KMS.0308 if the trace does not say it */
function happened(trace: Record<string, unknown>, { ifDisabled = false }: TraceRule): boolean {
  return outcomeOf(trace) === 'succeeded' && (!ifDisabled || saysDisabled(trace));
}

/**
 * `resource_id` is the user, account or key that the operation was about. `user` is the administrator who did it, and
 * must never be used here.
 */
function subjectTask(source: Source, event: string, { subject }: TraceRule, trace: Record<string, unknown>): Task {
  const { resource_type: type, resource_id: id, project_id: project } = trace;
  const types = RESOURCE_TYPES[subject];
  const isExpectedType = typeof type === 'string' && types.includes(type.toLowerCase());
  const pattern = subject === 'key' ? KEY_ID_PATTERN : PRINCIPAL_ID_PATTERN;
  if (!isExpectedType || typeof id !== 'string' || !pattern.test(id)) {
    return unreadable(event, `A trace of this event needs resource_type ${types[0]} and its id in resource_id.`);
  }
  const reason = `smn ${event}${typeof trace['trace_id'] === 'string' ? `, trace ${trace['trace_id']}` : ''}`;
  if (subject !== 'key') return personTask(source, event, { grantee: id }, reason);
  const projectId = typeof project === 'string' && project !== '' ? project : undefined;
  return keyTask(source, event, { keyId: id, projectId }, reason);
}
