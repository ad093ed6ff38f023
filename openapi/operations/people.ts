/** The APIs that find people, keys and grants for the console. */
import { ref } from '../schemas/common.ts';
import { kmsOperations, type Operations } from '../types.ts';

const GRANTEE = 'f327b8e5cf5fafa0d90ce71651084b0b';
const KEY = 'bb6a3d22-dc93-47ac-b5bd-88df7ad35f1e';

export const PEOPLE_OPERATIONS: Operations = {
  'GET /v1.0/caller': {
    id: 'showCaller',
    tag: 'tokens',
    summary: { en: 'Show what you may do', zh: '查询调用者及其权限' },
    description: {
      en: 'Shows the user, the project, the roles and the permissions of the credentials, and how the service is set up. With `permissions_decided_by` "upstream", the upstream KMS checks roles itself, so all permissions are listed.',
      zh: '查询凭证对应的用户、项目、角色和权限，以及服务的部署方式。`permissions_decided_by` 为 "upstream" 时由上游 KMS 检查角色，因此列出全部权限。',
    },
    replies: {
      200: {
        description: { en: 'The caller and the service.', zh: '调用者与服务信息。' },
        schema: ref('CallerReply'),
        example: {
          user_id: GRANTEE,
          user_name: 'administrator',
          domain_id: '10ef71db75f86851b43560ae2b3490e7',
          domain_name: 'demo',
          project_id: 'c8bb931d03d43cefee5daed8c0f34874',
          project_name: 'eu-de',
          roles: ['KMS Administrator'],
          permissions: ['kms:grant:list', 'kms:grant:revoke-any'],
          permissions_decided_by: 'roles',
          authority: 'standalone',
          identity: 'directory',
          grants_per_key: 100,
          keys_per_project: 100,
          jobs: true,
          region: 'eu-de',
        },
      },
    },
  },
  ...kmsOperations({
    search: {
      tag: 'incident',
      summary: { en: 'Search people, keys, grants and jobs', zh: '搜索主体、密钥、授权和任务' },
      description: {
        en: 'Finds what a text names: exact ids first, then key aliases and user names that begin with it, and identities that are mapped to a principal. Returns at most 20 matches, all of the project.',
        zh: '按文本查找：优先匹配完整 ID，其次匹配以该文本开头的密钥别名和用户名，以及映射到主体的身份。最多返回 20 条，且均属于本项目。',
      },
      examples: {
        person: {
          summary: { en: 'A person by e-mail address', zh: '按邮箱查找人员' },
          value: { query: 'ann@example.com' },
        },
      },
      replies: {
        200: {
          description: { en: 'The matches.', zh: '匹配结果。' },
          schema: ref('SearchReply'),
          example: {
            matches: [
              { type: 'principal', principal_id: GRANTEE, name: 'ann', identity: 'ann@example.com', grants: 4 },
            ],
          },
        },
      },
    },
    'describe-principals': {
      tag: 'incident',
      summary: { en: 'Describe principals', zh: '查询主体信息' },
      description: {
        en: 'Tells which principals are users or domains, in the order of the request. `unknown` is a principal that does not exist or does not belong to the domain or the project of the caller.',
        zh: '按请求顺序返回各主体是用户还是租户。`unknown` 表示主体不存在，或不属于调用者的租户或项目。',
      },
      examples: {
        one: { summary: { en: 'One principal', zh: '一个主体' }, value: { principals: [GRANTEE] } },
      },
      replies: {
        200: {
          description: { en: 'The principals.', zh: '主体列表。' },
          schema: ref('PrincipalsReply'),
          example: { principals: [{ principal_id: GRANTEE, type: 'user', name: 'ann', enabled: true }] },
        },
      },
    },
    'list-key-usage': {
      tag: 'incident',
      summary: { en: 'List keys with their number of grants', zh: '查询密钥及其授权数' },
      description: {
        en: 'Lists the keys of the project with the number of their grants, in the order of `list-keys`. With `key_id`, exactly that key. `grants` is missing where it could not be counted.',
        zh: '按 `list-keys` 的顺序列出本项目的密钥及其授权数。指定 `key_id` 时只返回该密钥。无法统计时不返回 `grants`。',
      },
      codes: ['KMS.0207'],
      examples: { first: { summary: { en: 'The first page', zh: '第一页' }, value: { limit: '50' } } },
      replies: {
        200: {
          description: { en: 'One page of the list.', zh: '列表中的一页。' },
          schema: ref('KeyUsagePage'),
          example: {
            keys: [{ key_id: KEY, key_alias: 'orders', key_state: '2', grants: 12 }],
            grants_per_key: 100,
            total: 1,
            next_marker: '',
            truncated: 'false',
          },
        },
      },
    },
    'list-issued-grants': {
      tag: 'incident',
      summary: { en: 'List the grants that a user has passed on', zh: '查询用户转授的授权' },
      description: {
        en: 'Lists the grants that a user has created, for anyone, on the keys of the project. They remain when the grants of the user are revoked.',
        zh: '查询用户在本项目密钥上为任何人创建的授权。撤销该用户的授权时，这些授权不会一并撤销。',
      },
      codes: ['KMS.0207'],
      examples: {
        user: { summary: { en: 'Of one user', zh: '某用户' }, value: { issuing_principal: GRANTEE } },
      },
      replies: {
        200: {
          description: { en: 'One page of the list.', zh: '列表中的一页。' },
          schema: ref('GrantPage'),
          example: { grants: [], next_marker: '', truncated: 'false', total: 0 },
        },
      },
    },
  }),
};
