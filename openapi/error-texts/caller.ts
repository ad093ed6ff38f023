/** Errors about who calls, and what that caller may do. */
import type { ErrorCode } from '../../lib/errors.ts';
import type { ErrorText } from '../error-texts.ts';

export const CALLER = {
  'APIGW.0301': {
    meaning: {
      en: 'The service does not know who is calling: the token, the signature or the secret is missing, wrong or expired.',
      zh: '服务无法确认调用者的身份：Token、签名或密文缺失、错误或已过期。',
    },
    repeat: 'fix',
    cases: [
      {
        says: 'Send X-Auth-Token, or sign the request with …',
        cause: { en: 'The request has no credentials.', zh: '请求没有携带凭证。' },
        cure: {
          en: 'Send the header `X-Auth-Token`, or sign the request with an access key. In a shell, check that `$TOKEN` is not empty: an empty one means that the login failed.',
          zh: '发送请求头 `X-Auth-Token`，或用访问密钥（AK/SK）对请求签名。在 shell 中先确认 `$TOKEN` 不为空：为空表示登录失败。',
        },
        command: 'echo "token: $TOKEN"',
      },
      {
        says: 'The token is not valid.',
        cause: {
          en: 'The token was revoked, is cut off, comes from another service, or its user is disabled. A new password also revokes the tokens of the user.',
          zh: 'Token 已被撤销、不完整、来自其他服务，或其用户已被禁用。重置密码也会撤销该用户的 Token。',
        },
        cure: {
          en: 'Log in again ([Log in](docs:#login)). If the login fails too, ask an administrator whether the user is disabled (`npm run admin -- list-users`).',
          zh: '重新登录（[登录](docs:#login)）。如果登录也失败，请管理员检查用户是否被禁用（`npm run admin -- list-users`）。',
        },
      },
      {
        says: 'The token has expired; get a new one.',
        cause: {
          en: 'The token is older than 24 hours, or than the shorter life that the login asked for.',
          zh: 'Token 已超过 24 小时，或超过登录时指定的更短有效期。',
        },
        cure: { en: 'Log in again ([Log in](docs:#login)).', zh: '重新登录（[登录](docs:#login)）。' },
      },
      {
        says: 'The AK/SK signature is not valid: check the keys, the clock and that nothing changed the request.',
        cause: {
          en: 'The access key is unknown or disabled, the secret key is wrong, `X-Sdk-Date` differs by more than 15 minutes from the time of the service, or a proxy changed the request after it was signed.',
          zh: '访问密钥不存在或已禁用，Secret Key 错误，`X-Sdk-Date` 与服务时间相差超过 15 分钟，或代理在签名之后修改了请求。',
        },
        cure: {
          en: 'Compare your clock with the header `Date` of any reply. Check the access key with `npm run admin -- list-access-keys`. Sign the exact path, query and body that you send, and sign no header that a proxy rewrites, such as `Host`.',
          zh: '将本机时间与任一应答的 `Date` 头比较。用 `npm run admin -- list-access-keys` 检查访问密钥。签名的路径、查询参数和请求体必须与实际发送的完全一致；不要对代理会改写的请求头（例如 `Host`）签名。',
        },
        command: 'date -u; curl -s -D - -o /dev/null "$URL/v1.0" | grep -i "^date:"',
      },
      {
        says: 'Send either X-Auth-Token or Authorization, not both.',
        cause: { en: 'The request has a token and a signature.', zh: '请求同时携带了 Token 和签名。' },
        cure: { en: 'Leave out one of the two headers.', zh: '去掉其中一个请求头。' },
      },
      {
        says: 'is not supported. Send X-Auth-Token, or sign the request as',
        cause: {
          en: 'The `Authorization` header has another scheme, such as `Bearer`, or a form of `SDK-HMAC-SHA256` that the service does not know.',
          zh: '`Authorization` 头使用了其他方案（例如 `Bearer`），或本服务不支持的 `SDK-HMAC-SHA256` 形式。',
        },
        cure: {
          en: 'Send the token in `X-Auth-Token`, without the word `Bearer`. To sign, use an SDK of the vendor in its default settings.',
          zh: '在 `X-Auth-Token` 中发送 Token，不要带 `Bearer`。需要签名时，使用厂商 SDK 的默认设置。',
        },
      },
      {
        says: 'A request with this signature has been served before, and its answer no longer holds. Nothing was done. Sign the request again.',
        cause: {
          en: 'The same signed request arrived again, more than 2 seconds after the first one: a repeat without a new signature, or a captured request.',
          zh: '同一个已签名的请求在首次请求 2 秒之后再次到达：可能是未重新签名的重试，也可能是被截获的请求。',
        },
        cure: {
          en: 'Sign each attempt anew. To make repeats safe, send a `sequence` ([Retries](docs:#retries)). If you did not send the request twice, treat the access key as leaked: `npm run admin -- disable-access-key --access-key <AK>`.',
          zh: '每次尝试都重新签名。为使重试安全，请发送 `sequence`（[重试](docs:#retries)）。如果您没有发送两次，请按访问密钥已泄露处理：`npm run admin -- disable-access-key --access-key <AK>`。',
        },
      },
      {
        says: 'This service cannot verify AK/SK signatures. Send X-Auth-Token.',
        cause: {
          en: 'The service runs with `IDENTITY=keystone`. Only the IAM has the secret keys.',
          zh: '服务以 `IDENTITY=keystone` 运行，只有 IAM 持有 Secret Key。',
        },
        cure: {
          en: 'Get a token from the IAM at `IAM_ENDPOINT`, and send it in `X-Auth-Token`.',
          zh: '从 `IAM_ENDPOINT` 的 IAM 获取 Token，并在 `X-Auth-Token` 中发送。',
        },
      },
      {
        says: 'Check the name of the source in the URL, its secret or signature, and its clock.',
        cause: {
          en: 'A webhook or a chat request could not be verified. The reply is the same for every reason, so that it helps no attacker.',
          zh: '无法验证 Webhook 或聊天请求。无论何种原因，应答都相同，以免帮助攻击者。',
        },
        cure: {
          en: 'Search the log for the request id (`request_id`): the field `cause` of that line says whether the source, the signature or the time is wrong. Then correct the source in `HOOKS`, or the secret at the sender.',
          zh: '在日志中按请求 ID（`request_id`）查找：该行的 `cause` 字段说明是来源、签名还是时间有误。然后更正 `HOOKS` 中的来源或发送方的密文。',
        },
      },
      {
        says: 'The upstream refused the credentials of this service: check KMS_CREDENTIALS and the roles of their user.',
        cause: {
          en: 'In upstream mode, the cloud refused the access key of the service itself. The caller is not the cause.',
          zh: '在上游模式下，云端拒绝了本服务自己的访问密钥，与调用者无关。',
        },
        cure: {
          en: 'An administrator replaces the access key that `KMS_CREDENTIALS` names, or gives its user the role `KMS Administrator` in the project. Then send the request again.',
          zh: '由管理员更换 `KMS_CREDENTIALS` 所指的访问密钥，或为其用户授予该项目的 `KMS Administrator` 角色，然后重新发送请求。',
        },
      },
    ],
  },
  'APIGW.0302': {
    meaning: {
      en: 'The caller is known, but may not use this API, or not for this user.',
      zh: '调用者身份有效，但无权使用此 API，或无权对该用户使用。',
    },
    repeat: 'fix',
    cases: [
      {
        says: 'List your own projects.',
        cause: {
          en: '`GET /v3/users/{user_id}/projects` was called with the id of another user.',
          zh: '调用 `GET /v3/users/{user_id}/projects` 时使用了其他用户的 ID。',
        },
        cure: {
          en: 'Use your own user id, or call `GET /v3/auth/projects`, which needs none.',
          zh: '使用您自己的用户 ID，或调用不需要用户 ID 的 `GET /v3/auth/projects`。',
        },
      },
      {
        cause: {
          en: 'In upstream mode, the gateway or the IAM of the cloud refused the caller.',
          zh: '在上游模式下，云端的网关或 IAM 拒绝了调用者。',
        },
        cure: {
          en: 'Ask the administrator of the cloud account to permit the action to your user (in service mode: to the user of `KMS_CREDENTIALS`). The permissions that each API needs are in the field "who may call it" of [the operations](docs:#operations). Quote the header `X-Upstream-Request-Id` to the support of the cloud.',
          zh: '请云账号管理员为您的用户（服务模式下为 `KMS_CREDENTIALS` 的用户）授予相应操作权限。各 API 需要的权限见[操作](docs:#operations)中的“谁可以调用”。联系云端支持时请提供 `X-Upstream-Request-Id` 头。',
        },
      },
    ],
  },
  'KMS.0306': {
    meaning: {
      en: 'The role of the caller is sufficient, but a rule about this key, grant or job forbids the change. Another person must make it, or another API.',
      zh: '调用者的角色足够，但针对该密钥、授权或任务的规则不允许此更改。需要由其他人执行，或使用其他 API。',
    },
    repeat: 'fix',
    cases: [
      {
        says: 'Only the key creator may revoke its grants.',
        cause: {
          en: '`revoke-grant` was called by a user who did not create the key. Roles make no difference here.',
          zh: '`revoke-grant` 的调用者不是密钥的创建者。这里与角色无关。',
        },
        cure: {
          en: 'With the role `KMS Administrator` or `te_admin`, call `revoke-principal-grants` with the grantee and the `key_id`: it works on keys of any creator. Without such a role, ask the creator: the event `create-key` in `list-grant-events` names the creator as `actor`.',
          zh: '如果您有 `KMS Administrator` 或 `te_admin` 角色，请用被授权者和 `key_id` 调用 `revoke-principal-grants`：它适用于任何人创建的密钥。否则请联系创建者：`list-grant-events` 中 `create-key` 事件的 `actor` 即创建者。',
        },
        command:
          'curl -s -w \'\\n\' "$URL/v1.0/$PROJECT/kms/revoke-principal-grants" -H "X-Auth-Token: $TOKEN" \\\n  -d "{\\"grantee_principal\\":\\"$GRANTEE\\",\\"key_id\\":\\"$KEY\\",\\"dry_run\\":true}"',
      },
      {
        says: 'Only the issuer, the retiring principal, or a grantee holding retire-grant may retire a grant.',
        cause: {
          en: '`retire-grant` was called by a user who is none of the three.',
          zh: '`retire-grant` 的调用者不属于这三种身份。',
        },
        cure: {
          en: 'To take a grant away from somebody else, revoke it: `revoke-grant` (creator of the key) or `revoke-principal-grants` (administrator). `list-retirable-grants` shows what you may retire.',
          zh: '要收回他人的授权，请撤销它：`revoke-grant`（密钥创建者）或 `revoke-principal-grants`（管理员）。`list-retirable-grants` 列出您可以退役的授权。',
        },
      },
      {
        says: 'Only the key creator, or a grantee holding create-grant and each operation it passes on, may create a grant.',
        cause: {
          en: '`create-grant` was called by a user who did not create the key and holds no grant with `create-grant`, or asks for an operation that the user does not hold.',
          zh: '`create-grant` 的调用者不是密钥创建者，也没有包含 `create-grant` 的授权，或申请了自己不具备的操作。',
        },
        cure: {
          en: 'Leave out the operations that you do not hold (`list-principal-grants` with your user id shows them), or ask the creator of the key.',
          zh: '去掉您不具备的操作（用您的用户 ID 调用 `list-principal-grants` 查看），或联系密钥创建者。',
        },
      },
      {
        cause: {
          en: 'In upstream mode, the cloud refused the change because another user created the key. In the field `failed` of a bulk revoke or in `leftovers` of a job, the grant **still exists**.',
          zh: '在上游模式下，云端拒绝了更改，因为密钥由其他用户创建。若出现在批量撤销的 `failed` 或任务的 `leftovers` 中，该授权**仍然存在**。',
        },
        cure: {
          en: 'Ask the creator of the key at the cloud to call `revoke-grant`, or disable the grantee there. For jobs: put an access key of the creator into `KMS_CREDENTIALS`, then `npm run admin -- retry-job --job <job id>`.',
          zh: '请云端的密钥创建者调用 `revoke-grant`，或在云端禁用被授权者。对于任务：在 `KMS_CREDENTIALS` 中使用创建者的访问密钥，然后执行 `npm run admin -- retry-job --job <job id>`。',
        },
      },
      {
        cause: {
          en: 'A job was to be stopped or retried that also acts in other projects.',
          zh: '试图停止或重试的任务还涉及其他项目。',
        },
        cure: {
          en: 'An operator does it on the machine: `npm run admin -- retry-job --job <job id>` or `stop-job`.',
          zh: '由运维人员在服务器上执行：`npm run admin -- retry-job --job <job id>` 或 `stop-job`。',
        },
      },
    ],
  },
  'KMS.0307': {
    meaning: {
      en: 'The role of the caller in this project does not include the permission that the API requires. For a webhook: the settings of the source do not allow the event.',
      zh: '调用者在该项目中的角色不包含此 API 所需的权限。对于 Webhook：来源的设置不允许该事件。',
    },
    repeat: 'fix',
    cases: [
      {
        says: 'The role lacks …',
        cause: {
          en: 'The text names the missing permission, such as `kms:grant:revoke-any`. A user without a role in this project has no permissions, and a role in another project does not count.',
          zh: '文本中列出了缺少的权限，例如 `kms:grant:revoke-any`。用户在该项目中没有角色就没有任何权限，其他项目的角色不算。',
        },
        cure: {
          en: 'An administrator gives the user a role that has the permission (`npm run admin -- list-roles` lists the permissions of each role). It takes effect with the next request; a new token is not needed. With `IDENTITY=keystone`, give the role in the IAM and get a new token.',
          zh: '由管理员为用户授予包含该权限的角色（`npm run admin -- list-roles` 列出各角色的权限）。下一个请求即生效，无需新 Token。使用 `IDENTITY=keystone` 时，在 IAM 中授予角色并重新获取 Token。',
        },
        command: 'npm run admin -- add-role --user <user id> --project "$PROJECT" --role "KMS Administrator"',
      },
      {
        says: 'The setting HOOKS does not allow … for this source.',
        cause: {
          en: 'The list `actions` of the webhook source does not contain the event. Nothing was revoked.',
          zh: 'Webhook 来源的 `actions` 列表不包含该事件。没有撤销任何授权。',
        },
        cure: {
          en: 'Add the event to `actions` of the source in the file or secret of `HOOKS` (it is read again within seconds), then send the webhook again.',
          zh: '在 `HOOKS` 的文件或密文中，将该事件加入来源的 `actions`（数秒内会重新读取），然后重新发送 Webhook。',
        },
      },
      {
        says: 'The setting HOOKS does not list that project for this source.',
        cause: {
          en: 'The event names a project that is not in `projects` of the webhook source. Nothing was revoked.',
          zh: '事件所指的项目不在 Webhook 来源的 `projects` 中。没有撤销任何授权。',
        },
        cure: {
          en: 'Add the project id to `projects` of the source in `HOOKS`, or correct the project in the event, then send it again.',
          zh: '将项目 ID 加入 `HOOKS` 中来源的 `projects`，或更正事件中的项目，然后重新发送。',
        },
      },
    ],
  },
  'KMS.0321': {
    meaning: {
      en: 'The project in the URL is not the project of the token or of the signature, or the service does not serve it.',
      zh: 'URL 中的项目与 Token 或签名的项目不一致，或本服务不提供该项目。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'The token is for another project, or for none: a login without `scope.project` gives a token that the KMS APIs refuse. An access key has roles only in the projects of its user.',
          zh: 'Token 属于其他项目，或不属于任何项目：登录时没有 `scope.project` 得到的 Token 不能用于 KMS API。访问密钥只在其用户有角色的项目中有效。',
        },
        cure: {
          en: 'List your projects, set `PROJECT` to one of them, and log in for it ([Log in](docs:#login)).',
          zh: '列出您的项目，将 `PROJECT` 设为其中之一，并为该项目登录（[登录](docs:#login)）。',
        },
        command: 'curl -s -w \'\\n\' "$URL/v3/auth/projects" -H "X-Auth-Token: $TOKEN"',
      },
      {
        says: 'This service does not serve that project.',
        cause: {
          en: 'The setting `PROJECTS` does not contain the project.',
          zh: '配置项 `PROJECTS` 不包含该项目。',
        },
        cure: {
          en: 'An operator adds the project id to `PROJECTS` and restarts the service. Otherwise use the service that is responsible for the project.',
          zh: '由运维人员将项目 ID 加入 `PROJECTS` 并重启服务；否则请使用负责该项目的服务。',
        },
      },
    ],
  },
} satisfies Partial<Record<ErrorCode, ErrorText>>;
