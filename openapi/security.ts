/** The credentials. */
import type { Api } from '../lib/handlers/api.ts';
import type { Operation, Schema } from './types.ts';

const header = (name: string, en: string, zh: string): Schema => ({
  type: 'apiKey',
  in: 'header',
  name,
  description: en,
  'x-zh': { description: zh },
});

export const SECURITY_SCHEMES: Readonly<Record<string, Schema>> = {
  Token: header('X-Auth-Token', 'A token of `POST /v3/auth/tokens`.', '通过 `POST /v3/auth/tokens` 获取的 Token。'),
  AccessKey: header(
    'Authorization',
    'The signature of the request with an access key (AK/SK): `SDK-HMAC-SHA256 Access=<AK>, SignedHeaders=<names>, Signature=<64 hexadecimal digits>`, with the header `X-Sdk-Date`. The form with `Credential=<AK>/<day>/<region>/<service>/sdk_request` is accepted too. The SDKs of the vendor sign in this way.',
    '使用访问密钥（AK/SK）对请求签名：`SDK-HMAC-SHA256 Access=<AK>, SignedHeaders=<名称>, Signature=<64 位十六进制>`，并携带 `X-Sdk-Date`。也接受 `Credential=<AK>/<日期>/<区域>/<服务>/sdk_request` 的形式。厂商 SDK 采用该签名方式。',
  ),
  StandardWebhooks: header(
    'webhook-signature',
    'Standard Webhooks: `v1,` and the base64 of an HMAC-SHA256, or `v1a,` and an Ed25519 signature, with `webhook-id` and `webhook-timestamp`.',
    'Standard Webhooks：`v1,` 加 HMAC-SHA256 的 base64，或 `v1a,` 加 Ed25519 签名，并携带 `webhook-id` 和 `webhook-timestamp`。',
  ),
  OktaSecret: header('Authorization', 'The secret of the event hook, as Okta sends it.', 'Okta 事件钩子的密钥。'),
  WorkosSignature: header('WorkOS-Signature', 'The signature of WorkOS.', 'WorkOS 的签名。'),
  GitHubSignature: header(
    'Github-Public-Key-Signature',
    'The signature of GitHub secret scanning, with `Github-Public-Key-Identifier`.',
    'GitHub 密钥扫描的签名，并携带 `Github-Public-Key-Identifier`。',
  ),
  SourceSecret: header(
    'Authorization',
    'The secret of a source of the kind `bearer`: `Bearer <secret>`, or the secret alone. The source may have another header in its settings.',
    '类型为 `bearer` 的来源的密钥：`Bearer <密钥>`，或仅密钥本身。来源可在设置中指定其他请求头。',
  ),
  GitHubWebhookSignature: header(
    'X-Hub-Signature-256',
    'The signature of a webhook of a GitHub organisation or repository, with `X-GitHub-Event` and `X-GitHub-Delivery`.',
    'GitHub 组织或仓库 Webhook 的签名，并携带 `X-GitHub-Event` 和 `X-GitHub-Delivery`。',
  ),
  GitLabToken: header(
    'X-Gitlab-Token',
    'The secret token of GitLab. With a signing token, GitLab sends a signature of Standard Webhooks instead.',
    'GitLab 的密钥令牌。使用签名令牌时，GitLab 改为发送 Standard Webhooks 签名。',
  ),
  GitGuardianSignature: header(
    'Gitguardian-Signature',
    'The signature of GitGuardian, with `Timestamp`.',
    'GitGuardian 的签名，并携带 `Timestamp`。',
  ),
  ScimToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'The secret of the source, which the identity provider sends with SCIM.',
    'x-zh': { description: '来源的密钥，由身份提供方在 SCIM 请求中发送。' },
  },
  SetSignature: header(
    'Authorization',
    'The body is a Security Event Token, which the transmitter has signed. If the source has such a secret, the transmitter sends it in this header too.',
    '请求体为发送方签名的安全事件令牌（SET）。如果来源配置了密钥，发送方还会在此请求头中发送该密钥。',
  ),
  SlackSignature: header(
    'X-Slack-Signature',
    'The signature of Slack, with `X-Slack-Request-Timestamp`.',
    'Slack 的签名，并携带 `X-Slack-Request-Timestamp`。',
  ),
  FeishuSignature: header(
    'X-Lark-Signature',
    'The signature of Feishu or Lark, with `X-Lark-Request-Timestamp` and `X-Lark-Request-Nonce`.',
    '飞书或 Lark 的签名，并携带 `X-Lark-Request-Timestamp` 和 `X-Lark-Request-Nonce`。',
  ),
  MattermostToken: header(
    'Authorization',
    'The token of the slash command. A press of a button carries a signature of this service in its body instead.',
    '斜杠命令的 Token。按钮操作则在请求体中携带本服务的签名。',
  ),
};

/** Alternatives, of which one is enough; none for an API without credentials. */
export function securityOf({ access }: Pick<Api, 'access'>, { security }: Pick<Operation, 'security'>): object[] {
  if (security) return security.map((name) => ({ [name]: [] }));
  return access === 'anyone' ? [] : [{ Token: [] }, { AccessKey: [] }];
}
