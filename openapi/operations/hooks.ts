/** What other systems call: webhooks, chat platforms, and the job that a webhook starts. */
import type { ErrorCode } from '../../lib/errors.ts';
import { ref, string } from '../schemas/common.ts';
import type { Operation, Operations, Schema, Text } from '../types.ts';

const JOB_ID = '0c5b7a1f6d0e4b3f9f1d2a6c8e7b5d43';
const anyJson: Schema = { type: ['object', 'array'] };
const RECEIVED: Text = { en: 'Received.', zh: '已接收。' };

/** Codes of `receiveWebhook` and of the adapters. */
const WEBHOOK_CODES: readonly ErrorCode[] = [
  'APIGW.0301',
  'KMS.0104',
  'KMS.0202',
  'KMS.0204',
  'KMS.0205',
  'KMS.0307',
  'KMS.0308',
  'KMS.2402',
  'KMS.2501',
];

const jobHeader = {
  'X-Job-Id': {
    description: { en: 'The job that the request started.', zh: '请求启动的任务 ID。' },
    schema: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
};

const CHAT_SECURITY = ['SlackSignature', 'FeishuSignature', 'MattermostToken', 'StandardWebhooks'];

const scimOperation = (id: string, summary: Text, reply: Operation['replies']): Operation => ({
  id,
  tag: 'webhooks',
  summary,
  description: {
    en: 'Part of SCIM 2.0, for sources of the kind `scim`. A user who is no longer active loses the grants of the principals to which the identity is mapped. Errors have the form of SCIM.',
    zh: 'SCIM 2.0 的一部分，用于类型为 `scim` 的来源。用户停用后，将撤销其映射主体持有的授权。错误采用 SCIM 格式。',
  },
  codes: [...WEBHOOK_CODES, 'KMS.0215'],
  security: ['ScimToken'],
  hasScimErrors: true,
  ...(id !== 'scimDeleteUser' && {
    body: {
      required: true,
      content: { 'application/scim+json': { schema: { type: 'object' } } },
    },
  }),
  replies: reply,
});

const noContent: Operation['replies'] = { 204: { description: RECEIVED, headers: jobHeader } };

const chatOperation = (
  id: string,
  platform: string,
  parts: Pick<Operation, 'security' | 'body'> & { schema: string; mayBeEmpty?: boolean },
): Operation => ({
  id,
  tag: 'chat',
  summary: { en: `Receive a request of ${platform}`, zh: `接收 ${platform} 的请求` },
  description: {
    en: `Receives commands and presses of buttons from ${platform}. A person always gets an answer to read, also when the command is refused. Only what is no valid request of the platform gets an HTTP error.`,
    zh: `接收来自 ${platform} 的命令和按钮操作。即使命令被拒绝，用户也会收到可读的答复。只有不合法的平台请求才返回 HTTP 错误。`,
  },
  codes: ['APIGW.0301', 'KMS.0202', 'KMS.0204', 'KMS.0308'],
  ...(parts.security && { security: parts.security }),
  ...(parts.body && { body: parts.body }),
  replies: {
    200: {
      description: {
        en: 'Received, with the answer if the platform shows it.',
        zh: '已接收；如平台支持，则包含答复。',
      },
      schema: ref(parts.schema),
      ...(parts.mayBeEmpty && { mayBeEmpty: true }),
    },
  },
});

const form: Schema = { type: 'object', additionalProperties: string };
const encrypted: Schema = { type: 'object', properties: { encrypt: string }, required: ['encrypt'] };
const feishuParts = {
  security: ['FeishuSignature'],
  body: { required: true, content: { 'application/json': { schema: encrypted } } },
  schema: 'FeishuReply',
};

const notificationOperation = (id: string, service: string): Operation => ({
  id,
  tag: 'webhooks',
  summary: { en: `Receive a message of ${service}`, zh: `接收 ${service} 的消息` },
  description: {
    en: `Receives a message of ${service}, which is signed in its body. Only messages of the topics in the setting \`HOOKS\` are accepted; any other message gets the same 401 as a wrong signature. The first message confirms the subscription. A message that cannot be read is kept for a person, because ${service} would not send it again.`,
    zh: `接收 ${service} 的消息，签名位于请求体中。只接受 \`HOOKS\` 中所列主题的消息，其他消息与错误签名一样返回 401。第一条消息用于确认订阅。无法解析的消息会保留以供人工处理，因为 ${service} 不会再次发送。`,
  },
  codes: WEBHOOK_CODES,
  body: {
    required: true,
    content: { 'application/json': { schema: { type: 'object' } }, 'text/plain': { schema: string } },
  },
  replies: {
    200: {
      description: { en: 'The job that was started, or a confirmed subscription.', zh: '启动的任务，或订阅确认结果。' },
      schema: { anyOf: ['WebhookReply', 'SubscriptionReply'].map(ref) },
      example: { job_id: JOB_ID, state: 'queued' },
    },
  },
});

export const HOOK_OPERATIONS: Operations = {
  'POST /hooks/{source}': {
    id: 'receiveWebhook',
    tag: 'webhooks',
    summary: { en: 'Receive a webhook', zh: '接收 Webhook' },
    description: {
      en: 'Receives a webhook from a source of the setting `HOOKS`, and stores the job that it asks for before it replies. The signature of the source is the credential; an unknown source and a wrong signature get the same 401. A message of SMN or SNS is signed in its body. A repeated delivery gets the same reply and starts nothing. The body is what the source sends; this schema shows a webhook of the kind `standard`. A chat source may have any name on a single machine, and gets the replies of its platform here.',
      zh: '接收 `HOOKS` 配置的来源发送的 Webhook，并在响应前保存相应的任务。以来源的签名作为凭证；未知来源和错误签名均返回相同的 401。SMN 和 SNS 消息的签名位于请求体中。重复投递得到相同的响应，且不会再次执行。请求体由来源决定，此处给出类型为 `standard` 的 Webhook。单机部署时聊天来源可以使用任意名称，在此得到其平台的响应。',
    },
    codes: [...WEBHOOK_CODES, 'KMS.0215'],
    security: [
      'StandardWebhooks',
      'SourceSecret',
      'OktaSecret',
      'WorkosSignature',
      'GitHubSignature',
      'GitHubWebhookSignature',
      'GitLabToken',
      'GitGuardianSignature',
      ...CHAT_SECURITY.slice(0, 3),
    ],
    body: {
      required: true,
      content: {
        'application/json': {
          schema: anyJson,
          example: {
            type: 'principal.disabled',
            timestamp: '2026-11-22T06:27:27Z',
            data: { identity: 'ann@example.com', reason: 'left the company' },
          },
        },
        'application/x-www-form-urlencoded': { schema: form },
        // SNS sends its JSON as text.
        'text/plain': { schema: string },
      },
    },
    replies: {
      200: {
        description: {
          en: 'The job that was started, a confirmed subscription, or the answer of a chat source.',
          zh: '启动的任务、订阅确认结果，或聊天来源的答复。',
        },
        schema: {
          anyOf: ['WebhookReply', 'SubscriptionReply', 'SlackReply', 'FeishuReply', 'MattermostReply', 'BotReply'].map(
            ref,
          ),
        },
        example: { job_id: JOB_ID, state: 'queued' },
        mayBeEmpty: true,
      },
    },
  },
  'GET /hooks/{source}': {
    id: 'verifyWebhook',
    tag: 'webhooks',
    summary: { en: 'Verify the endpoint', zh: '验证 Webhook 地址' },
    description: {
      en: 'Okta verifies the endpoint once with this request. Any other GET is refused.',
      zh: 'Okta 通过该请求对 Webhook 地址进行一次性验证，其他 GET 请求会被拒绝。',
    },
    codes: [...WEBHOOK_CODES, 'KMS.0215'],
    security: ['OktaSecret', 'StandardWebhooks', 'WorkosSignature', 'ScimToken'],
    parameters: [
      {
        name: 'X-Okta-Verification-Challenge',
        in: 'header',
        description: { en: 'The text to send back.', zh: '需要原样返回的文本。' },
        schema: string,
      },
    ],
    replies: {
      200: {
        description: { en: 'The challenge.', zh: '验证文本。' },
        schema: ref('OktaVerification'),
        example: { verification: 'a challenge of Okta' },
      },
    },
  },
  'POST /hooks/{source}/events': {
    id: 'receiveSecurityEvent',
    tag: 'webhooks',
    summary: { en: 'Receive a Security Event Token', zh: '接收安全事件令牌' },
    description: {
      en: 'Receives a signed Security Event Token (SET) of a Shared Signals transmitter, for sources of the kind `ssf`, and stores the job that it asks for before it replies. Source: RFC 8935. An unknown source and a wrong signature get the same error. A repeated token gets the same reply and starts nothing.',
      zh: '接收共享信号（Shared Signals）发送方签名的安全事件令牌（SET），用于类型为 `ssf` 的来源，并在响应前保存相应的任务。参见 RFC 8935。未知来源和错误签名得到相同的错误。重复的令牌得到相同的响应，且不会再次执行。',
    },
    codes: ['KMS.0104'],
    security: ['SetSignature'],
    hasSetErrors: true,
    body: { required: true, content: { 'application/secevent+jwt': { schema: string } } },
    replies: { 202: { description: RECEIVED, headers: jobHeader } },
  },
  'PATCH /hooks/{source}/Users/{id}': scimOperation(
    'scimPatchUser',
    { en: 'Change a user (SCIM)', zh: '修改用户（SCIM）' },
    noContent,
  ),
  'PUT /hooks/{source}/Users/{id}': scimOperation(
    'scimReplaceUser',
    { en: 'Replace a user (SCIM)', zh: '替换用户（SCIM）' },
    {
      200: {
        description: { en: 'The user as received.', zh: '接收到的用户。' },
        schema: ref('ScimUser'),
        contentType: 'application/scim+json',
        headers: jobHeader,
        example: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], id: '2819c223', active: false },
      },
    },
  ),
  'DELETE /hooks/{source}/Users/{id}': scimOperation(
    'scimDeleteUser',
    { en: 'Delete a user (SCIM)', zh: '删除用户（SCIM）' },
    noContent,
  ),
  'GET /hooks/jobs/{id}': {
    id: 'showJob',
    tag: 'webhooks',
    summary: { en: 'Show a job', zh: '查询任务' },
    description: {
      en: 'Shows the progress of a job to callers who may list grants in one of its projects. Only the parts that concern the project of the caller are shown. The project is that of the token, or the signed `X-Project-Id`.',
      zh: '向有权在相关项目中查询授权的调用者展示任务进度，只包含与调用者项目有关的部分。项目取自 Token 或已签名的 `X-Project-Id`。',
    },
    codes: ['APIGW.0101'],
    replies: {
      200: {
        description: { en: 'The job.', zh: '任务。' },
        schema: ref('Job'),
        example: {
          job_id: JOB_ID,
          source: 'hr',
          delivery_id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
          state: 'done',
          received_at: '1795881603998',
          tasks: [
            {
              type: 'principal.disabled',
              projects: ['c8bb931d03d43cefee5daed8c0f34874'],
              identities: ['ann@example.com'],
              reason: 'left the company',
            },
          ],
          tries: 0,
          revoked: 4,
          remaining: 0,
          passed_on: 0,
          leftovers: [],
          unmapped: [],
          unreadable: 0,
          needs_person: 0,
        },
      },
    },
  },
  'POST /hooks/smn': notificationOperation('receiveSmn', 'SMN'),
  'POST /hooks/sns': notificationOperation('receiveSns', 'SNS'),
  'POST /hooks/slack': chatOperation('receiveSlack', 'Slack', {
    security: ['SlackSignature'],
    body: { required: true, content: { 'application/x-www-form-urlencoded': { schema: form } } },
    schema: 'SlackReply',
    mayBeEmpty: true,
  }),
  'POST /hooks/feishu': chatOperation('receiveFeishu', 'Feishu', feishuParts),
  'POST /hooks/lark': chatOperation('receiveLark', 'Lark', feishuParts),
  'POST /hooks/mattermost': chatOperation('receiveMattermost', 'Mattermost', {
    security: ['MattermostToken'],
    body: {
      required: true,
      content: {
        'application/x-www-form-urlencoded': { schema: form },
        'application/json': { schema: { type: 'object' } },
      },
    },
    schema: 'MattermostReply',
  }),
  'POST /hooks/bot': chatOperation('receiveBot', 'your bot', {
    security: ['StandardWebhooks'],
    body: {
      required: true,
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: {
              command: string,
              text: string,
              actor: { type: 'string', minLength: 1, maxLength: 128 },
              channel: { type: 'string', maxLength: 256 },
              request_id: { type: 'string', maxLength: 256 },
              locale: string,
            },
            required: ['actor'],
          },
          example: { command: 'list @ann', actor: 'bob', request_id: '42', locale: 'en' },
        },
      },
    },
    schema: 'BotReply',
  }),
};
