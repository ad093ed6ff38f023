/** The SCIM 2.0 server of the sources of kind `scim`. OpenAPI shows its paths as one parameter. */
import type { ErrorCode } from '../../lib/errors.ts';
import { ref, string } from '../schemas/common.ts';
import type { Operation, Operations, Parameter, Schema, Text } from '../types.ts';

const TYPE = 'application/scim+json';

/** Codes of `receiveScim` and of what it calls. */
const CODES: readonly ErrorCode[] = ['APIGW.0301', 'KMS.0104', 'KMS.0202', 'KMS.0215', 'KMS.0307', 'KMS.0308'];

const ABOUT: Text = {
  en: 'Part of the SCIM 2.0 server, for sources of the kind `scim`; the secret of the source is the bearer token. `path` is `Users`, `Groups`, `Schemas`, `ResourceTypes` or `ServiceProviderConfig`, with the id of one resource where the request is about one; `scim/`, `v2/` or both may stand before it. Errors have the form of SCIM.',
  zh: '类型为 `scim` 的来源所用 SCIM 2.0 服务的一部分；来源的密钥即 Bearer Token。`path` 为 `Users`、`Groups`、`Schemas`、`ResourceTypes` 或 `ServiceProviderConfig`，针对单个资源时附加其 ID，前面可以带 `scim/`、`v2/` 或两者。错误采用 SCIM 格式。',
};

const about = ({ en, zh }: Text): Text => ({ en: `${en} ${ABOUT.en}`, zh: `${zh}${ABOUT.zh}` });

const text = (schema: Schema, en: string, zh: string) => ({ description: { en, zh }, schema });

const JOB_ID = text(
  { type: 'string', pattern: '^[0-9a-f]{32}$' },
  'The job that revokes the grants of the user, if the request deactivates one.',
  '请求停用用户时，撤销其授权的任务 ID。',
);
const ETAG = text(string, 'The version of the resource.', '资源的版本。');
const LOCATION = text(string, 'The address of the resource.', '资源的地址。');
const shown = { 'X-Job-Id': JOB_ID, ETag: ETAG, Location: LOCATION };

const USER = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  id: '01a226ad-0b37-7bf4-b9f7-ca573154096d',
  userName: 'ann',
  active: true,
};

const refused = (en: string, zh: string) => ({
  description: { en, zh },
  schema: ref('ScimError'),
  contentType: TYPE,
});

const NOT_FOUND = refused('There is no resource with this id, or no such path.', '资源或路径不存在。');
const CONFLICT = refused('Another resource has the name or the externalId.', '名称或 externalId 已被其他资源使用。');
const CHANGED = refused('The resource has another version than `If-Match` names.', '资源版本与 `If-Match` 不一致。');
const UNSUPPORTED = refused('The server has no `/Me` and no `/Bulk`.', '不支持 `/Me` 和 `/Bulk`。');
const FORBIDDEN = refused(
  'The setting `HOOKS` does not allow what the request causes, the source has too many resources, or a description of the server is filtered.',
  '`HOOKS` 不允许该请求引发的操作，来源的资源过多，或对服务描述使用了过滤条件。',
);

const ok = (en: string, zh: string): Operation['replies'][string] => ({
  description: { en, zh },
  schema: ref('ScimResource'),
  contentType: TYPE,
  headers: shown,
  example: USER,
});

const query = (name: string, en: string, zh: string): Parameter => ({ name, in: 'query', ...text(string, en, zh) });

const SELECTION = [
  query('attributes', 'The names of the only attributes to return.', '仅返回的属性名称。'),
  query('excludedAttributes', 'The names of attributes not to return.', '不返回的属性名称。'),
];
const LIST = [
  query(
    'filter',
    'Such as `userName eq "ann"`; several are joined by `and`.',
    '例如 `userName eq "ann"`，多个条件用 `and` 连接。',
  ),
  query('startIndex', 'The position of the first resource; counts from 1.', '第一个资源的位置，从 1 开始。'),
  query('count', 'How many resources to return, 200 at most.', '返回的资源数，最多 200。'),
];

