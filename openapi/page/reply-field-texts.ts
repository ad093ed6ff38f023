/** What the fields of replies mean, by the last part of their names. The document describes the fields of requests. */
import type { Text } from './language.ts';

const text = (en: string, zh: string): Text => ({ en, zh });

export const REPLY_FIELD_TEXTS: Readonly<Record<string, Text>> = {
  // Selection
  key_id: text('The key. `list-keys` has the ids.', '密钥 ID，可通过 `list-keys` 获取。'),
  grant_id: text('The grant. 64 hexadecimal digits, in either case.', '授权 ID，64 位十六进制数字，不区分大小写。'),
  grantee_principal: text(
    'The id of the user or the domain that holds the grant. The service does not check that it exists.',
    '持有授权的用户或租户的 ID。服务不检查其是否存在。',
  ),
  grantee_principal_type: text('Whether the grantee is a user or a domain.', '被授权者是用户还是租户。'),
  retiring_principal: text('Who may retire the grant besides its issuer.', '除授权者外可以退役该授权的主体。'),
  issuing_principal: text('The user who created the grant.', '创建授权的用户。'),
  operations: text('What the grantee may do with the key.', '被授权者可以用密钥执行的操作。'),
  'revoke-principal-grants/operations': text(
    'Only grants that allow at least one of these.',
    '仅限至少允许其中一项操作的授权。',
  ),
  'create-revocation-job/operations': text(
    'Only grants that allow at least one of these.',
    '仅限至少允许其中一项操作的授权。',
  ),
  name: text('The name of the grant, which nothing depends on.', '授权的名称，不影响任何行为。'),
  dry_run: text(
    '`true` revokes nothing, and returns what would be revoked, with a `digest`.',
    '为 `true` 时不撤销，只返回将被撤销的内容和 `digest`。',
  ),
  digest: text(
    'The `digest` of a dry run. Revokes only if exactly the same grants are still selected.',
    '预览返回的 `digest`。仅当所选授权完全未变时才撤销。',
  ),
  reason: text(
    'Why. Recorded in the events, as one line of at most 255 characters.',
    '原因。以一行、最多 255 个字符记录在事件中。',
  ),
  grant_ids: text('Exactly these grants.', '仅限这些授权。'),
  query: text(
    'A principal, a user name, a mapped identity, a key id or alias, a grant id or a job id.',
    '主体 ID、用户名、已映射的身份、密钥 ID 或别名、授权 ID 或任务 ID。',
  ),
  principals: text('Principal ids to describe.', '要查询的主体 ID。'),
  states: text('Only jobs in these states.', '仅限这些状态的任务。'),
  // Pages and repeats
  limit: text(
    'The size of the page. The default is the largest one. A number, or a string of digits.',
    '每页条数，默认为最大值。可以是数字或数字字符串。',
  ),
  marker: text(
    '`next_marker` of the page before. Absent or empty for the first page.',
    '上一页的 `next_marker`。第一页不发送或为空。',
  ),
  next_marker: text(
    'Send it as `marker` for the next page. Empty on the last page.',
    '作为下一页的 `marker` 发送。最后一页为空。',
  ),
  truncated: text('The string "true" if there are further pages.', '还有后续页时为字符串 "true"。'),
  total: text('How many entries there are in all.', '总条数。'),
  sequence: text(
    'A UUID of your own that makes a repeat safe, see [Retries](docs:#retries).',
    '您自己的 UUID，使重试安全，见[重试](docs:#retries)。',
  ),
  'Idempotency-Key': text('As `sequence`, in a header.', '与 `sequence` 相同，放在请求头中。'),
  // Results
  grants: text('The grants.', '授权列表。'),
  revoked: text('How many grants are gone.', '已撤销的授权数。'),
  remaining: text(
    'How many selected grants still exist. **Call again until it is 0.**',
    '仍然存在的所选授权数。**请反复调用直到为 0。**',
  ),
  failed: text('What could not be read or revoked, each with its code.', '无法读取或撤销的内容，各带错误码。'),
  passed_on: text(
    'Grants that the principal gave to others. They remain.',
    '该主体授予他人的授权数，这些授权仍然存在。',
  ),
  error_code: text('The code. It has a page of its own.', '错误码，有单独的页面说明。'),
  error_msg: text('The documented text, and what to do.', '文档中的文本及处理方法。'),
  creation_date: text(
    'When it was created: milliseconds since 1970-01-01 UTC.',
    '创建时间：自 1970-01-01 UTC 起的毫秒数。',
  ),
  own: text('How many of the selected grants are your own.', '所选授权中属于您自己的数量。'),
  grants_truncated: text('"true" if more grants are selected than are shown.', '所选授权多于显示数量时为 "true"。'),
  // Events
  events: text('The events, newest first.', '事件列表，从新到旧。'),
  event_id: text('The event. Ids sort by time.', '事件 ID，按时间排序。'),
  event_time: text('When: milliseconds since 1970-01-01 UTC.', '时间：自 1970-01-01 UTC 起的毫秒数。'),
  action: text(
    'What was done: the name of the API, or the type of the webhook.',
    '执行的操作：API 名称或 Webhook 类型。',
  ),
  actor: text('Who did it: a user id, or `hook:<source>`.', '操作人：用户 ID，或 `hook:<来源>`。'),
  approved_by: text('In chat: the second person.', '聊天中的审批人。'),
  channel: text('How it came: `http`, `webhook`, `slack`, …', '途径：`http`、`webhook`、`slack` 等。'),
  request_id: text(
    'The request id, as in `X-Request-Id`; for jobs the job id.',
    '请求 ID，同 `X-Request-Id`；任务则为任务 ID。',
  ),
  upstream_request_id: text('The request id of the cloud.', '云端的请求 ID。'),
  grant: text('The grant as it was at that time.', '当时的授权内容。'),
  // Keys
  keys: text('The keys.', '密钥列表。'),
  key_details: text('The keys with all their fields.', '密钥及其全部字段。'),
  key_info: text('The key.', '密钥信息。'),
  key_alias: text('The name of the key, unique in the project.', '密钥别名，在项目中唯一。'),
  key_description: text('A text for people.', '描述。'),
  key_spec: text('The algorithm. `AES_256` if absent.', '密钥算法，默认为 `AES_256`。'),
  'list-keys/key_spec': text('Only keys of this algorithm; `ALL` for every key.', '仅限该算法的密钥；`ALL` 表示全部。'),
  key_usage: text('What the key is for. By default what `key_spec` is made for.', '密钥用途，默认由 `key_spec` 决定。'),
  key_state: text(
    '`1` to be activated, `2` enabled, `3` disabled, `4` to be deleted, `5` waits for import.',
    '`1` 待激活，`2` 启用，`3` 禁用，`4` 计划删除，`5` 等待导入。',
  ),
  key_type: text('Always `1`.', '固定为 `1`。'),
  origin: text('Where the key material comes from: `kms`.', '密钥材料来源：`kms`。'),
  pending_days: text('Days until the key is deleted: 7 to 1096.', '密钥删除前的等待天数：7 到 1096。'),
  scheduled_deletion_date: text('When the key is deleted; empty if it is not.', '计划删除时间，未计划时为空。'),
  domain_id: text('The domain (account).', '租户 ID。'),
  realm: text('The region.', '区域。'),
  // Jobs
  job_id: text(
    'The job. Ask for its progress with `GET /hooks/jobs/{id}`.',
    '任务 ID，可用 `GET /hooks/jobs/{id}` 查询进度。',
  ),
  state: text(
    '`queued`, `running`, `waiting` (will be tried again), or how it ended: `done`, `leftovers`, `unmapped`, …',
    '`queued`、`running`、`waiting`（将重试），或结束状态：`done`、`leftovers`、`unmapped` 等。',
  ),
  leftovers: text('Grants that **still exist**, each with its code.', '**仍然存在**的授权，各带错误码。'),
  mode: text('`observe` if the source of the job just observes.', '来源仅观察时为 `observe`。'),
  event: text("The source's own name of the event.", '来源对事件的命名。'),
  would_revoke: text(
    'How many grants it would have revoked, if its source did not just observe.',
    '若来源不是仅观察，将会撤销的授权数。',
  ),
  needs_person: text('How many events a person must decide about.', '需要人工决定的事件数。'),
  observed: text(
    '`true` if nothing was revoked, because the source just observes.',
    '来源仅观察、没有撤销时为 `true`。',
  ),
  unmapped: text('Identities without a mapping: nothing was revoked for them.', '没有映射的身份：没有为其撤销授权。'),
  tasks: text('What the job has to do.', '任务内容。'),
  tries: text('How many attempts left something over.', '未完成的尝试次数。'),
  received_at: text('When the job was accepted.', '任务接收时间。'),
  source: text('The name of the webhook source in `HOOKS`.', '`HOOKS` 中 Webhook 来源的名称。'),
  delivery_id: text('The id of the webhook.', 'Webhook 的 ID。'),
  identity: text(
    'The person in the system that sends webhooks, such as an e-mail address.',
    '发送 Webhook 的系统中的人员标识，例如邮箱地址。',
  ),
  // Token API
  auth: text('The credentials and the scope, see [Log in](docs:#login).', '凭证和作用范围，见[登录](docs:#login)。'),
  'auth.identity.methods': text('`["password"]` or `["token"]`.', '`["password"]` 或 `["token"]`。'),
  'X-Subject-Token': text('The token that the request is about.', '要操作的 Token。'),
  project_id: text('The project. It must be that of the token.', '项目 ID，必须与 Token 的项目一致。'),
  user_id: text('Your own user id.', '您自己的用户 ID。'),
  'showJob/id': text('The job.', '任务 ID。'),
  id: text('The id.', 'ID。'),
  type: text('What happened.', '发生了什么。'),
  timestamp: text('When, in ISO 8601.', '时间，ISO 8601 格式。'),
  data: text('The content.', '内容。'),
};
