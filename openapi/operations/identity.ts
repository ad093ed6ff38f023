/** The token API and the versions. Source: OpenStack Identity API v3; IAM API reference. */
import { ref, string } from '../schemas/common.ts';
import type { Operations, Parameter, Schema, Text } from '../types.ts';

const SUBJECT: Text = { en: 'The token.', zh: 'Token。' };
/** All headers of a request together may have 32 KiB. */
const token: Schema = { type: 'string', minLength: 1, maxLength: 16_384 };
const subjectReply = { 'X-Subject-Token': { description: SUBJECT, schema: token, required: true } };
const subject: Parameter = {
  name: 'X-Subject-Token',
  in: 'header',
  description: { en: 'The token that the request is about.', zh: '要操作的 Token。' },
  schema: token,
  required: true,
};
const nocatalog: Parameter = {
  name: 'nocatalog',
  in: 'query',
  description: { en: 'Leaves the catalog out, whatever the value.', zh: '不返回服务目录，取值不限。' },
  schema: string,
};
const nameFilter: Parameter = {
  name: 'name',
  in: 'query',
  description: { en: 'Only the one of this name.', zh: '按名称筛选。' },
  schema: string,
};
const NEEDS_DIRECTORY: Text = {
  en: ' With `IDENTITY=keystone`, an external IAM has the token API, and this path does not exist here.',
  zh: ' 配置 `IDENTITY=keystone` 时由外部 IAM 提供 Token API，本路径不存在。',
};
const inDirectory = ({ en, zh }: Text): Text => ({ en: en + NEEDS_DIRECTORY.en, zh: zh + NEEDS_DIRECTORY.zh });

const USER = 'f327b8e5cf5fafa0d90ce71651084b0b';
const DOMAIN = { id: '10ef71db75f86851b43560ae2b3490e7', name: 'demo' };
const PROJECT = { id: 'c8bb931d03d43cefee5daed8c0f34874', name: 'eu-de' };
const LINKS = { next: null, previous: null };
const TOKEN = {
  token: {
    expires_at: '2026-11-23T06:27:27.000000Z',
    issued_at: '2026-11-22T06:27:27.000000Z',
    methods: ['password'],
    user: { id: USER, name: 'administrator', domain: DOMAIN, password_expires_at: '' },
    project: { ...PROJECT, domain: DOMAIN },
    roles: [{ id: '0', name: 'KMS Administrator' }],
  },
};
const PROJECT_EXAMPLE = {
  ...PROJECT,
  domain_id: DOMAIN.id,
  parent_id: DOMAIN.id,
  is_domain: false,
  enabled: true,
  description: '',
  links: { self: `/v3/projects/${PROJECT.id}` },
};
const DOMAIN_EXAMPLE = {
  ...DOMAIN,
  enabled: true,
  description: '',
  links: { self: `/v3/domains/${DOMAIN.id}` },
};
const KMS_VERSION = {
  id: 'v1.0',
  status: 'CURRENT',
  updated: '2016-10-29T02:00:00Z',
  links: [{ rel: 'self', href: 'https://kms.example.com/v1.0' }],
  version: '',
  min_version: '',
};
const IDENTITY_VERSION = {
  id: 'v3.14',
  status: 'stable',
  updated: '2020-04-07T00:00:00Z',
  links: [{ rel: 'self', href: 'https://kms.example.com/v3' }],
  'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
};

const projectList = (self: string) => ({
  200: {
    description: { en: 'The projects.', zh: '项目列表。' },
    schema: ref('ProjectList'),
    example: { projects: [PROJECT_EXAMPLE], links: { self, ...LINKS } },
  },
});
const domainList = (self: string) => ({
  200: {
    description: { en: 'The domain of the caller.', zh: '调用者的租户。' },
    schema: ref('DomainList'),
    example: { domains: [DOMAIN_EXAMPLE], links: { self, ...LINKS } },
  },
});

