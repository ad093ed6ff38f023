/** What each field of a request body means. */
import type { Text } from './types.ts';

export const FIELD_TEXTS: Readonly<Record<string, Text>> = {
  auth: { en: 'The credentials, and what the token is for.', zh: '凭证以及 Token 的作用范围。' },
  digest: {
    en: 'The `digest` of a dry run with the same fields. Only if exactly the grants of the dry run are still selected, they are revoked.',
    zh: '使用相同字段预览时返回的 `digest`。仅当选中的授权与预览时完全一致才会撤销。',
  },
  dry_run: { en: 'Whether only to show what would be revoked.', zh: '是否仅预览而不撤销。' },
  grant_id: {
    en: 'The id of the grant: 64 hexadecimal digits, in upper or lower case.',
    zh: '授权 ID，64 位十六进制字符，不区分大小写。',
  },
  grantee_principal: {
    en: 'The id of the user or domain that holds the grant.',
    zh: '被授权用户或租户的 ID。',
  },
  grantee_principal_type: {
    en: 'Whether the grantee is a user (default) or a domain.',
    zh: '被授权者的类型：用户（默认）或租户。',
  },
  key_alias: { en: 'The alias of the key. It must not end in /default.', zh: '密钥别名，不能以 /default 结尾。' },
  key_description: { en: 'A description of the key.', zh: '密钥描述。' },
  key_id: { en: 'The id of the key.', zh: '密钥 ID。' },
  key_spec: { en: 'The algorithm of the key. Default: AES_256.', zh: '密钥算法，默认为 AES_256。' },
  key_state: {
    en: 'Only keys in this state: 1 to be activated, 2 enabled, 3 disabled, 4 pending deletion, 5 pending import.',
    zh: '按状态筛选：1 待激活，2 启用，3 禁用，4 计划删除，5 等待导入。',
  },
  key_usage: {
    en: 'What the key is for. It must fit `key_spec`; the default depends on it.',
    zh: '密钥用途，必须与 `key_spec` 匹配，默认值由其决定。',
  },
  limit: {
    en: 'The number of entries of a page: a whole number above 0, as a string or a JSON number. A page has at most 1000, which is also the default. "" counts as absent.',
    zh: '每页条数：大于 0 的整数，可以是字符串或数字。最大值和默认值均为 1000。空字符串等同于未填写。',
  },
  marker: {
    en: 'The `next_marker` of the previous page, or an offset of 1 to 4 digits. "" counts as absent. Lists of events take no offset.',
    zh: '上一页返回的 `next_marker`，或 1～4 位数字的偏移量。空字符串等同于未填写。变更记录列表不支持偏移量。',
  },
  name: { en: 'A name for the grant.', zh: '授权名称。' },
  operations: {
    en: 'What the grant allows. In a filter: only grants that allow at least one of these.',
    zh: '授权允许的操作。作为筛选条件时，只选择至少包含其中一个操作的授权。',
  },
  origin: { en: 'The source of the key material: only `kms`.', zh: '密钥材料来源，仅支持 `kms`。' },
  pending_days: {
    en: 'After how many days the key is deleted: 7 to 1096, as a string or a JSON number.',
    zh: '计划多少天后删除：7～1096，可以是字符串或数字。',
  },
  reason: {
    en: 'Why the change is made. Any value is accepted, and recorded as one line of at most 255 characters.',
    zh: '变更原因。接受任意值，记录为不超过 255 个字符的单行文本。',
  },
  retiring_principal: { en: 'A user who may retire the grant.', zh: '可以退役该授权的用户 ID。' },
  sequence: {
    en: 'Makes a retry safe: 36 characters, such as a UUID of your own. "" counts as absent.',
    zh: '用于安全重试的请求序列号，36 个字符，例如自行生成的 UUID。空字符串等同于未填写。',
  },
  // Of the APIs for the console.
  grant_ids: { en: 'Exactly these grants, at most 500.', zh: '仅这些授权，最多 500 条。' },
  identity: { en: 'The identity, as the other system names it.', zh: '外部系统中的身份标识。' },
  issuing_principal: { en: 'The user who created the grants.', zh: '创建授权的用户 ID。' },
  job_id: { en: 'The id of the job.', zh: '任务 ID。' },
  principals: { en: 'The principals to describe, at most 100.', zh: '要查询的主体 ID，最多 100 个。' },
  query: { en: 'What to search: 1 to 256 characters.', zh: '搜索内容，1～256 个字符。' },
  source: { en: 'The name of the source, or `*` for all sources.', zh: '来源名称，`*` 表示全部来源。' },
  remove: { en: 'Whether to remove the user.', zh: '是否删除该用户。' },
  user_id: { en: 'The id of the provisioned user.', zh: '已同步用户的 ID。' },
  states: { en: 'Only jobs in these states.', zh: '按任务状态筛选。' },
};
