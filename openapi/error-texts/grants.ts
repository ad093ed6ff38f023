/** Errors about grants. */
import type { ErrorCode } from '../../lib/errors.ts';
import type { ErrorText } from '../error-texts.ts';

const LIST_GRANTS =
  'curl -s -w \'\\n\' "$URL/v1.0/$PROJECT/kms/list-grants" -H "X-Auth-Token: $TOKEN" -d "{\\"key_id\\":\\"$KEY\\"}"';

export const GRANTS = {
  'KMS.2401': {
    meaning: {
      en: 'A grant that only allows to create grants is of no use, and the KMS refuses it.',
      zh: '只允许创建授权的授权没有用处，KMS 拒绝创建。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: { en: '`operations` is `["create-grant"]`.', zh: '`operations` 为 `["create-grant"]`。' },
        cure: {
          en: 'Add an operation that the grantee is to use, such as `decrypt-data`.',
          zh: '加入被授权者需要使用的操作，例如 `decrypt-data`。',
        },
      },
    ],
  },
  'KMS.2402': {
    meaning: { en: 'The id of a user or an account has the wrong form.', zh: '用户或租户的 ID 格式有误。' },
    repeat: 'fix',
    cases: [
      {
        says: '… must be 1 to 64 letters and digits.',
        cause: {
          en: 'The field that the text names (`grantee_principal`, `retiring_principal`, …) is a name, an e-mail address or empty.',
          zh: '文本中列出的字段（`grantee_principal`、`retiring_principal` 等）是名称、邮箱地址或为空。',
        },
        cure: {
          en: 'Send the user id: `npm run admin -- list-users` lists the ids. For a person of an identity provider, `npm run admin -- list-mappings` has the principal. The service does not check that a principal exists, so copy the id.',
          zh: '发送用户 ID：`npm run admin -- list-users` 列出 ID。对于身份提供方的人员，`npm run admin -- list-mappings` 列出对应主体。服务不检查主体是否存在，请复制 ID。',
        },
        command: 'npm run admin -- list-users',
      },
    ],
  },
  'KMS.2404': {
    meaning: { en: 'The key has as many grants as it may have.', zh: '该密钥的授权数量已达上限。' },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'The number of grants has reached `GRANTS_PER_KEY` (100 if not set). Equal grants count each: a client that creates without a `sequence` makes new ones each time.',
          zh: '授权数量已达 `GRANTS_PER_KEY`（默认 100）。相同的授权分别计数：不带 `sequence` 的客户端每次都会新建。',
        },
        cure: {
          en: 'List the grants and revoke those that nobody needs, duplicates first. Or an operator raises `GRANTS_PER_KEY`. In upstream mode, the quota is that of the cloud.',
          zh: '列出授权，撤销不需要的授权，先处理重复的。或由运维人员提高 `GRANTS_PER_KEY`。在上游模式下，配额由云端决定。',
        },
        command: LIST_GRANTS,
      },
    ],
  },
  'KMS.2501': {
    meaning: {
      en: 'The grant does not exist (any more), or its id has the wrong form. The status is 400, not 404, as the vendor documents it.',
      zh: '授权不存在（或已不存在），或其 ID 格式有误。按照厂商文档，状态码是 400 而不是 404。',
    },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'Somebody else revoked or retired it, or your earlier request succeeded and its answer was lost. If you wanted it gone, **it is gone**.',
          zh: '其他人已撤销或退役该授权，或您之前的请求已成功但应答丢失。如果目的是撤销，**它已经不存在**。',
        },
        cure: {
          en: '`list-grant-events` with the `grant_id` shows who removed it, when and why. Scripts may count this code as success. With a `sequence`, a repeat gets the first answer instead.',
          zh: '用 `grant_id` 调用 `list-grant-events` 可查看何人、何时、为何撤销。脚本可以将此错误码视为成功。带 `sequence` 的重试会得到首次应答。',
        },
        command:
          'curl -s -w \'\\n\' "$URL/v1.0/$PROJECT/kms/list-grant-events" -H "X-Auth-Token: $TOKEN" -d "{\\"grant_id\\":\\"$GRANT\\"}"',
      },
      {
        says: 'grant_id must be 64 hexadecimal characters.',
        cause: { en: 'The id is cut off, or is the id of a key.', zh: 'ID 不完整，或是密钥的 ID。' },
        cure: {
          en: 'Copy `grant_id` from `list-grants` or `list-principal-grants`. **The grant that you meant still exists.**',
          zh: '从 `list-grants` 或 `list-principal-grants` 复制 `grant_id`。**您要撤销的授权仍然存在。**',
        },
        command: LIST_GRANTS,
      },
    ],
  },
  'KMS.2502': {
    meaning: { en: 'The grant exists, but on another key.', zh: '授权存在，但属于另一个密钥。' },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: '`key_id` and `grant_id` come from different rows. Nothing was revoked: the grant **still exists**.',
          zh: '`key_id` 与 `grant_id` 来自不同的行。没有撤销：授权**仍然存在**。',
        },
        cure: {
          en: 'Take both from the same entry of `list-principal-grants` or `list-grants`.',
          zh: '从 `list-principal-grants` 或 `list-grants` 的同一条目中获取两者。',
        },
        command:
          'curl -s -w \'\\n\' "$URL/v1.0/$PROJECT/kms/list-principal-grants" -H "X-Auth-Token: $TOKEN" \\\n  -d "{\\"grantee_principal\\":\\"$GRANTEE\\"}"',
      },
    ],
  },
} satisfies Partial<Record<ErrorCode, ErrorText>>;