export const IDENTITY_OPERATIONS: Operations = {
  'POST /v3/auth/tokens': {
    id: 'createToken',
    tag: 'tokens',
    summary: { en: 'Get a token', zh: '获取 Token' },
    description: inDirectory({
      en: 'Creates a token for a user name and password, or for another token. The token is in the header `X-Subject-Token` of the reply. It is valid for 24 hours; a token for a token expires when the other one does. `scope` decides what the token is for: a project, the domain of the user, or nothing.',
      zh: '使用用户名和密码，或使用已有 Token 获取新 Token。Token 在响应头 `X-Subject-Token` 中返回，有效期 24 小时；以 Token 换取的 Token 与原 Token 同时过期。`scope` 指定作用范围：项目、用户所属租户或不限定。',
    }),
    codes: ['Keystone.401', 'Keystone.429'],
    parameters: [nocatalog],
    examples: {
      password: {
        summary: { en: 'With a password, for a project', zh: '使用密码，作用于项目' },
        value: {
          auth: {
            identity: {
              methods: ['password'],
              password: { user: { name: 'administrator', password: '********', domain: { name: 'demo' } } },
            },
            scope: { project: { id: PROJECT.id } },
          },
        },
      },
    },
    replies: {
      201: {
        description: { en: 'The token, and what it is valid for.', zh: 'Token 及其作用范围。' },
        schema: ref('Token'),
        example: TOKEN,
        headers: subjectReply,
      },
    },
  },
  'GET /v3/auth/tokens': {
    id: 'showToken',
    tag: 'tokens',
    summary: { en: 'Show a token', zh: '查询 Token 信息' },
    description: inDirectory({
      en: "Shows the user, project and roles of the token in `X-Subject-Token`: the caller's own token or, for an administrator, any token of the same domain.",
      zh: '查询 `X-Subject-Token` 中 Token 的用户、项目和角色。普通用户只能查询自己的 Token，管理员可以查询同一租户的任意 Token。',
    }),
    codes: ['Keystone.400', 'Keystone.404'],
    parameters: [subject, nocatalog],
    replies: {
      200: {
        description: { en: 'What the token is valid for.', zh: 'Token 的作用范围。' },
        schema: ref('Token'),
        example: TOKEN,
        headers: subjectReply,
      },
    },
  },
  'HEAD /v3/auth/tokens': {
    id: 'checkToken',
    tag: 'tokens',
    summary: { en: 'Check a token', zh: '校验 Token' },
    description: inDirectory({
      en: 'Answers 200 for a valid token and 404 for any other one. Replies have no body.',
      zh: 'Token 有效时返回 200，否则返回 404。响应没有响应体。',
    }),
    codes: ['Keystone.400', 'Keystone.404'],
    parameters: [subject, nocatalog],
    replies: { 200: { description: { en: 'The token is valid.', zh: 'Token 有效。' }, headers: subjectReply } },
  },
  'DELETE /v3/auth/tokens': {
    id: 'revokeToken',
    tag: 'tokens',
    summary: { en: 'Revoke a token', zh: '吊销 Token' },
    description: inDirectory({
      en: 'Revokes the token in `X-Subject-Token` and all tokens that were issued from it. They are refused from the next request on.',
      zh: '吊销 `X-Subject-Token` 中的 Token 以及由其换取的所有 Token，自下一次请求起生效。',
    }),
    codes: ['Keystone.400', 'Keystone.404'],
    parameters: [subject],
    replies: { 204: { description: { en: 'The token is revoked.', zh: 'Token 已吊销。' } } },
  },
  'GET /v3/projects': {
    id: 'listProjects',
    tag: 'tokens',
    summary: { en: 'List projects', zh: '查询项目列表' },
    description: inDirectory({
      en: 'Lists the projects in which the caller has a role.',
      zh: '查询调用者拥有角色的项目。',
    }),
    parameters: [nameFilter],
    replies: projectList('/v3/projects'),
  },
  'GET /v3/projects/{id}': {
    id: 'showProject',
    tag: 'tokens',
    summary: { en: 'Show a project', zh: '查询项目详情' },
    description: inDirectory({
      en: 'Shows one of the projects in which the caller has a role. Any other id is 404.',
      zh: '查询调用者拥有角色的项目，其他 ID 返回 404。',
    }),
    codes: ['Keystone.404:resource'],
    replies: {
      200: {
        description: { en: 'The project.', zh: '项目。' },
        schema: ref('OneProject'),
        example: { project: PROJECT_EXAMPLE },
      },
    },
  },
  'GET /v3/auth/projects': {
    id: 'listProjectScopes',
    tag: 'tokens',
    summary: { en: 'List projects to get a token for', zh: '查询可获取 Token 的项目' },
    description: inDirectory({
      en: 'Lists the projects for which the caller can get a token.',
      zh: '查询调用者可以获取 Token 的项目。',
    }),
    parameters: [nameFilter],
    replies: projectList('/v3/auth/projects'),
  },
  'GET /v3/users/{user_id}/projects': {
    id: 'listProjectsOfUser',
    tag: 'tokens',
    summary: { en: 'List the projects of a user', zh: '查询用户的项目列表' },
    description: inDirectory({
      en: 'Lists the projects of the caller. The projects of another user are refused.',
      zh: '查询调用者自己的项目，查询其他用户的项目会被拒绝。',
    }),
    codes: ['APIGW.0302'],
    parameters: [nameFilter],
    replies: projectList(`/v3/users/${USER}/projects`),
  },
  'GET /v3/auth/domains': {
    id: 'listDomainScopes',
    tag: 'tokens',
    summary: { en: 'List domains to get a token for', zh: '查询可获取 Token 的租户' },
    description: inDirectory({ en: 'Lists the domain of the caller.', zh: '查询调用者所属的租户。' }),
    parameters: [nameFilter],
    replies: domainList('/v3/auth/domains'),
  },
  'GET /v3/domains': {
    id: 'listDomains',
    tag: 'tokens',
    summary: { en: 'List domains', zh: '查询租户列表' },
    description: inDirectory({ en: 'Lists the domain of the caller.', zh: '查询调用者所属的租户。' }),
    parameters: [nameFilter],
    replies: domainList('/v3/domains'),
  },
  'GET /v3/domains/{id}': {
    id: 'showDomain',
    tag: 'tokens',
    summary: { en: 'Show a domain', zh: '查询租户详情' },
    description: inDirectory({
      en: 'Shows the domain of the caller. Any other id is 404.',
      zh: '查询调用者所属的租户，其他 ID 返回 404。',
    }),
    codes: ['Keystone.404:resource'],
    replies: {
      200: {
        description: { en: 'The domain.', zh: '租户。' },
        schema: ref('OneDomain'),
        example: { domain: DOMAIN_EXAMPLE },
      },
    },
  },
  'GET /v3/auth/catalog': {
    id: 'showCatalog',
    tag: 'tokens',
    summary: { en: 'Show the service catalog', zh: '查询服务目录' },
    description: inDirectory({
      en: 'Shows the addresses of the APIs. With a project, the catalog also has `kmsv1`, under which gophertelekomcloud looks for the KMS.',
      zh: '查询各 API 的地址。限定项目时，目录还包含 gophertelekomcloud 使用的 `kmsv1`。',
    }),
    replies: {
      200: {
        description: { en: 'The catalog.', zh: '服务目录。' },
        schema: ref('CatalogReply'),
        example: {
          catalog: [
            {
              id: 'kms',
              type: 'kms',
              name: 'kms',
              endpoints: [
                {
                  id: 'kms-public',
                  interface: 'public',
                  region: 'eu-de',
                  region_id: 'eu-de',
                  url: 'https://kms.example.com/v1.0',
                },
              ],
            },
          ],
          links: { self: '/v3/auth/catalog', ...LINKS },
        },
      },
    },
  },
  'GET /v3/regions': {
    id: 'listRegions',
    tag: 'tokens',
    summary: { en: 'List regions', zh: '查询区域列表' },
    description: inDirectory({ en: 'Lists the one region of this service.', zh: '查询本服务所在的区域。' }),
    replies: {
      200: {
        description: { en: 'The region.', zh: '区域。' },
        schema: ref('RegionList'),
        example: {
          regions: [
            {
              id: 'eu-de',
              type: 'public',
              description: '',
              parent_region_id: null,
              links: { self: '/v3/regions/eu-de' },
            },
          ],
          links: { self: '/v3/regions', ...LINKS },
        },
      },
    },
  },
  'GET /': {
    id: 'listVersions',
    tag: 'versions',
    summary: { en: 'List the versions of the APIs', zh: '查询 API 版本列表' },
    description: {
      en: 'Lists the versions in the form of Keystone, with status 300. With `IDENTITY=keystone`, the version of the token API is missing.',
      zh: '以 Keystone 的格式列出 API 版本，状态码为 300。配置 `IDENTITY=keystone` 时不包含 Token API 的版本。',
    },
    replies: {
      300: {
        description: { en: 'The versions.', zh: '版本列表。' },
        schema: ref('VersionList'),
        example: { versions: { values: [IDENTITY_VERSION, KMS_VERSION] } },
      },
    },
  },
  'GET /v3': {
    id: 'showIdentityVersion',
    tag: 'versions',
    summary: { en: 'Show the version of the token API', zh: '查询 Token API 的版本' },
    description: inDirectory({
      en: 'Describes the token API. `/v3/` is the same.',
      zh: '查询 Token API 的版本信息，`/v3/` 等效。',
    }),
    replies: {
      200: {
        description: { en: 'The version.', zh: '版本信息。' },
        schema: ref('OneVersion'),
        example: { version: IDENTITY_VERSION },
      },
    },
  },
  'GET /v1.0': {
    id: 'showKmsVersion',
    tag: 'versions',
    summary: { en: 'Show the version of the KMS API', zh: '查询 KMS API 的版本' },
    description: {
      en: 'Describes the KMS API. `/v1.0/` is the same.',
      zh: '查询 KMS API 的版本信息，`/v1.0/` 等效。',
    },
    replies: {
      200: {
        description: { en: 'The version.', zh: '版本信息。' },
        schema: ref('OneVersion'),
        example: { version: KMS_VERSION },
      },
    },
  },
};
