/** What the kinds `smn` and `sns` share: messages of topics, and the life of their subscriptions. */
import * as z from 'zod/mini';
import type { Task } from '../../domain/job.ts';
import { KmsError } from '../../errors.ts';
import { logger } from '../../logger.ts';
import {
  assertRecent,
  MESSAGE_TYPES,
  type Message,
  type MessageForm,
  parseMessage,
  type VerificationKey,
  verifyMessage,
} from '../../signing/notification-message.ts';
import { SignatureError } from '../../signing/signed-request.ts';
import { parseVerificationKey } from '../../signing/verification-key.ts';
import { parseBody } from '../../validation/json-body.ts';
import { FIELDS } from '../named-settings.ts';
import type { Adapter, WebhookRequest } from './adapter.ts';
import { type ConfirmRule, confirmSubscription, isConfirmHost } from './confirm-subscription.ts';
import { needsPerson } from './event-tasks.ts';
import type { Action, EventRule, Source } from './source.ts';

const CONFIRM_HOST_PROBLEM = 'must be a host such as console.example.com, without a scheme, a port or a path';

/** The settings that only sources of the kinds smn and sns have. */
export interface TopicSettings {
  /** The only topics whose messages are accepted: the signature does not prove whose topic it is. */
  topics: readonly string[];
  /** Hosts of further consoles that may confirm a subscription. */
  confirm_hosts?: readonly string[] | undefined;
}

export type TopicSource = Source<TopicSettings>;

/** A service that sends messages of topics. */
export interface NotificationKind {
  form: MessageForm;
  /** The form of a topic's name, for the problem of a wrong one. */
  topicForm: string;
  events: Readonly<Record<string, EventRule>>;
  otherEvents?: readonly Action[];
  /** Returns what is wrong with the source's settings, each problem with its field. */
  settingsProblems?(source: Source): readonly string[];
  /** Whether the headers say that the service only tells about a subscription of somebody else. */
  isNotice?(request: WebhookRequest): boolean;
  /**
   * Returns the public keys with one of which the sender must have signed the message.
   * @throws KmsError with a 5xx status if the certificate cannot be fetched now, so that the sender tries again
   */
  keysFor(
    message: Message,
    source: TopicSource,
    nowMs: number,
  ): readonly VerificationKey[] | Promise<VerificationKey[]>;
  confirmRule(message: Message): Omit<ConfirmRule, 'extraHosts'>;
  /** Returns the tasks of a text; unreadable ones for a text that is not understood. It must not throw. */
  tasksOf(source: TopicSource, text: string): readonly Task[];
}

export function notificationAdapter(kind: NotificationKind): Adapter<TopicSettings> {
  const { form } = kind;
  return {
    settings: {
      topics: FIELDS.list(z.string().check(z.regex(form.topic, `must be the name of a topic: ${kind.topicForm}`))),
      confirm_hosts: z.optional(
        FIELDS.list(z.string().check(z.refine((host: string) => isConfirmHost(host), CONFIRM_HOST_PROBLEM))),
      ),
    },
    hasOptionalSecrets: true,
    events: kind.events,
    ...(kind.otherEvents && { otherEvents: kind.otherEvents }),
    settingsProblems: (source) => kind.settingsProblems?.(source) ?? [],
    // SMN and SNS do not repeat what gets a 4xx status.
    isSentOnce: true,
    secretProblem: (secret) =>
      parseVerificationKey(secret) ? undefined : 'must be a certificate or public key as PEM, of RSA with 2048 bits',
    async verify(request, source, nowMs) {
      if (request.method !== 'POST') throw new SignatureError('not a POST');
      if (isNotice(kind, request)) return assertListed(noticeTopicOf(request, form), source);
      const message = messageOf(request, form);
      // The topic is checked first, so that a message of a foreign topic causes no request for a certificate.
      assertListed(message.topic, source);
      assertRecent(message, nowMs);
      verifyMessage(message, await kind.keysFor(message, source, nowMs), nowMs);
    },
    async handshake(request, source) {
      if (isNotice(kind, request)) return { state: 'ignored' };
      const message = messageOf(request, form);
      if (message.type !== 'SubscriptionConfirmation') return undefined;
      const extraHosts = source.settings.confirm_hosts ?? [];
      await confirmSubscription(message.confirmUrl, { ...kind.confirmRule(message), extraHosts });
      logger.info('webhook', { source: source.name, topic: message.topic, subscription: 'confirmed' });
      return { state: 'confirmed' };
    },
    read(request, source) {
      const { id, type, topic, text } = messageOf(request, form);
      const hasEnded = type === 'UnsubscribeConfirmation';
      if (hasEnded) logger.error('webhook', { source: source.name, topic, subscription: 'ended' });
      const tasks = hasEnded ? [endOfSubscription(source, topic)] : kind.tasksOf(source, text);
      return { deliveryId: id, content: `${type}\n${text}`, tasks };
    },
  };
}

const endOfSubscription = ({ kind }: TopicSource, topic: string): Task =>
  needsPerson(
    'UnsubscribeConfirmation',
    `${kind}: the subscription to the topic has ended. Subscribe again, or its events are missing: ${topic}`,
  );

/** @throws SignatureError */
function messageOf({ body }: WebhookRequest, form: MessageForm): Message {
  return parseMessage(fieldsOf(body), form);
}

/** A body that is no message gets the same reply as a wrong signature. @throws SignatureError */
function fieldsOf(body: Uint8Array): Record<string, unknown> {
  try {
    return parseBody(body);
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    throw new SignatureError('the body is not a JSON object', { cause: error });
  }
}

/** The headers are not signed, so that they must not make a notice of a message. @throws SignatureError */
function isNotice(kind: NotificationKind, request: WebhookRequest): boolean {
  if (!kind.isNotice?.(request)) return false;
  const type = fieldsOf(request.body)[kind.form.names.type];
  return !MESSAGE_TYPES.some((one) => one === type);
}

/** The form of such a notice is not published, so its topic is all that can be checked. It has no effect. */
function noticeTopicOf({ body }: WebhookRequest, { names }: MessageForm): string {
  const topic = fieldsOf(body)[names.topic];
  return typeof topic === 'string' ? topic : '';
}

/** @throws SignatureError */
function assertListed(topic: string, { settings }: TopicSource): void {
  if (!settings.topics.includes(topic)) throw new SignatureError('the topic is not one of the setting topics');
}
