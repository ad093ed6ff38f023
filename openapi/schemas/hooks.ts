/** Replies to webhooks and to chat, jobs, and the outgoing webhook. */
import { JOB_STATES } from '../../lib/domain/job.ts';
import {
  array,
  boolean,
  count,
  errorCode,
  id32,
  keyId,
  milliseconds,
  object,
  operationList,
  ref,
  string,
} from './common.ts';

/** The forms of the chat platforms: only what this service decides. The parts in them are the platform's. */
const anyObject = { type: 'object' };
const mattermostMessage = {
  response_type: { type: 'string', enum: ['ephemeral', 'in_channel'] },
  text: string,
  attachments: array(anyObject),
  skip_slack_parsing: { type: 'boolean', const: true },
};
const botMessage = {
  audience: { type: 'string', enum: ['asker', 'channel'] },
  replaces_card: boolean,
  tone: { type: 'string', enum: ['neutral', 'good', 'warning', 'bad'] },
  text: string,
  markdown: string,
  data: anyObject,
  buttons: array(ref('BotButton')),
};

export const HOOK_SCHEMAS = {
  WebhookReply: {
    ...object(
      {
        job_id: id32,
        state: { type: 'string', enum: ['queued', 'ignored'] },
        job_ids: array(id32, { minItems: 2 }),
      },
      ['job_ids'],
    ),
    description: 'The job that the webhook started. `job_ids` lists all jobs of a delivery that needs several.',
  },
  SubscriptionReply: {
    ...object({ state: { type: 'string', enum: ['confirmed', 'ignored'] } }),
    description: 'The subscription to a topic of SMN or SNS is confirmed; or a notice that has no effect was received.',
  },
  OktaVerification: object({ verification: string }),
  ScimResource: {
    type: 'object',
    properties: { schemas: array(string, { minItems: 1 }), id: string },
    required: ['schemas'],
    additionalProperties: true,
    description: 'A user, a group, a list of them, or a description of the server. Source: RFC 7643 and RFC 7644.',
  },
  Job: object(
    {
      job_id: id32,
      source: string,
      // Of a job that a person started.
      actor: string,
      channel: string,
      delivery_id: string,
      state: { type: 'string', enum: [...JOB_STATES] },
      mode: { type: 'string', const: 'observe' },
      received_at: milliseconds,
      tasks: array(
        object(
          {
            type: string,
            event: string,
            projects: array(string),
            grantee_principal: string,
            identities: array(string),
            caseInsensitiveIdentities: array(string),
            operations: operationList,
            key_id: keyId,
            grant_id: string,
            reason: string,
          },
          [
            'event',
            'grantee_principal',
            'identities',
            'caseInsensitiveIdentities',
            'operations',
            'key_id',
            'grant_id',
            'reason',
          ],
        ),
      ),
      tries: count,
      revoked: count,
      remaining: count,
      would_revoke: count,
      total: count,
      passed_on: count,
      leftovers: array(
        object({ project_id: string, key_id: string, grant_id: string, error_code: errorCode }, ['key_id', 'grant_id']),
      ),
      unmapped: array(string),
      unreadable: count,
      needs_person: count,
    },
    ['mode', 'would_revoke', 'total', 'passed_on', 'actor', 'channel'],
  ),
  SlackReply: {
    ...object({ response_type: { type: 'string', const: 'ephemeral' }, text: string, blocks: array(anyObject) }),
    description: 'A message for the person who typed the command. Other replies to Slack have no body.',
  },
  FeishuReply: {
    ...object({ challenge: string, toast: object({ type: string, content: string }), card: anyObject }, [
      'challenge',
      'toast',
      'card',
    ]),
    description:
      'For a message `{}`, because the answer is sent as a message; for a button a toast and the changed card; for the check of the URL its challenge.',
  },
  MattermostReply: {
    ...object(
      {
        ...mattermostMessage,
        extra_responses: array(object(mattermostMessage)),
        update: anyObject,
        ephemeral_text: string,
      },
      ['response_type', 'text', 'attachments', 'extra_responses', 'update', 'ephemeral_text'],
    ),
    description: 'The answer to a command, or to a button of a message.',
  },
  BotButton: object({ label: string, command: string }),
  BotReply: {
    ...object({
      text: string,
      markdown: string,
      data: anyObject,
      buttons: array(ref('BotButton')),
      messages: array(object(botMessage)),
    }),
    description:
      'The answer as plain text, as Markdown and as data. `messages` has each message on its own, with `audience`: whom the bot should show it to.',
  },
  EventMessage: {
    ...object({
      type: { type: 'string', const: 'grants.changed' },
      timestamp: { type: 'string', format: 'date-time' },
      data: object({ events: array(ref('GrantEvent'), { minItems: 1, maxItems: 100 }) }),
    }),
    description: 'Up to 100 events in the order in which the changes were made.',
  },
} as const;
