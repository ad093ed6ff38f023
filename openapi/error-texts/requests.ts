/** Errors of the form of a request: its body, its fields, its method. */
import type { ErrorCode } from '../../lib/errors.ts';
import type { ErrorText } from '../error-texts.ts';

export const REQUESTS = {
  'KMS.0202': {
    meaning: { en: 'The body is not the JSON that the API expects.', zh: '请求体不是 API 所需的 JSON。' },
    repeat: 'fix',
    cases: [
      {
        says: 'The body must be JSON in UTF-8.',
        cause: {
          en: 'A quotation mark, comma or bracket is missing, or the body is not UTF-8. In a shell, variables in single quotes are not replaced.',
          zh: '缺少引号、逗号或括号，或请求体不是 UTF-8。在 shell 中，单引号内的变量不会被替换。',
        },
        cure: {
          en: 'Write the body into a file, check it with `node -p` or `jq`, and send it with `-d @file`.',
          zh: '将请求体写入文件，用 `node -p` 或 `jq` 检查，再用 `-d @file` 发送。',
        },
        command: 'node -p \'JSON.parse(require("fs").readFileSync("body.json", "utf8"))\'',
      },
      {
        says: 'The body must be a JSON object.',
        cause: {
          en: 'The body is empty, an array, a string or a number.',
          zh: '请求体为空，或是数组、字符串、数字。',
        },
        cure: {
          en: 'Send an object: `{}` if there are no fields. With curl, check that `-d` is there.',
          zh: '发送对象：没有字段时为 `{}`。使用 curl 时确认带有 `-d`。',
        },
      },
      {
        says: 'The body must be a JSON array.',
        cause: {
          en: 'A webhook of GitHub secret scanning is not an array.',
          zh: 'GitHub 密文扫描的 Webhook 不是数组。',
        },
        cure: {
          en: 'Send what GitHub sends: an array of objects with `token`, `type` and `url`.',
          zh: '发送 GitHub 的格式：由含 `token`、`type` 和 `url` 的对象组成的数组。',
        },
      },
      {
        says: 'A key occurs twice.',
        cause: {
          en: 'An object in the body has the same name twice, so it is not clear which value counts.',
          zh: '请求体中的对象有重复的名称，无法确定以哪个值为准。',
        },
        cure: { en: 'Remove one of the two.', zh: '删除其中一个。' },
      },
      {
        says: 'The key __proto__ is not allowed.',
        cause: {
          en: 'The body has the name `__proto__`, or `constructor` with `prototype` in it.',
          zh: '请求体包含名称 `__proto__`，或含有 `prototype` 的 `constructor`。',
        },
        cure: { en: 'Remove the name from the body.', zh: '从请求体中删除该名称。' },
      },
    ],
  },
  'KMS.0203': {
    meaning: { en: 'The body is larger than this API accepts.', zh: '请求体超过此 API 的上限。' },
    repeat: 'fix',
    cases: [
      {
        cause: {
          en: 'The body has more than 64 KiB (webhooks: 1 MiB).',
          zh: '请求体超过 64 KiB（Webhook 为 1 MiB）。',
        },
        cure: {
          en: 'Send fewer entries in one request, and remove fields that the API does not have.',
          zh: '减少单个请求中的条目，并去掉 API 没有的字段。',
        },
      },
    ],
  },
  'KMS.0204': {
    meaning: { en: 'A required field is missing.', zh: '缺少必填字段。' },
    repeat: 'fix',
    cases: [
      {
        says: '… is required.',
        cause: {
          en: 'The text names the field. A field that is `null` or misspelt counts as missing.',
          zh: '文本中列出了字段名。值为 `null` 或拼写错误的字段视为缺失。',
        },
        cure: {
          en: 'Add the field. Names have underscores, such as `key_id` and `grantee_principal`; the table of [the operation](docs:#operations) lists them.',
          zh: '补充该字段。字段名使用下划线，例如 `key_id`、`grantee_principal`；各[操作](docs:#operations)的字段表中有说明。',
        },
      },
      {
        says: 'data.grantee_principal, data.identity or data.identities is required.',
        cause: {
          en: 'A webhook does not say whose grants are to be revoked. Nothing was revoked.',
          zh: 'Webhook 没有说明要撤销谁的授权。没有撤销任何授权。',
        },
        cure: {
          en: 'Let the sender fill one of the three fields, then send it again.',
          zh: '让发送方填写三个字段之一，然后重新发送。',
        },
      },
    ],
  },
  'KMS.0206': {
    meaning: { en: 'The field `sequence` has the wrong form.', zh: '`sequence` 字段格式有误。' },
    repeat: 'fix',
    cases: [
      {
        says: 'sequence must be 36 characters, such as a UUID.',
        cause: {
          en: 'It has another length, or characters other than letters, digits and `-`.',
          zh: '长度不是 36，或包含字母、数字和 `-` 以外的字符。',
        },
        cure: {
          en: 'Use a UUID of your own for each change, or leave the field out.',
          zh: '为每次更改使用一个自己的 UUID，或不发送该字段。',
        },
        command: "node -p 'crypto.randomUUID()'",
      },
    ],
  },
  'KMS.0215': {
    meaning: { en: 'The path exists, but not with this HTTP method.', zh: '路径存在，但不支持该 HTTP 方法。' },
    repeat: 'fix',
    cases: [
      {
        says: 'Use …',
        cause: {
          en: 'Often a `GET`: curl sends one if `-d` is missing, and a redirect turns a `POST` into a `GET`.',
          zh: '通常是 `GET`：curl 缺少 `-d` 时会发送 `GET`，重定向也会把 `POST` 变成 `GET`。',
        },
        cure: {
          en: "Use a method of the header `Allow` of the reply. With curl, send `-d '{}'`, and call the final address (`https://`) without redirects.",
          zh: "使用应答 `Allow` 头中的方法。使用 curl 时发送 `-d '{}'`，并直接调用最终地址（`https://`），不经过重定向。",
        },
      },
      {
        says: 'Send webhooks with POST.',
        cause: {
          en: 'A webhook address was opened with `GET`, such as in a browser. Only the verification of Okta is a `GET`.',
          zh: '用 `GET` 打开了 Webhook 地址，例如在浏览器中。只有 Okta 的验证使用 `GET`。',
        },
        cure: { en: 'Configure the sender to use `POST`.', zh: '将发送方配置为使用 `POST`。' },
      },
      {
        says: 'Send SCIM requests to a path below the path of the source.',
        cause: {
          en: 'A SCIM client sent a request to the address of the source itself.',
          zh: 'SCIM 客户端把请求发送到了来源地址本身。',
        },
        cure: {
          en: 'SCIM clients append `/Users` and other paths to the address: give them the address of the source without a path.',
          zh: 'SCIM 客户端会在地址后追加 `/Users` 等路径：请向其配置不带路径的来源地址。',
        },
      },
    ],
  },
  'KMS.0308': {
    meaning: {
      en: 'A field has a value that the API does not accept, or the request contradicts what the service knows. Nothing was changed.',
      zh: '某个字段的值不被 API 接受，或请求与服务掌握的情况矛盾。没有执行任何更改。',
    },
    repeat: 'fix',
    cases: [
      {
        says: 'The grants have changed since the dry run that returned the digest. Nothing was revoked. Repeat the dry run.',
        cause: {
          en: 'Between the preview and the revoke, somebody created or revoked grants of the selection. The grants **still exist**.',
          zh: '在预览与撤销之间，有人创建或撤销了所选范围内的授权。授权**仍然存在**。',
        },
        cure: {
          en: 'Send the dry run again, look at what is new, and revoke with the new `digest`. If it keeps changing and everything must go, leave `digest` out.',
          zh: '重新进行预览，查看变化，并用新的 `digest` 撤销。如果一直在变化且必须全部撤销，请不要发送 `digest`。',
        },
        command:
          'curl -s -w \'\\n\' "$URL/v1.0/$PROJECT/kms/revoke-principal-grants" -H "X-Auth-Token: $TOKEN" \\\n  -d "{\\"grantee_principal\\":\\"$GRANTEE\\",\\"dry_run\\":true}"',
      },
      {
        says: 'Unknown field. Send only: …',
        cause: {
          en: 'APIs that revoke many grants refuse a field that they do not know, because a misspelt filter would revoke more than you meant.',
          zh: '批量撤销的 API 拒绝未知字段，因为拼写错误的筛选条件会撤销比预期更多的授权。',
        },
        cure: {
          en: 'The text lists all fields of the API. Correct the name, or remove the field.',
          zh: '文本列出了该 API 的全部字段。更正名称或删除该字段。',
        },
      },
      {
        says: '… must not be null.',
        cause: {
          en: 'A filter is `null`: often a variable of a script that is not set.',
          zh: '筛选条件为 `null`：通常是脚本中没有赋值的变量。',
        },
        cure: {
          en: 'Leave the field out if you mean everything, and set it otherwise.',
          zh: '如果表示全部，请不要发送该字段；否则请赋值。',
        },
      },
      {
        says: 'operations must be an array of 1 to 10 of: …',
        cause: {
          en: 'An operation is misspelt, or `operations` is a string instead of an array.',
          zh: '操作名拼写有误，或 `operations` 是字符串而不是数组。',
        },
        cure: {
          en: 'Send an array of the names that the text lists, such as `["encrypt-data","decrypt-data"]`.',
          zh: '发送由文本中列出的名称组成的数组，例如 `["encrypt-data","decrypt-data"]`。',
        },
      },
      {
        says: 'digest must be the 64 characters from the reply to a dry run.',
        cause: { en: 'The `digest` is cut off or was typed.', zh: '`digest` 不完整或是手工输入的。' },
        cure: {
          en: 'Copy `digest` from the reply to the request with `"dry_run":true`.',
          zh: '从带 `"dry_run":true` 的请求的应答中复制 `digest`。',
        },
      },
      {
        says: '… must be true or false.',
        cause: { en: '`dry_run` has another value.', zh: '`dry_run` 的值有误。' },
        cure: {
          en: 'Send `true` or `false`. A value that the service does not understand never counts as "revoke".',
          zh: '发送 `true` 或 `false`。服务不理解的值绝不会被当作“撤销”。',
        },
      },
      {
        says: 'name must be 1 to 255 letters, digits or : / _ -',
        cause: { en: 'The name of the grant has other characters.', zh: '授权的名称包含其他字符。' },
        cure: {
          en: 'Replace spaces and dots by `-`, or leave `name` out.',
          zh: '用 `-` 代替空格和点，或不发送 `name`。',
        },
      },
      {
        says: 'Idempotency-Key must be 1 to 255 visible ASCII characters.',
        cause: {
          en: 'The header `Idempotency-Key` is empty, too long, or has other characters.',
          zh: '`Idempotency-Key` 头为空、过长或包含其他字符。',
        },
        cure: { en: 'Send a UUID.', zh: '发送一个 UUID。' },
      },
      {
        says: 'key_usage does not fit key_spec.',
        cause: {
          en: '`create-key` asks for a combination that does not exist, such as `AES_256` with `SIGN_VERIFY`.',
          zh: '`create-key` 的组合不存在，例如 `AES_256` 与 `SIGN_VERIFY`。',
        },
        cure: {
          en: 'Leave `key_usage` out: each `key_spec` has a suitable default.',
          zh: '不要发送 `key_usage`：每种 `key_spec` 都有合适的默认值。',
        },
      },
      {
        says: 'The id of the delivery was used for another body, so nothing was done. Send it with a new id.',
        cause: {
          en: 'A webhook has the id of an earlier one, but another body.',
          zh: 'Webhook 使用了之前的 ID，但请求体不同。',
        },
        cure: {
          en: 'Give each webhook its own id (`webhook-id`), and use the same id only to send the same bytes again.',
          zh: '为每个 Webhook 使用独立的 ID（`webhook-id`）；只有重发相同的字节时才使用相同的 ID。',
        },
      },
      {
        cause: {
          en: 'A job cannot be stopped or retried in its state, or a job would have nothing to revoke.',
          zh: '任务在当前状态下不能停止或重试，或任务没有可撤销的授权。',
        },
        cure: {
          en: 'Read the state in the text or with `GET /hooks/jobs/{id}`. "Nothing to revoke" often means a wrong principal id or project: the service does not check that a principal exists.',
          zh: '查看文本中的状态，或调用 `GET /hooks/jobs/{id}`。没有可撤销的授权，往往是主体 ID 或项目有误：服务不检查主体是否存在。',
        },
      },
      {
        cause: {
          en: 'Another field is malformed. The text names it and its form.',
          zh: '其他字段格式有误。文本列出了字段名及其格式。',
        },
        cure: {
          en: 'Correct the field that the text names; the limits are in the table of [the operation](docs:#operations).',
          zh: '更正文本中列出的字段；取值限制见各[操作](docs:#operations)的字段表。',
        },
      },
    ],
  },
  'KMS.1601': {
    meaning: { en: 'The field `limit` is not a page size.', zh: '`limit` 字段不是有效的每页条数。' },
    repeat: 'fix',
    cases: [
      {
        says: 'limit must be a whole number above 0; a page has at most …',
        cause: { en: 'It is 0, negative, a fraction or a text.', zh: '值为 0、负数、小数或文本。' },
        cure: {
          en: 'Send 1 to 1000, as a number or a string of digits, or leave it out for the largest page.',
          zh: '发送 1 到 1000 的数字或数字字符串；不发送则使用最大页。',
        },
      },
    ],
  },
  'KMS.1602': {
    meaning: { en: 'The field `marker` is not the start of a page.', zh: '`marker` 字段不是有效的页起点。' },
    repeat: 'fix',
    cases: [
      {
        says: 'Pass next_marker of the page before',
        cause: {
          en: 'The marker is of another list, cut off, or an offset of more than 4 digits. Lists of events take no offset.',
          zh: 'marker 来自其他列表、不完整，或是超过 4 位的偏移量。事件列表不接受偏移量。',
        },
        cure: {
          en: 'Send `next_marker` of the last page unchanged. For the first page, leave `marker` out.',
          zh: '原样发送上一页的 `next_marker`。第一页不要发送 `marker`。',
        },
      },
      {
        says: 'The grant whose id is the marker no longer exists. List again from the start.',
        cause: {
          en: 'In upstream mode, in a filtered list: the grant was revoked between two pages.',
          zh: '在上游模式的筛选列表中：该授权在两页之间被撤销。',
        },
        cure: {
          en: 'List again from the first page. Read the whole list before you revoke.',
          zh: '从第一页重新列出。撤销之前先读完整个列表。',
        },
      },
    ],
  },
} satisfies Partial<Record<ErrorCode, ErrorText>>;
