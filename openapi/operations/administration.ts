/**
 * The APIs of administrators: sources, mappings, users and access keys. Source of the users: OpenStack Identity API v3,
 * "Users"; of the access keys: IAM API reference, "Access Key Management".
 */
import { ref, string } from '../schemas/common.ts';
import { kmsOperations, type Operations, type Parameter, type Schema } from '../types.ts';

const USER_ID = 'f327b8e5cf5fafa0d90ce71651084b0b';
const MAPPING = { source: 'hr', identity: 'ann@example.com', grantee_principal: USER_ID };
const PROVISIONED = {
  source: 'entra',
  user_id: '01a226ad-0b37-7bf4-b9f7-ca573154096d',
  user_name: 'ann',
  external_id: '2819c223',
  active: true,
  grantee_principal: USER_ID,
  assigned_principal: USER_ID,
  created_at: '1795881603998',
  modified_at: '1795881603998',
};
const ACCESS_KEY = 'QTWAOYTTINDUT2QVKYUC';

const mappingExample = {
  mapping: { summary: { en: 'One mapping', zh: '一条映射' }, value: MAPPING },
};

const query = (name: string, en: string, zh: string, schema: Schema = string): Parameter => ({
  name,
  in: 'query',
  description: { en, zh },
  schema,
});

const PAGE_PARAMETERS = [
  query(
    'limit',
    'The number of items of a page; more than 1000 counts as 1000.',
    '每页条数，超过 1000 按 1000 处理。',
    {
      type: 'integer',
      minimum: 1,
    },
  ),
  query('marker', 'The id of the last item of the previous page.', '上一页最后一项的 ID。'),
];

const patch = (schema: Schema, example: unknown) => ({
  required: true,
  content: { 'application/json': { schema, example } },
});

