/**
 * The grant APIs. Source of the samples: KMS API reference, "Querying Grants", "Querying Grants That Can Be Retired",
 * "Revoking a Grant", "Retiring a Grant".
 */
import { ref } from '../schemas/common.ts';
import { kmsOperations, type Text } from '../types.ts';

const SAMPLE_KEY = 'bb6a3d22-dc93-47ac-b5bd-88df7ad35f1e';
const SAMPLE_GRANT = '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d';
const SAMPLE: Text = { en: 'The sample of the KMS documents', zh: 'KMS 文档中的示例' };
const DONE: Text = { en: 'Done. The body is an empty object.', zh: '操作成功，响应体为空对象。' };
const PAGE: Text = { en: 'One page of the list.', zh: '列表中的一页。' };

const oneGrant = (summary: Text) => ({ sample: { summary, value: { key_id: SAMPLE_KEY, grant_id: SAMPLE_GRANT } } });

export const GRANT_OPERATIONS = kmsOperations({
  'list-grants': {
    tag: 'grants',
    summary: { en: 'List the grants of a key', zh: '查询密钥的授权列表' },
    description: {
      en: 'Lists the grants of a key, oldest first. With `grantee_principal`, lists only the grants that this user or domain holds. A page has at most 1000 grants. Send `next_marker` of a page as `marker` of the next one until `truncated` is "false".',
      zh: '按创建时间从早到晚列出密钥的授权。指定 `grantee_principal` 时，只列出该用户或租户持有的授权。每页最多 1000 条。`truncated` 为 "true" 时，将 `next_marker` 作为下一次请求的 `marker`，直至 `truncated` 为 "false"。',
    },
    codes: ['KMS.0207'],
    examples: {
      sample: { summary: SAMPLE, value: { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f' } },
      next: {
        summary: { en: 'The next page', zh: '下一页' },
        value: { key_id: SAMPLE_KEY, limit: '100', marker: SAMPLE_GRANT },
      },
    },
    replies: {
      200: {
        description: PAGE,
        schema: ref('GrantPage'),
        example: {
          grants: [
            {
              operations: ['create-datakey', 'describe-key'],
              issuing_principal: '8b961fb414344d59825ba0c8c008c815',
              key_id: '737fd52b-36c4-4c91-972e-f6e202de9f6e',
              grant_id: 'dd3f03e9229a5e47a41be6c27a630e60d5cbdbad2be89465d63109ad034db7d8',
              grantee_principal: '13gg44z4g2sglzk0egw0u726zoyzvrs8',
              name: '13gg44z4g2sglzk0egw0u726zoyzvrs8',
              creation_date: '1597062260000',
              grantee_principal_type: 'user',
            },
          ],
          next_marker: '',
          total: 1,
          truncated: 'false',
        },
      },
    },
  },
  'list-retirable-grants': {
    tag: 'grants',
    summary: { en: 'List the grants that you may retire', zh: '查询可退役授权列表' },
    description: {
      en: 'Lists the grants of the project that the caller may retire, oldest first. The request needs no body. Empty strings count as absent.',
      zh: '按创建时间从早到晚列出调用者在本项目中可以退役的授权。可以不发送请求体。空字符串等同于未填写。',
    },
    examples: { sample: { summary: SAMPLE, value: { limit: '', marker: '' } } },
    replies: {
      200: {
        description: PAGE,
        schema: ref('GrantPage'),
        example: {
          grants: [
            {
              key_id: SAMPLE_KEY,
              grant_id: SAMPLE_GRANT,
              operations: ['describe-key', 'create-datakey', 'encrypt-datakey'],
              grantee_principal: '13gg44z4g2sglzk0egw0u726zoyzvrs8',
              grantee_principal_type: 'user',
              retiring_principal: '13gg44z4g2sglzk0egw0u726zoyzvrs8',
              issuing_principal: 'e4hkeeea506ex3wgnzyhi656n8hx8xa3',
              name: 'my_grant',
              creation_date: '1497341531000',
            },
          ],
          next_marker: '',
          truncated: 'false',
          total: 1,
        },
      },
    },
  },
  'revoke-grant': {
    tag: 'grants',
    summary: { en: 'Revoke a grant', zh: '撤销授权' },
    description: {
      en: 'Revokes one grant. Only the user who created the key may revoke its grants. A second revoke of the same grant answers 400 `KMS.2501`. Grants that the grantee has passed on remain.',
      zh: '撤销一条授权。只有密钥的创建者才能撤销该密钥的授权。再次撤销同一授权返回 400 `KMS.2501`。被授权者转授出去的授权不会一并撤销。',
    },
    codes: ['KMS.0207', 'KMS.0306', 'KMS.2501', 'KMS.2502'],
    examples: oneGrant(SAMPLE),
    replies: { 200: { description: DONE, schema: ref('Empty'), example: {} } },
  },
  'retire-grant': {
    tag: 'grants',
    summary: { en: 'Retire a grant', zh: '退役授权' },
    description: {
      en: 'Gives up a grant that is no longer needed. The issuer of the grant, its `retiring_principal`, and a grantee whose `operations` contain `retire-grant` may retire it.',
      zh: '放弃不再需要的授权。授权的创建者、`retiring_principal` 指定的用户，以及 `operations` 中包含 `retire-grant` 的被授权者可以退役授权。',
    },
    codes: ['KMS.0207', 'KMS.0306', 'KMS.2501', 'KMS.2502'],
    examples: oneGrant(SAMPLE),
    replies: { 200: { description: DONE, schema: ref('Empty'), example: {} } },
  },
  'create-grant': {
    tag: 'grants',
    summary: { en: 'Create a grant', zh: '创建授权' },
    description: {
      en: "Lets a user or a domain use a key. The key's creator may create grants, and so may a grantee whose grant has `create-grant`, for operations that it holds itself. `operations` must contain more than `create-grant`. A key has at most 100 grants, unless the service is configured otherwise.",
      zh: '授权用户或租户使用密钥。密钥的创建者可以创建授权；授权中包含 `create-grant` 的被授权者也可以将自己拥有的操作转授给他人。`operations` 不能仅包含 `create-grant`。默认每个密钥最多 100 条授权。',
    },
    codes: ['KMS.0207', 'KMS.0209', 'KMS.0210', 'KMS.0306', 'KMS.2404'],
    examples: {
      grant: {
        summary: { en: 'A grant for two operations', zh: '包含两个操作的授权' },
        value: {
          key_id: SAMPLE_KEY,
          grantee_principal: '13gg44z4g2sglzk0egw0u726zoyzvrs8',
          operations: ['describe-key', 'create-datakey'],
          name: 'my_grant',
        },
      },
    },
    replies: {
      200: {
        description: { en: 'The id of the new grant.', zh: '新授权的 ID。' },
        schema: ref('CreatedGrant'),
        example: { grant_id: SAMPLE_GRANT },
      },
    },
  },
});
