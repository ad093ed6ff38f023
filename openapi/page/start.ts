/** The first part of the documentation: what a caller needs to know before the first operation. */
import { type Html, html } from './html.ts';
import type { Text } from './language.ts';
import { code } from './operation.ts';
import type { Page } from './site.ts';

interface StartSection {
  id: string;
  title: Text;
  /** Paragraphs, and commands or other code. */
  parts: readonly (Text | { code: string })[];
}

const GET_TOKEN = `TOKEN=$(curl -s -D - -o /dev/null "$URL/v3/auth/tokens" -d @- <<END | tr -d '\\r' | sed -n 's/^x-subject-token: //p'
{"auth":{
  "identity":{"methods":["password"],"password":{"user":{"id":"$USER_ID","password":"$PASSWORD"}}},
  "scope":{"project":{"id":"$PROJECT"}}}}
END
)
echo "$TOKEN"`;

const LOGIN = `URL=http://127.0.0.1:8080
PROJECT=<project id>
USER_ID=<user id>
read -rs PASSWORD
${GET_TOKEN}`;

const DEMO = `URL=http://127.0.0.1:8080
PROJECT=$(node -p 'require("./.data/demo.json").project_id')
TOKEN=$(curl -s -D - -o /dev/null "$URL/v3/auth/tokens" -d @.data/demo-login.json | tr -d '\\r' | sed -n 's/^x-subject-token: //p')
KEY=$(node -p 'require("./.data/demo.json").grants.at(-1).key_id')
GRANT=$(node -p 'require("./.data/demo.json").grants.at(-1).grant_id')
GRANTEE=$(node -p 'require("./.data/demo.json").users[1].user_id')`;

const DEMO_ADMINISTRATOR = `USER_ID=$(node -p 'require("./.data/demo.json").users[3].user_id')
PASSWORD=$(node -p 'require("./.data/demo.json").users[3].password')
${GET_TOKEN}`;

const PYTHON = `client = KmsClient.new_builder() \\
    .with_credentials(BasicCredentials(access_key, secret_key, project_id)) \\
    .with_endpoint("http://127.0.0.1:8080").build()`;

const ERROR = `{"error":{"error_code":"KMS.2501","error_msg":"Invalid grant ID."},"error_code":"KMS.2501","error_msg":"Invalid grant ID.","request_id":"5a2cf80edd144f7c9dbd6db1bd2c7b31"}`;

const LOOP = `MARKER=
while :; do
  PAGE=$(curl -s "$URL/v1.0/$PROJECT/kms/list-grants" -H "X-Auth-Token: $TOKEN" -d "{\\"key_id\\":\\"$KEY\\",\\"marker\\":\\"$MARKER\\"}")
  echo "$PAGE"
  MARKER=$(echo "$PAGE" | sed -n 's/.*"next_marker":"\\([^"]*\\)".*/\\1/p')
  [ -n "$MARKER" ] || break
done`;

const CUT_OFF = `GRANTEE=<user id of the person or program>
curl -s -w '\\n' "$URL/v1.0/$PROJECT/kms/revoke-principal-grants" -H "X-Auth-Token: $TOKEN" \\
  -d "{\\"grantee_principal\\":\\"$GRANTEE\\",\\"dry_run\\":true}"
curl -s -w '\\n' "$URL/v1.0/$PROJECT/kms/revoke-principal-grants" -H "X-Auth-Token: $TOKEN" \\
  -d "{\\"grantee_principal\\":\\"$GRANTEE\\",\\"reason\\":\\"incident 42\\"}"`;

