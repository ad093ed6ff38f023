/** The webhook that this service sends to its targets: lib/webhooks/outbound/. */
import { ref } from './schemas/common.ts';

const header = (name: string, description: string, zh: string, schema: object) => ({
  name,
  in: 'header',
  required: true,
  description,
  'x-zh': { description: zh },
  schema,
});

export const OUTGOING_WEBHOOKS = {
  grantsChanged: {
    post: {
      operationId: 'grantsChanged',
      tags: ['webhooks'],
      summary: 'Changes of keys and grants',
      description:
        'Sent to each target of the setting `TARGETS`, signed as Standard Webhooks. A message that is not answered with 2xx is sent again for about a day, with the same `webhook-id`. Order is kept only between messages that are delivered at the first attempt.',
      'x-zh': {
        summary: '密钥和授权的变更',
        description:
          '发送给 `TARGETS` 配置的每个目标，按 Standard Webhooks 签名。未收到 2xx 响应的消息会在约一天内以相同的 `webhook-id` 重发。仅首次投递成功的消息之间保证顺序。',
      },
      security: [{ StandardWebhooks: [] }],
      parameters: [
        header('webhook-id', 'The id of the message, the same when it is sent again.', '消息 ID，重发时不变。', {
          type: 'string',
          pattern: '^msg_[0-9a-f]{32}$',
        }),
        header('webhook-timestamp', 'When it was sent, in seconds since 1970.', '发送时间，自 1970 年起的秒数。', {
          type: 'string',
          pattern: '^[0-9]{10}$',
        }),
        header('webhook-signature', 'One signature for each secret of the target.', '目标的每个密钥对应一个签名。', {
          type: 'string',
          pattern: '^v1,',
        }),
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: ref('EventMessage'),
            example: {
              type: 'grants.changed',
              timestamp: '2026-11-22T06:27:27.000Z',
              data: {
                events: [
                  {
                    event_id: '01a222e2939e000e8bd8cc5e9e15a801',
                    event_time: '1795881603998',
                    action: 'revoke-grant',
                    project_id: 'c8bb931d03d43cefee5daed8c0f34874',
                    key_id: 'bb6a3d22-dc93-47ac-b5bd-88df7ad35f1e',
                    grant_id: '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d',
                    actor: '01ebf3599fe7e02ae762e2f13d05eb2d',
                    channel: 'http',
                    request_id: '5a080fd9838a4189b154e259961f60ea',
                  },
                ],
              },
            },
          },
        },
      },
      responses: {
        '2XX': { description: 'Received. The body is ignored.', 'x-zh': { description: '已接收，响应体被忽略。' } },
        410: {
          description: 'The target does not want the message. It is not sent again.',
          'x-zh': { description: '目标不再接收该消息，不会重发。' },
        },
        default: {
          description: 'Sent again later; `Retry-After` is respected.',
          'x-zh': { description: '稍后重发，遵循 `Retry-After`。' },
        },
      },
    },
  },
} as const;
