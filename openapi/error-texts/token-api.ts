/** Errors of the token API. They have the form of OpenStack Keystone, without a code of the KMS. */
import type { ErrorCode } from '../../lib/errors.ts';
import type { ErrorText } from '../error-texts.ts';

export const TOKEN_API = {
  'Keystone.400': {
    meaning: { en: 'The token API does not understand the request.', zh: 'Token API 无法理解该请求。' },
    repeat: 'fix',
    cases: [
      {
        says: 'Send auth.identity with methods ["password"] and password.user',
        cause: {
          en: 'The body of the login has another form: another method, a scope that does not exist, or a field too many.',
          zh: '登录请求体的格式不同：使用了其他方式、不存在的 scope，或多余的字段。',
        },
        cure: {
          en: 'Send the body of [Log in](docs:#login). A user is named by `id`, or by `name` together with `domain`.',
          zh: '发送[登录](docs:#login)中的请求体。用户用 `id` 表示，或用 `name` 加 `domain` 表示。',
        },
      },
      {
        says: 'Send the token to check in the X-Subject-Token header.',
        cause: { en: 'The header `X-Subject-Token` is missing.', zh: '缺少 `X-Subject-Token` 头。' },
        cure: {
          en: 'Put the token that you ask about into `X-Subject-Token`, and your own into `X-Auth-Token`. They may be the same.',
          zh: '将要查询的 Token 放入 `X-Subject-Token`，将您自己的 Token 放入 `X-Auth-Token`。两者可以相同。',
        },
      },
      {
        says: 'Send the token to revoke in the X-Subject-Token header.',
        cause: {
          en: 'The header `X-Subject-Token` is missing. Nothing was revoked.',
          zh: '缺少 `X-Subject-Token` 头。没有撤销任何 Token。',
        },
        cure: {
          en: 'Send the token that must end in `X-Subject-Token`.',
          zh: '在 `X-Subject-Token` 中发送要撤销的 Token。',
        },
        command: 'curl -s -i -X DELETE "$URL/v3/auth/tokens" -H "X-Auth-Token: $TOKEN" -H "X-Subject-Token: $TOKEN"',
      },
      {
        cause: {
          en: 'The body is not a JSON object, or a change of your own user or access key would lock you out.',
          zh: '请求体不是 JSON 对象，或对您自己的用户或访问密钥的更改会使您无法登录。',
        },
        cure: {
          en: 'Send JSON in UTF-8. Another administrator must disable your user or the access key with which you sign.',
          zh: '发送 UTF-8 编码的 JSON。禁用您的用户或您签名所用的访问密钥，须由其他管理员操作。',
        },
      },
    ],
  },
  'Keystone.401': {
    meaning: {
      en: 'The login failed. The reply is the same for every reason, so that it helps no attacker.',
      zh: '登录失败。无论何种原因，应答都相同，以免帮助攻击者。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'The user, domain or password is wrong, the user is disabled, or has no role in the project of `scope`.',
          zh: '用户、域或密码错误，用户已被禁用，或在 `scope` 的项目中没有角色。',
        },
        cure: {
          en: 'Log in without `scope`: if that works, the user has no role in the project. Otherwise an administrator looks at the user, and resets the password.',
          zh: '不带 `scope` 登录：如果成功，说明用户在该项目中没有角色。否则由管理员检查用户并重置密码。',
        },
        command: 'npm run admin -- list-users\nnpm run admin -- reset-password --user <user id>',
      },
      {
        says: 'Log in with the password again: tokens can be exchanged … times in a row.',
        cause: {
          en: 'A token was made from a token, which was made from a token, and so on.',
          zh: '用 Token 换取 Token 的次数过多（连续换取）。',
        },
        cure: {
          en: 'Log in with the password again, and use the first token for each further login.',
          zh: '用密码重新登录，并用最初的 Token 进行每次换取。',
        },
      },
    ],
  },
  'Keystone.404': {
    meaning: {
      en: 'The token in `X-Subject-Token` does not exist for you: it is expired, revoked, unknown, or you may not check it.',
      zh: '`X-Subject-Token` 中的 Token 对您不存在：已过期、已撤销、未知，或您无权查看。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'You asked about a token that is no longer valid, or that belongs to another user. If you wanted it revoked, an expired or revoked one **is no longer accepted**.',
          zh: '查询的 Token 已失效，或属于其他用户。如果目的是撤销，已过期或已撤销的 Token**不再被接受**。',
        },
        cure: {
          en: 'For tokens of other users you need `te_admin` or `Security Administrator` in their domain. To end all tokens of a user without knowing them, disable the user.',
          zh: '查看其他用户的 Token 需要其所在域的 `te_admin` 或 `Security Administrator` 角色。要在不知道 Token 的情况下终止某用户的全部 Token，请禁用该用户。',
        },
        command: 'npm run admin -- disable-user --user <user id>',
      },
    ],
  },
  'Keystone.404:resource': {
    meaning: {
      en: 'There is no such project, domain or user, or you may not see it.',
      zh: '没有该项目、域或用户，或您无权查看。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'The id is wrong, or you have no role there. Both get the same answer.',
          zh: 'ID 有误，或您在其中没有角色。两种情况的应答相同。',
        },
        cure: {
          en: 'List what you may see: `GET /v3/auth/projects` and `GET /v3/auth/domains`.',
          zh: '列出您可以查看的内容：`GET /v3/auth/projects` 和 `GET /v3/auth/domains`。',
        },
        command: 'curl -s -w \'\\n\' "$URL/v3/auth/projects" -H "X-Auth-Token: $TOKEN"',
      },
    ],
  },
  'Keystone.429': {
    meaning: { en: 'Too many logins at once.', zh: '同时登录过多。' },
    repeat: 'later',
    cases: [
      {
        cause: {
          en: 'Passwords are checked one at a time, and more than 256 logins wait, or a login waited longer than 10 seconds: often somebody who guesses passwords, or a script that logs in for every call.',
          zh: '密码逐个校验，等待的登录超过 256 个，或等待超过 10 秒：往往是有人在猜测密码，或脚本每次调用都登录。',
        },
        cure: {
          en: 'Wait for the time in `Retry-After`, then log in once and use the token for all calls (24 hours). Tokens that you have still work. Behind a proxy, set `TRUSTED_PROXIES`, so that the limit counts each client.',
          zh: '等待 `Retry-After` 的时间，登录一次并在所有调用中使用该 Token（24 小时）。已有的 Token 仍然有效。在代理之后请配置 `TRUSTED_PROXIES`，以便按客户端计数。',
        },
      },
      {
        cause: {
          en: 'A token was exchanged for others more than 100 times in a minute.',
          zh: '一个 Token 在一分钟内换取了超过 100 个 Token。',
        },
        cure: {
          en: 'Keep the token that you got, instead of a new one for each call.',
          zh: '保留已获得的 Token，不要每次调用都换取新 Token。',
        },
      },
    ],
  },
} satisfies Partial<Record<ErrorCode, ErrorText>>;