export const ADMINISTRATION_OPERATIONS: Operations = {
  ...kmsOperations({
    'list-sources': {
      tag: 'administration',
      summary: { en: 'List the sources of webhooks and chat', zh: '查询 Webhook 和聊天来源' },
      description: {
        en: 'Lists the sources of the setting `HOOKS` that the caller administers: those whose projects all belong to the domain of the project of the caller. The reply has no secrets.',
        zh: '列出调用者可管理的 `HOOKS` 来源，即其项目均属于调用者项目所在租户的来源。响应不包含任何密钥。',
      },
      replies: {
        200: {
          description: { en: 'The sources.', zh: '来源列表。' },
          schema: ref('SourceList'),
          example: {
            sources: [
              {
                name: 'hr',
                kind: 'standard',
                purpose: 'webhook',
                path: '/hooks/hr',
                projects: ['c8bb931d03d43cefee5daed8c0f34874'],
                open_jobs: 0,
              },
            ],
          },
        },
      },
    },
    'list-mappings': {
      tag: 'administration',
      summary: { en: 'List the mappings of identities', zh: '查询身份映射' },
      description: {
        en: 'Lists which identities of other systems are mapped to which principals, for the sources that the caller administers.',
        zh: '列出调用者可管理的来源中，外部系统身份与主体的映射。',
      },
      codes: ['APIGW.0101'],
      examples: {
        person: {
          summary: { en: 'Of one principal', zh: '某主体的映射' },
          value: { grantee_principal: USER_ID },
        },
      },
      replies: {
        200: {
          description: { en: 'One page of the list.', zh: '列表中的一页。' },
          schema: ref('MappingPage'),
          example: { mappings: [{ ...MAPPING, name: 'ann' }], next_marker: '', truncated: 'false' },
        },
      },
    },
    'create-mapping': {
      tag: 'administration',
      summary: { en: 'Map an identity to a principal', zh: '创建身份映射' },
      description: {
        en: 'Maps an identity of a source to a principal, so that webhooks and chat find the grants of the person. `*` means all sources; only an administrator of all sources may use it.',
        zh: '将来源中的身份映射到主体，使 Webhook 和聊天能够找到该人员的授权。`*` 表示全部来源，仅可管理全部来源的管理员可以使用。',
      },
      codes: ['APIGW.0101', 'KMS.0308'],
      examples: mappingExample,
      replies: {
        200: {
          description: { en: 'The mapping.', zh: '映射信息。' },
          schema: ref('NewMapping'),
          example: MAPPING,
        },
      },
    },
    'delete-mapping': {
      tag: 'administration',
      summary: { en: 'Delete a mapping', zh: '删除身份映射' },
      description: {
        en: 'Deletes a mapping. A mapping that does not exist is 404.',
        zh: '删除身份映射，映射不存在时返回 404。',
      },
      codes: ['APIGW.0101'],
      examples: mappingExample,
      replies: {
        200: {
          description: { en: 'Done. The body is an empty object.', zh: '操作成功，响应体为空对象。' },
          schema: ref('Empty'),
          example: {},
        },
      },
    },
    'list-provisioned-users': {
      tag: 'administration',
      summary: { en: 'List provisioned users', zh: '查询已同步的用户' },
      description: {
        en: 'Lists the users that an identity provider has provisioned by SCIM in a source that the caller administers, the oldest first. With `identity`, only the users of this id, user name or external id.',
        zh: '列出身份提供方通过 SCIM 同步到调用者可管理来源中的用户，按时间从旧到新排列。指定 `identity` 时仅返回该 ID、用户名或外部 ID 的用户。',
      },
      codes: ['APIGW.0101'],
      examples: { source: { summary: { en: 'Of one source', zh: '某来源的用户' }, value: { source: 'entra' } } },
      replies: {
        200: {
          description: { en: 'One page of the list.', zh: '列表中的一页。' },
          schema: ref('ProvisionedUserPage'),
          example: { users: [PROVISIONED], next_marker: '', truncated: 'false' },
        },
      },
    },
    'update-provisioned-user': {
      tag: 'administration',
      summary: { en: 'Change or remove a provisioned user', zh: '修改或删除已同步的用户' },
      description: {
        en: 'Assigns the principal whose grants belong to the user. It takes precedence over mappings and over what the identity provider states. Without `grantee_principal`, the assignment is cleared. With `remove`, the user and all that is stored about the person is removed; grants remain.',
        zh: '指定用户对应的主体，优先于映射以及身份提供方给出的主体。缺少 `grantee_principal` 时清除指定。使用 `remove` 时删除该用户及其存储的个人信息，授权保持不变。',
      },
      codes: ['APIGW.0101', 'KMS.0104', 'KMS.0308'],
      examples: {
        assign: {
          summary: { en: 'Assign a principal', zh: '指定主体' },
          value: { source: 'entra', user_id: PROVISIONED.user_id, grantee_principal: USER_ID },
        },
      },
      replies: {
        200: {
          description: {
            en: 'The user, as it is now or was before it was removed.',
            zh: '用户的当前状态，或删除前的状态。',
          },
          schema: ref('OneProvisionedUser'),
          example: { user: PROVISIONED },
        },
      },
    },
  }),
  'GET /v3/users': {
    id: 'listUsers',
    tag: 'administration',
    summary: { en: 'List users', zh: '查询用户列表' },
    description: {
      en: 'Lists the users of the domain of the project of the caller.',
      zh: '查询调用者项目所在租户的用户。',
    },
    codes: ['Keystone.400'],
    parameters: [
      query('name', 'Only the user of this name.', '按用户名筛选。'),
      query('domain_id', 'Only users of this domain, which must be your own.', '按租户筛选，只能是自己的租户。'),
      ...PAGE_PARAMETERS,
    ],
    replies: { 200: { description: { en: 'The users.', zh: '用户列表。' }, schema: ref('UserList') } },
  },
  'GET /v3/users/{user_id}': {
    id: 'showUser',
    tag: 'administration',
    summary: { en: 'Show a user', zh: '查询用户详情' },
    description: { en: 'Shows a user of the same domain.', zh: '查询同一租户的用户。' },
    codes: ['Keystone.404:resource'],
    replies: { 200: { description: { en: 'The user.', zh: '用户信息。' }, schema: ref('OneUser') } },
  },
  'PATCH /v3/users/{user_id}': {
    id: 'updateUser',
    tag: 'administration',
    summary: { en: 'Enable or disable a user', zh: '启用或停用用户' },
    description: {
      en: 'Enables or disables a user of the same domain. The tokens and access keys of a disabled user are refused from the next request on; grants remain. Nobody can disable themselves.',
      zh: '启用或停用同一租户的用户。停用后，该用户的 Token 和访问密钥自下一次请求起失效，授权保留。用户不能停用自己。',
    },
    codes: ['Keystone.400', 'Keystone.404:resource'],
    body: patch(
      {
        type: 'object',
        properties: {
          user: {
            type: 'object',
            properties: { enabled: { type: 'boolean' } },
            required: ['enabled'],
            additionalProperties: false,
          },
        },
        required: ['user'],
        additionalProperties: false,
      },
      { user: { enabled: false } },
    ),
    replies: { 200: { description: { en: 'The user.', zh: '用户信息。' }, schema: ref('OneUser') } },
  },
  'GET /v3.0/OS-CREDENTIAL/credentials': {
    id: 'listAccessKeys',
    tag: 'administration',
    summary: { en: 'List access keys', zh: '查询访问密钥列表' },
    description: {
      en: 'Lists the access keys of users of the same domain, without secrets.',
      zh: '查询同一租户用户的访问密钥，不包含 SK。',
    },
    codes: ['Keystone.400', 'Keystone.404:resource'],
    parameters: [query('user_id', 'Only those of this user.', '按用户筛选。'), ...PAGE_PARAMETERS],
    replies: { 200: { description: { en: 'The access keys.', zh: '访问密钥列表。' }, schema: ref('AccessKeyList') } },
  },
  'PUT /v3.0/OS-CREDENTIAL/credentials/{access_key}': {
    id: 'updateAccessKey',
    tag: 'administration',
    summary: { en: 'Enable or disable an access key', zh: '启用或停用访问密钥' },
    description: {
      en: 'Enables or disables an access key of a user of the same domain. Nobody can disable the access key with which the request is signed.',
      zh: '启用或停用同一租户用户的访问密钥。不能停用当前请求签名所用的访问密钥。',
    },
    codes: ['Keystone.400', 'Keystone.404:resource'],
    body: patch(
      {
        type: 'object',
        properties: {
          credential: {
            type: 'object',
            properties: { status: { type: 'string', enum: ['active', 'inactive'] } },
            required: ['status'],
            additionalProperties: false,
          },
        },
        required: ['credential'],
        additionalProperties: false,
      },
      { credential: { status: 'inactive' } },
    ),
    replies: {
      200: {
        description: { en: 'The access key.', zh: '访问密钥信息。' },
        schema: ref('OneAccessKey'),
        example: {
          credential: {
            access: ACCESS_KEY,
            status: 'inactive',
            user_id: USER_ID,
            create_time: '2026-11-22T06:27:27.000000Z',
            description: '',
          },
        },
      },
    },
  },
};
