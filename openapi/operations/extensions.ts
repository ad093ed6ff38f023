/** The APIs for grants that the vendor's KMS does not have. */
import { ref } from '../schemas/common.ts';
import { kmsOperations } from '../types.ts';

const GRANTEE = '13gg44z4g2sglzk0egw0u726zoyzvrs8';
const KEY = 'bb6a3d22-dc93-47ac-b5bd-88df7ad35f1e';
const GRANT = '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d';
const DIGEST = 'f4d360028cdd4fa592ef7e811fd887f63f40866019e29a47ddd9f58f45f297dd';

export const EXTENSION_OPERATIONS = kmsOperations({
  'list-principal-grants': {
    tag: 'incident',
    summary: { en: 'List the grants of a principal', zh: '查询主体持有的授权' },
    description: {
      en: 'Lists all grants that a user or a domain holds on the keys of the project, oldest first. With an upstream, `failed` names the keys that could not be read.',
      zh: '按创建时间从早到晚列出用户或租户在本项目所有密钥上持有的授权。对接上游 KMS 时，`failed` 列出无法读取的密钥。',
    },
    examples: {
      principal: {
        summary: { en: 'All grants of a user', zh: '某用户的全部授权' },
        value: { grantee_principal: GRANTEE },
      },
    },
    replies: {
      200: {
        description: { en: 'One page of the list.', zh: '列表中的一页。' },
        schema: ref('GrantPage'),
        example: {
          grants: [
            {
              key_id: KEY,
              grant_id: GRANT,
              name: 'my_grant',
              grantee_principal: GRANTEE,
              grantee_principal_type: 'user',
              operations: ['describe-key', 'create-datakey'],
              issuing_principal: 'e4hkeeea506ex3wgnzyhi656n8hx8xa3',
              creation_date: '1497341531000',
            },
          ],
          next_marker: GRANT,
          truncated: 'true',
          total: 4,
        },
      },
    },
  },
  'revoke-principal-grants': {
    tag: 'incident',
    summary: { en: 'Revoke the grants of a principal', zh: '批量撤销主体的授权' },
    description: {
      en: 'Revokes the grants that a user or a domain holds in the project, whoever created the keys. With `dry_run` it revokes nothing and returns the selected grants by key, with a `digest`. With this `digest`, the service revokes only if exactly these grants are still selected. Call again until `remaining` is 0. Unknown fields and null are refused, because a misspelt filter must not widen the selection.',
      zh: '撤销用户或租户在本项目中持有的授权，不论密钥由谁创建。指定 `dry_run` 时不撤销任何授权，只按密钥返回将被撤销的授权数和 `digest`。携带该 `digest` 时，仅当选中的授权没有变化时才会撤销。请重复调用，直至 `remaining` 为 0。为避免拼写错误扩大撤销范围，未知字段和 null 会被拒绝。',
    },
    codes: ['KMS.0207', 'KMS.0308'],
    examples: {
      'dry-run': {
        summary: { en: 'See what would be revoked', zh: '预览将被撤销的授权' },
        value: { grantee_principal: GRANTEE, dry_run: true },
      },
      revoke: {
        summary: { en: 'Revoke exactly that', zh: '按预览结果撤销' },
        value: { grantee_principal: GRANTEE, digest: DIGEST, reason: 'left the orders team' },
      },
    },
    replies: {
      200: {
        description: {
          en: 'What was revoked and what remains; with `dry_run`, what would be revoked.',
          zh: '已撤销和剩余的授权；指定 `dry_run` 时为将被撤销的授权。',
        },
        schema: { oneOf: [ref('RevokeResult'), ref('DryRun')] },
        example: { revoked: 1, failed: [], remaining: 0, passed_on: 0 },
      },
    },
  },
  'list-grant-events': {
    tag: 'incident',
    summary: { en: 'List the receipts of changes', zh: '查询变更记录' },
    description: {
      en: 'Lists the events of the project, newest first: all of them, or those of a key, a grant or a grantee. Each change of a key or a grant writes one event in the same transaction. With several filters, a page may have fewer events than `limit`, or none, although `truncated` is "true". An offset as `marker` is refused.',
      zh: '按时间从晚到早列出本项目的变更记录，可按密钥、授权或被授权者筛选。密钥或授权的每次变更都会在同一事务中写入一条记录。同时使用多个筛选条件时，一页的记录可能少于 `limit`，甚至为空，而 `truncated` 仍为 "true"。`marker` 不支持偏移量。',
    },
    examples: {
      grantee: {
        summary: { en: 'The newest event of a grantee', zh: '被授权者的最新记录' },
        value: { grantee_principal: GRANTEE, limit: 1 },
      },
    },
    replies: {
      200: {
        description: { en: 'One page of the list.', zh: '列表中的一页。' },
        schema: ref('EventPage'),
        example: {
          events: [
            {
              event_id: '01a222e2939e000e8bd8cc5e9e15a801',
              event_time: '1795881603998',
              action: 'revoke-principal-grants',
              project_id: 'c8bb931d03d43cefee5daed8c0f34874',
              key_id: KEY,
              grant_id: GRANT,
              actor: '01ebf3599fe7e02ae762e2f13d05eb2d',
              channel: 'http',
              reason: 'left the orders team',
              request_id: '5a080fd9838a4189b154e259961f60ea',
            },
          ],
          next_marker: '01a222e2939e000e8bd8cc5e9e15a801',
          truncated: 'true',
        },
      },
    },
  },
});
