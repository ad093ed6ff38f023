/** The key APIs. Source: KMS API reference, "Key Management". */
import { ref } from '../schemas/common.ts';
import { kmsOperations, type Text } from '../types.ts';

const KEY = 'bb6a3d22-dc93-47ac-b5bd-88df7ad35f1e';
const DOMAIN = 'e4hkeeea506ex3wgnzyhi656n8hx8xa3';
const ONE_KEY: Text = { en: 'One key', zh: '一个密钥' };
const NEW_STATE: Text = { en: 'The key and its new state.', zh: '密钥及其新状态。' };

const DETAILS = {
  key_id: KEY,
  domain_id: DOMAIN,
  key_alias: 'orders',
  realm: 'eu-de',
  key_spec: 'AES_256',
  key_usage: 'ENCRYPT_DECRYPT',
  key_description: '',
  creation_date: '1497341531000',
  scheduled_deletion_date: '',
  key_state: '2',
  default_key_flag: '0',
  key_type: '1',
  expiration_time: '',
  origin: 'kms',
  key_rotation_enabled: 'false',
  sys_enterprise_project_id: '0',
};

const oneKey = { key: { summary: ONE_KEY, value: { key_id: KEY } } };

export const KEY_OPERATIONS = kmsOperations({
  'create-key': {
    tag: 'keys',
    summary: { en: 'Create a key', zh: '创建密钥' },
    description: {
      en: 'Creates a key. Its creator, the caller, is the only user who may revoke its grants with `revoke-grant`. `key_usage` must fit `key_spec`. An alias exists once in a project and must not end in `/default`.',
      zh: '创建密钥。只有创建者（即调用者）才能使用 `revoke-grant` 撤销该密钥的授权。`key_usage` 必须与 `key_spec` 匹配。别名在项目内唯一，且不能以 `/default` 结尾。',
    },
    codes: ['KMS.0308', 'KMS.1104', 'KMS.1105'],
    examples: { key: { summary: ONE_KEY, value: { key_alias: 'orders' } } },
    replies: {
      200: {
        description: { en: 'The id of the new key.', zh: '新密钥的 ID。' },
        schema: ref('CreatedKey'),
        example: { key_info: { key_id: KEY, domain_id: DOMAIN } },
      },
    },
  },
  'list-keys': {
    tag: 'keys',
    summary: { en: 'List keys', zh: '查询密钥列表' },
    description: {
      en: 'Lists the keys of the project, oldest first. Without `key_spec`, lists AES_256 keys only, as documented; `ALL` lists all keys.',
      zh: '按创建时间从早到晚列出本项目的密钥。未指定 `key_spec` 时，按文档规定只列出 AES_256 密钥；指定 `ALL` 列出全部密钥。',
    },
    examples: { all: { summary: { en: 'All keys', zh: '全部密钥' }, value: { key_spec: 'ALL', limit: '100' } } },
    replies: {
      200: {
        description: { en: 'One page of the list.', zh: '列表中的一页。' },
        schema: ref('KeyPage'),
        example: { keys: [KEY], key_details: [DETAILS], next_marker: '', truncated: 'false', total: 1 },
      },
    },
  },
  'describe-key': {
    tag: 'keys',
    summary: { en: 'Show a key', zh: '查询密钥信息' },
    description: { en: 'Shows the details of a key.', zh: '查询密钥的详细信息。' },
    codes: ['KMS.0207'],
    examples: oneKey,
    replies: {
      200: {
        description: { en: 'The key.', zh: '密钥信息。' },
        schema: ref('DescribedKey'),
        example: { key_info: DETAILS },
      },
    },
  },
  'enable-key': {
    tag: 'keys',
    summary: { en: 'Enable a key', zh: '启用密钥' },
    description: { en: 'Enables a disabled key.', zh: '启用已禁用的密钥。' },
    codes: ['KMS.0207', 'KMS.1201'],
    examples: oneKey,
    replies: {
      200: {
        description: NEW_STATE,
        schema: ref('KeyInfoState'),
        example: { key_info: { key_id: KEY, key_state: '2' } },
      },
    },
  },
  'disable-key': {
    tag: 'keys',
    summary: { en: 'Disable a key', zh: '禁用密钥' },
    description: {
      en: 'Disables a key: nobody can create grants on it. Its grants remain and can be revoked.',
      zh: '禁用密钥。禁用后不能在该密钥上创建授权，已有授权保留，并且可以撤销。',
    },
    codes: ['KMS.0207', 'KMS.1301'],
    examples: oneKey,
    replies: {
      200: {
        description: NEW_STATE,
        schema: ref('KeyInfoState'),
        example: { key_info: { key_id: KEY, key_state: '3' } },
      },
    },
  },
  'schedule-key-deletion': {
    tag: 'keys',
    summary: { en: 'Schedule the deletion of a key', zh: '计划删除密钥' },
    description: {
      en: 'Schedules the deletion of a key and of all its grants in 7 to 1096 days.',
      zh: '计划在 7～1096 天后删除密钥及其全部授权。',
    },
    codes: ['KMS.0207', 'KMS.1402'],
    examples: { week: { summary: { en: 'In a week', zh: '一周后' }, value: { key_id: KEY, pending_days: '7' } } },
    replies: {
      200: { description: NEW_STATE, schema: ref('KeyState'), example: { key_id: KEY, key_state: '4' } },
    },
  },
  'cancel-key-deletion': {
    tag: 'keys',
    summary: { en: 'Cancel the deletion of a key', zh: '取消计划删除密钥' },
    description: {
      en: 'Cancels the scheduled deletion of a key. The key is disabled afterwards.',
      zh: '取消计划删除。取消后密钥处于禁用状态。',
    },
    codes: ['KMS.0207', 'KMS.0210', 'KMS.1501'],
    examples: oneKey,
    replies: {
      200: { description: NEW_STATE, schema: ref('KeyState'), example: { key_id: KEY, key_state: '3' } },
    },
  },
});
