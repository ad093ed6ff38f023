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
import { ignored, keyTask, personTask, unreadable } from './event-tasks.ts';
import { acts, actsByChoice, type EventRule, meaningOf, needsPersonByDefault, type Source } from './source.ts';

/** What an event is about, and so what `resource_type` its trace must have. */
type Subject = 'user' | 'agency' | 'account' | 'key';

interface TraceRule extends EventRule {
  subject: Subject;
  /** Whether it takes access away only if the trace says that the user is disabled. */
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

const EVENT_NAMES = new Map(Object.keys(RULES).map((event) => [event.toLowerCase(), event]));
/** The documents do not say which `service_type` the traces of accounts have, so it does not matter. */
const ACCOUNT_EVENTS = new Map(
  Object.keys(RULES)
    .filter((event) => event.startsWith('Account.'))
    .map((event) => [event.slice('Account.'.length).toLowerCase(), event]),
);

/** As in the documents, in lower case. */
const RESOURCE_TYPES: Readonly<Record<Subject, string>> = {
  user: 'user',
  agency: 'agency',
  account: 'account',
  key: 'cmk',
};

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
  // The whole text, once.
  const firstUnreadable = tasks.findIndex(({ action }) => action === 'unreadable');
  return tasks.map((task, index) =>
    index === firstUnreadable ? unreadable(task.type, task.reason ?? NOT_A_TRACE, text) : task,
  );
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
  const event = EVENT_NAMES.get(`${service}.${name}`.toLowerCase()) ?? ACCOUNT_EVENTS.get(name.toLowerCase());
  const rule = event === undefined ? undefined : RULES[event];
  if (!event || !rule || meaningOf(source, event) === 'ignore') return ignored(event ?? `${service}.${name}`);
  try {
    return happened(trace, rule) ? subjectTask(source, event, rule, trace) : ignored(event);
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    return unreadable(event, error.detail ?? error.message);
  }
}

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
  const isExpectedType = typeof type === 'string' && type.toLowerCase() === RESOURCE_TYPES[subject];
  const pattern = subject === 'key' ? KEY_ID_PATTERN : PRINCIPAL_ID_PATTERN;
  if (!isExpectedType || typeof id !== 'string' || !pattern.test(id)) {
    const what = `resource_type ${RESOURCE_TYPES[subject]} and its id in resource_id`;
    return unreadable(event, `A trace of this event needs ${what}.`);
  }
  const reason = `smn ${event}${typeof trace['trace_id'] === 'string' ? `, trace ${trace['trace_id']}` : ''}`;
  if (subject !== 'key') return personTask(source, event, { grantee: id }, reason);
  const projectId = typeof project === 'string' && project !== '' ? project : undefined;
  return keyTask(source, event, { keyId: id, projectId }, reason);
}
