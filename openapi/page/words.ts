/** The words of the pages themselves. */
import type { Text } from './language.ts';

const text = (en: string, zh: string): Text => ({ en, zh });

export const WORDS = {
  siteTitle: text('kms-grants API', 'kms-grants API 文档'),
  skip: text('Skip to the content', '跳到正文'),
  otherLanguage: text('中文', 'English'),
  contents: text('Contents', '目录'),
  start: text('Start here', '快速开始'),
  operations: text('Operations', '操作'),
  events: text('Outgoing events', '外发事件'),
  errorCodes: text('Error codes', '错误码'),
  allErrorCodes: text('All error codes', '全部错误码'),
  documentation: text('API documentation', 'API 文档'),
  intro: text(
    'List and revoke KMS grants over HTTP. A grant lets a user or an account use one key for certain operations. Press Ctrl+F (⌘F) to search this page: it has every operation, field and code.',
    '通过 HTTP 查询和撤销 KMS 授权。授权允许用户或租户用某个密钥执行指定的操作。按 Ctrl+F（⌘F）即可搜索本页：所有操作、字段和错误码都在这里。',
  ),
  descriptionLink: text('OpenAPI 3.1 description', 'OpenAPI 3.1 描述文件'),
  generated: text(
    'This page is made from the description that the service is checked against.',
    '本页由服务的 API 描述文件生成，服务的行为按该文件校验。',
  ),
  version: text('Version', '版本'),
  whoMayCall: text('Who may call it', '谁可以调用'),
  anyone: text('Anyone, without credentials.', '任何人，无需凭证。'),
  otherCredentials: text(
    'A sender whose signature or secret the service verifies.',
    '服务可验证其签名或密文的发送方。',
  ),
  anyCaller: text('Anyone with valid credentials.', '任何持有有效凭证的调用者。'),
  permission: text('permission', '权限'),
  roles: text('roles', '角色'),
  pathAndHeaders: text('Path, query and headers', '路径、查询参数和请求头'),
  bodyFields: text('Fields of the body', '请求体字段'),
  replyFields: text('Fields of the reply', '应答字段'),
  field: text('Field', '字段'),
  type: text('Type', '类型'),
  required: text('required', '必填'),
  optional: text('optional', '可选'),
  meaning: text('Meaning', '含义'),
  request: text('Request', '请求'),
  reply: text('Reply', '应答'),
  errors: text('Errors', '错误'),
  status: text('Status', '状态码'),
  code: text('Code', '错误码'),
  shared: text('Also possible, as for most operations:', '与大多数操作相同，还可能返回：'),
  operation: text('Operation', '操作'),
  whatItDoes: text('What it does', '作用'),
  cause: text('Cause', '原因'),
  cure: text('What to do', '处理方法'),
  says: text('The reply says', '应答文本'),
  causesAndCures: text('Find your case', '查找您遇到的情况'),
  sentBy: text('Operations that document this code', '会返回此错误码的操作'),
  exampleReply: text('Reply', '应答'),
  repeatTitle: text('May I repeat the request?', '可以重试吗？'),
  errorsIntro: text(
    'Each code has a page with its meaning, its causes and what to do. The address of a page is the code: `/docs/errors/<code>`. In upstream mode, the service passes on codes of the cloud that this list does not have; the documentation of the cloud explains them.',
    '每个错误码都有一页，说明含义、原因和处理方法。页面地址即错误码：`/docs/zh/errors/<错误码>`。在上游模式下，服务会转发此列表之外的云端错误码，请查阅云端文档。',
  ),
  requestIdHint: text(
    'Every reply has the header `X-Request-Id`. Search the log of the service for it: the line of the request has the `cause`.',
    '每个应答都带有 `X-Request-Id` 头。在服务日志中搜索它：该请求的日志行包含 `cause`。',
  ),
  tokenApi: text('Token API', 'Token API'),
  kmsErrors: text('KMS codes', 'KMS 错误码'),
  gatewayErrors: text('Gateway codes', '网关错误码'),
  payload: text('Payload', '负载'),
} as const;

/** Limits of a field, from its schema. */
export const LIMITS = {
  between: (min: number, max: number) => text(`${min} to ${max}`, `${min} 到 ${max}`),
  atLeast: (min: number) => text(`at least ${min}`, `至少 ${min}`),
  atMost: (max: number) => text(`at most ${max}`, `至多 ${max}`),
  characters: (min: number, max: number) =>
    min === max
      ? text(`${max} characters`, `${max} 个字符`)
      : text(`${min} to ${max} characters`, `${min} 到 ${max} 个字符`),
  entries: (min: number, max: number) => text(`${min} to ${max} entries`, `${min} 到 ${max} 项`),
  oneOf: text('one of', '可选值'),
};

export const REPEAT: Readonly<Record<'fix' | 'later' | 'unsure', Text>> = {
  fix: text(
    'Not unchanged: nothing was done, and the same request fails again. Correct it first.',
    '请勿原样重试：没有执行任何操作，相同的请求会再次失败。请先更正。',
  ),
  later: text(
    'Yes: nothing was done. Wait for the time in `Retry-After` (or 1, 2, 4, … seconds), then send it again.',
    '可以：没有执行任何操作。等待 `Retry-After` 的时间（或 1、2、4 … 秒）后重新发送。',
  ),
  unsure: text(
    'Yes, but **the change may have been made**. Repeat a revoke until you get 200. Repeat anything else with the same `sequence`, or list first ([Retries](docs:#retries)).',
    '可以，但**更改可能已经生效**。撤销请求请重试到返回 200 为止；其他请求请用相同的 `sequence` 重试，或先查询（[重试](docs:#retries)）。',
  ),
};
