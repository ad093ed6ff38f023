/** The parameters of an operation: those in its path, its own, and the headers that many APIs read. */
import type { Api } from '../lib/handlers/api.ts';
import type { Operation, Parameter, Schema, Text } from './types.ts';

const id: Schema = { type: 'string', minLength: 1 };

/** The parameters of paths. The gateway refuses an empty segment as an unknown path. */
const PATH_PARAMETERS: Readonly<Record<string, { schema: Schema; description: Text }>> = {
  project_id: {
    schema: id,
    description: { en: 'The project, which is also that of the credentials.', zh: '项目 ID，须与凭证所属项目一致。' },
  },
  id: { schema: id, description: { en: 'The id.', zh: 'ID。' } },
  user_id: { schema: id, description: { en: 'The id of the user.', zh: '用户 ID。' } },
  access_key: { schema: id, description: { en: 'The access key (AK).', zh: '访问密钥 AK。' } },
  path: { schema: id, description: { en: 'The rest of the path.', zh: '路径的其余部分。' } },
  source: {
    schema: id,
    description: { en: 'The name of the source in the setting `HOOKS`.', zh: '来源在 `HOOKS` 配置中的名称。' },
  },
};

const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  description: {
    en: 'Makes a retry safe, as `sequence` does: 1 to 255 visible ASCII characters.',
    zh: '与 `sequence` 相同，用于安全重试：1～255 个可见 ASCII 字符。',
  },
  schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
};

const PROJECT_ID: Parameter = {
  name: 'X-Project-Id',
  in: 'header',
  description: {
    en: 'The project, for a request that is signed with an access key. Sign this header too.',
    zh: '使用访问密钥签名时指定项目 ID，须将该请求头一并签名。',
  },
  schema: { type: 'string' },
};

/** @throws Error for a path parameter without a text */
export function parametersOf(key: string, { fields = {}, usesCallerProject }: Api, { parameters = [] }: Operation) {
  const inPath = [...key.matchAll(/\{(\w+)\+?\}/g)].map(([, name = '']) => {
    const known = PATH_PARAMETERS[name];
    if (!known) throw new Error(`openapi/parameters.ts needs the path parameter ${name}`);
    return { name, in: 'path', required: true, ...known };
  });
  const shared = [...('sequence' in fields ? [IDEMPOTENCY_KEY] : []), ...(usesCallerProject ? [PROJECT_ID] : [])];
  return [...inPath, ...parameters, ...shared].map(({ description, ...parameter }) => ({
    ...parameter,
    description: description.en,
    'x-zh': { description: description.zh },
  }));
}