const body = (schema: Schema, example: unknown) => ({
  required: true,
  content: { [TYPE]: { schema, example } },
});
const anyObject: Schema = { type: 'object' };

const operation = (
  id: string,
  summary: Text,
  description: Text,
  more: Pick<Operation, 'replies'> & Partial<Operation>,
) => ({
  id,
  tag: 'webhooks',
  summary,
  description: about(description),
  codes: CODES,
  security: ['ScimToken'],
  hasScimErrors: true,
  ...more,
});

/** The refusals that a request to any SCIM path can get. */
const REFUSED = { 403: FORBIDDEN, 404: NOT_FOUND, 501: UNSUPPORTED };

const CHANGED_RESOURCE = {
  200: ok('The resource as it is now.', '资源的当前状态。'),
  409: CONFLICT,
  412: CHANGED,
  ...REFUSED,
};

const PATCH = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', path: 'active', value: false }],
};

export const SCIM_OPERATIONS: Operations = {
  'GET /hooks/{source}/{path+}': operation(
    'scimGet',
    { en: 'Show or list resources (SCIM)', zh: '查询资源（SCIM）' },
    { en: 'Shows a user or a group, lists them, or describes the server.', zh: '查询用户或用户组，或服务的描述。' },
    {
      parameters: [...LIST, ...SELECTION],
      replies: {
        200: ok('The resource, or a list of resources.', '资源或资源列表。'),
        304: { description: { en: 'The client has this version.', zh: '客户端已有该版本。' }, headers: { ETag: ETAG } },
        ...REFUSED,
      },
    },
  ),
  'POST /hooks/{source}/{path+}': operation(
    'scimCreate',
    { en: 'Create a resource (SCIM)', zh: '创建资源（SCIM）' },
    {
      en: 'Creates a user or a group, or searches with `/.search`.',
      zh: '创建用户或用户组，或通过 `/.search` 查询。',
    },
    {
      body: body(anyObject, { schemas: USER.schemas, userName: 'ann', active: true }),
      replies: {
        200: ok('What the search has found.', '查询结果。'),
        201: ok('The new resource.', '新资源。'),
        409: CONFLICT,
        ...REFUSED,
      },
    },
  ),
  'PUT /hooks/{source}/{path+}': operation(
    'scimReplace',
    { en: 'Replace a resource (SCIM)', zh: '替换资源（SCIM）' },
    {
      en: 'Replaces a user or a group. A user who becomes inactive loses all grants; without `active`, the user is active.',
      zh: '替换用户或用户组。用户变为停用时撤销其全部授权；缺少 `active` 时视为启用。',
    },
    {
      body: body(anyObject, { schemas: USER.schemas, userName: 'ann', active: false }),
      replies: CHANGED_RESOURCE,
    },
  ),
  'PATCH /hooks/{source}/{path+}': operation(
    'scimPatch',
    { en: 'Change a resource (SCIM)', zh: '修改资源（SCIM）' },
    {
      en: 'Changes attributes of a user or a group. A user who becomes inactive loses all grants.',
      zh: '修改用户或用户组的属性。用户变为停用时撤销其全部授权。',
    },
    {
      body: body(anyObject, PATCH),
      replies: CHANGED_RESOURCE,
    },
  ),
  'DELETE /hooks/{source}/{path+}': operation(
    'scimDelete',
    { en: 'Delete a resource (SCIM)', zh: '删除资源（SCIM）' },
    { en: 'Deletes a user or a group. The user loses all grants.', zh: '删除用户或用户组，并撤销用户的全部授权。' },
    {
      replies: {
        204: { description: { en: 'Deleted.', zh: '已删除。' }, headers: { 'X-Job-Id': JOB_ID } },
        412: CHANGED,
        ...REFUSED,
      },
    },
  ),
};
