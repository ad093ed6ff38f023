/** The APIs of jobs that revoke in the background. */
import { ref } from '../schemas/common.ts';
import { kmsOperations } from '../types.ts';

const JOB_ID = '0c5b7a1f6d0e4b3f9f1d2a6c8e7b5d43';
const GRANTEE = 'f327b8e5cf5fafa0d90ce71651084b0b';
const DIGEST = 'f4d360028cdd4fa592ef7e811fd887f63f40866019e29a47ddd9f58f45f297dd';

const oneJob = { job: { summary: { en: 'One job', zh: '一个任务' }, value: { job_id: JOB_ID } } };
const THE_JOB = { description: { en: 'The job.', zh: '任务。' }, schema: ref('Job') };

export const JOB_OPERATIONS = kmsOperations({
  'create-revocation-job': {
    tag: 'incident',
    summary: { en: 'Revoke grants in the background', zh: '创建批量撤销任务' },
    description: {
      en: 'Revokes all selected grants as a job that continues until nothing is left, also after a restart. Grants are selected by `grantee_principal`, `key_id`, `operations` and `grant_ids`: what fits all of them. First send `dry_run`, and then the `digest` of its reply with a `reason`. If the grants have changed since, nothing is stored. Without `grant_ids`, grants that are created meanwhile are revoked too.',
      zh: '以任务方式撤销选中的全部授权，重启后继续执行，直至没有剩余。授权须同时满足 `grantee_principal`、`key_id`、`operations` 和 `grant_ids`。请先指定 `dry_run` 预览，再携带返回的 `digest` 和 `reason` 提交。若授权已发生变化，则不创建任务。未指定 `grant_ids` 时，期间新建的授权也会被撤销。',
    },
    codes: ['APIGW.0101', 'KMS.0204', 'KMS.0207', 'KMS.0308'],
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
        description: { en: 'What would be revoked.', zh: '将被撤销的授权。' },
        schema: ref('JobPreview'),
      },
      202: {
        description: { en: 'The job is stored, and a worker executes it.', zh: '任务已保存，由后台执行。' },
        schema: ref('CreatedJob'),
        example: { job_id: JOB_ID, total: 4 },
      },
    },
  },
  'list-jobs': {
    tag: 'incident',
    summary: { en: 'List jobs', zh: '查询任务列表' },
    description: {
      en: 'Lists the jobs of the project, newest first, optionally only those in some states. A page may be short although `truncated` is "true".',
      zh: '按时间从晚到早列出本项目的任务，可按状态筛选。`truncated` 为 "true" 时，一页的任务也可能少于 `limit`。',
    },
    examples: {
      open: { summary: { en: 'Jobs that are not done', zh: '未完成的任务' }, value: { states: ['queued', 'running'] } },
    },
    replies: {
      200: {
        description: { en: 'One page of the list.', zh: '列表中的一页。' },
        schema: ref('JobPage'),
        example: { jobs: [], next_marker: '', truncated: 'false' },
      },
    },
  },
  'retry-job': {
    tag: 'incident',
    summary: { en: 'Run a job again', zh: '重试任务' },
    description: {
      en: 'Runs a job again now that waits or has ended with grants left. A job that also acts in other projects is refused.',
      zh: '立即重新执行处于等待状态或仍有剩余授权的任务。涉及其他项目的任务会被拒绝。',
    },
    codes: ['APIGW.0101', 'KMS.0306', 'KMS.0308'],
    examples: oneJob,
    replies: { 200: THE_JOB },
  },
  'stop-job': {
    tag: 'incident',
    summary: { en: 'Stop a job', zh: '停止任务' },
    description: {
      en: 'Stops a job that has not ended. Grants that it has revoked stay revoked. A job that also acts in other projects is refused.',
      zh: '停止尚未结束的任务，已撤销的授权不会恢复。涉及其他项目的任务会被拒绝。',
    },
    codes: ['APIGW.0101', 'KMS.0306', 'KMS.0308'],
    examples: oneJob,
    replies: { 200: THE_JOB },
  },
});