export const START_SECTIONS: readonly StartSection[] = [
  {
    id: 'incident',
    title: { en: 'Cut somebody off now', zh: '立即收回某人的访问权限' },
    parts: [
      {
        en: '[Log in](docs:#login) as a user with the role `KMS Administrator` or `te_admin`. The first command shows what would be revoked, the second one revokes it. **Repeat the second one until `remaining` is 0**, in every project. Grants that the person gave to others remain: `passed_on` counts them. Also disable the user, so that no new grants are created: `npm run admin -- disable-user --user "$GRANTEE"`.',
        zh: '以具有 `KMS Administrator` 或 `te_admin` 角色的用户[登录](docs:#login)。第一条命令预览将被撤销的授权，第二条执行撤销。**请在每个项目中重复第二条，直到 `remaining` 为 0。**该人员授予他人的授权仍然存在，数量见 `passed_on`。同时请禁用该用户，以免产生新的授权：`npm run admin -- disable-user --user "$GRANTEE"`。',
      },
      { code: CUT_OFF },
    ],
  },
  {
    id: 'login',
    title: { en: 'Log in', zh: '登录' },
    parts: [
      {
        en: 'The commands on this page use the variables `URL`, `PROJECT` and `TOKEN`. Set them once in a shell. The token is valid for 24 hours. If `echo` prints an empty line, the login failed: call it without `-o /dev/null` to read the reason. A quotation mark or a backslash in the password needs a backslash before it.',
        zh: '本页的命令使用变量 `URL`、`PROJECT` 和 `TOKEN`，在 shell 中设置一次即可。Token 有效期 24 小时。如果 `echo` 输出空行，说明登录失败：去掉 `-o /dev/null` 可查看原因。密码中的引号或反斜杠前需加反斜杠。',
      },
      { code: LOGIN },
      {
        en: 'With the demo that the first `npm start` creates, no password is needed, and the variables of the examples have values too:',
        zh: '使用首次 `npm start` 创建的演示数据时无需密码，示例中的变量也有对应的值：',
      },
      { code: DEMO },
      {
        en: 'This is a token of the user `creator`, who may revoke only grants on keys that the user created. For the commands that need `KMS Administrator` or `te_admin`, get a token of the demo’s administrator:',
        zh: '这是用户 `creator` 的 Token，只能撤销该用户所创建密钥上的授权。对于需要 `KMS Administrator` 或 `te_admin` 的命令，请获取演示管理员的 Token：',
      },
      { code: DEMO_ADMINISTRATOR },
      {
        en: '`KEY`, `GRANT` and `GRANTEE` in other commands are the ids of a key, of a grant and of the user who holds it; `JOB` is the id of a job. Other variables have the name of the part of the path or of the header that you replace. With `IDENTITY=keystone`, get the token from the IAM at `IAM_ENDPOINT`.',
        zh: '其他命令中的 `KEY`、`GRANT` 和 `GRANTEE` 分别为密钥、授权及其持有者的 ID，`JOB` 为任务 ID。其他变量以要替换的路径部分或请求头命名。使用 `IDENTITY=keystone` 时，请从 `IAM_ENDPOINT` 的 IAM 获取 Token。',
      },
    ],
  },
  {
    id: 'access-keys',
    title: { en: 'Access keys (AK/SK) and SDKs', zh: '访问密钥（AK/SK）与 SDK' },
    parts: [
      {
        en: 'Instead of a token, a request may have a signature with an access key (`SDK-HMAC-SHA256`). The SDKs of Huawei Cloud and Terraform sign by themselves: change only their endpoint. `npm run admin -- create-access-key --user <user id>` creates an access key.',
        zh: '除 Token 外，也可以用访问密钥对请求签名（`SDK-HMAC-SHA256`）。华为云 SDK 和 Terraform 会自动签名，只需更改其 endpoint。`npm run admin -- create-access-key --user <user id>` 创建访问密钥。',
      },
      { code: PYTHON },
    ],
  },
  {
    id: 'errors',
    title: { en: 'Errors', zh: '错误' },
    parts: [
      {
        en: 'Success is 200 (`POST /v3/auth/tokens`: 201). An error has a code, a text that says what to do, and the request id. [Each code has a page](docs:/errors) with its causes and cures.',
        zh: '成功返回 200（`POST /v3/auth/tokens` 返回 201）。错误包含错误码、说明处理方法的文本和请求 ID。[每个错误码都有一页](docs:/errors)说明原因和处理方法。',
      },
      { code: ERROR },
      {
        en: 'The first check that fails decides the error: route, credentials, project, role, size and JSON of the body, fields, key, creator, grant. A key of another project gets the same error as one that does not exist.',
        zh: '按以下顺序检查，首个失败的检查决定错误：路由、凭证、项目、角色、请求体大小与 JSON、字段、密钥、创建者、授权。其他项目的密钥与不存在的密钥返回相同的错误。',
      },
    ],
  },
  {
    id: 'paging',
    title: { en: 'Paging', zh: '分页' },
    parts: [
      {
        en: 'Send `next_marker` of one page as `marker` of the next, until `truncated` is `"false"`. Grants that are revoked between two pages make no other grant disappear from the list (in upstream mode they may: read the whole list before you revoke).',
        zh: '将上一页的 `next_marker` 作为下一页的 `marker` 发送，直到 `truncated` 为 `"false"`。在两页之间撤销授权不会遗漏其他授权（上游模式下可能遗漏：请先读完整个列表再撤销）。',
      },
      { code: LOOP },
    ],
  },
  {
    id: 'retries',
    title: { en: 'Retries', zh: '重试' },
    parts: [
      {
        en: 'To repeat a change safely, send the same body with the same `sequence` (a UUID of your own) or the same header `Idempotency-Key`. For an hour, a repeat of a successful request gets the first answer as long as that answer is true. A refusal is never repeated from memory.',
        zh: '要安全地重试更改，请用相同的请求体和相同的 `sequence`（您自己的 UUID）或 `Idempotency-Key` 头重新发送。一小时内，只要首次的应答仍然成立，重试就得到该应答。被拒绝的请求会重新检查。',
      },
      {
        en: 'Retry after 429, 500, 502, 503 and 504, and after a broken connection; wait for the time in `Retry-After`. Do not retry other errors unchanged. **Repeat a revoke until you get 200, and a bulk revoke until `remaining` is 0.**',
        zh: '遇到 429、500、502、503、504 或连接中断时重试，并等待 `Retry-After` 的时间。其他错误不要原样重试。**撤销请重试到返回 200，批量撤销请重试到 `remaining` 为 0。**',
      },
    ],
  },
];

export function startSection(page: Page, { id, title, parts }: StartSection): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title">${page.say(title)}</h3>
${parts.map((part) => ('code' in part ? code(part.code) : page.blocks(part)))}</section>
`;
}
