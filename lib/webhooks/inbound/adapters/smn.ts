/**
 * Simple Message Notification of Huawei Cloud and Open Telekom Cloud, with traces of CTS: users, access keys and KMS
 * keys that the cloud itself has deleted or disabled.
 * Source: Huawei Cloud, SMN User Guide, "HTTP/HTTPS Messages"; CTS User Guide, "Configuring Key Event Notifications".
 */
import { SMN, type VerificationKey } from '../../../signing/notification-message.ts';
import { SMN_CERTIFICATE } from '../../../signing/smn-certificate.ts';
import { parseVerificationKey } from '../../../signing/verification-key.ts';
import { ctsTasks, eventProblems, TRACE_EVENTS } from '../cts-traces.ts';
import { notificationAdapter, type TopicSource } from '../notification-adapter.ts';

/** Hosts of the console, also of a region. A console of another cloud needs the setting `confirm_hosts`. */
const CONSOLE = /^(?:[a-z0-9-]{1,63}-)?console\.huaweicloud\.com$/;

/** Types of messages that tell about other people's subscriptions. Source: SMN User Guide (Chinese), 2026. */
const NOTICES = ['httpsubscriptionuserconfirm', 'httpsubscriptionuserunsubscribe'];

export const smn = notificationAdapter({
  form: SMN,
  topicForm: 'urn:smn:<region>:<project id>:<topic>',
  events: TRACE_EVENTS,
  otherEvents: ['principal.disabled', 'key.compromised'],
  settingsProblems: eventProblems,
  isNotice: ({ headers }) => NOTICES.includes(headers['x-smn-message-type']?.toLowerCase() ?? ''),
  keysFor: (_, { secrets }: TopicSource): VerificationKey[] =>
    (secrets.length > 0 ? secrets : [SMN_CERTIFICATE]).flatMap((pem) => parseVerificationKey(pem) ?? []),
  confirmRule: ({ topic }) => ({
    isHost: (host) => CONSOLE.test(host),
    path: '/smn/subscription/confirm',
    query: { topic_urn: topic },
  }),
  tasksOf: ctsTasks,
});
