import type { Tag } from './types.ts';

/** The groups of APIs, in the order in which they are shown. */
export const TAGS: readonly Tag[] = [
  {
    name: 'incident',
    title: { en: 'By principal', zh: '按主体处置' },
    description: {
      en: 'What a principal holds, revoking all of it, and the receipts. The cloud does not have these APIs.',
      zh: '查询主体持有的授权、批量撤销以及变更记录。云上 KMS 没有这些 API。',
    },
  },
  {
    name: 'grants',
    title: { en: 'Grants', zh: '授权' },
    description: { en: 'The documented grant APIs of the KMS.', zh: 'KMS 文档中的授权 API。' },
  },
  {
    name: 'keys',
    title: { en: 'Keys', zh: '密钥' },
    description: { en: 'The documented key APIs of the KMS.', zh: 'KMS 文档中的密钥 API。' },
  },
  {
    name: 'tokens',
    title: { en: 'Tokens and projects', zh: 'Token 与项目' },
    description: {
      en: 'The part of the OpenStack Identity API v3 (Keystone) that clients need to log in and to find the KMS.',
      zh: 'OpenStack Identity API v3（Keystone）中用于登录和发现 KMS 的部分。',
    },
  },
  {
    name: 'versions',
    title: { en: 'Versions', zh: '版本' },
    description: { en: 'The versions of the APIs, without credentials.', zh: 'API 版本，无需凭证。' },
  },
  {
    name: 'webhooks',
    title: { en: 'Webhooks and jobs', zh: 'Webhook 与任务' },
    description: {
      en: 'What other systems send, the jobs that it starts, and the events that this service sends.',
      zh: '其他系统发送的请求、由此启动的任务，以及本服务发送的事件。',
    },
  },
  {
    name: 'administration',
    title: { en: 'Administration', zh: '管理' },
    description: {
      en: 'Sources, mapped identities, users and access keys.',
      zh: '来源、身份映射、用户和访问密钥。',
    },
  },
  {
    name: 'chat',
    title: { en: 'Chat', zh: '聊天' },
    description: {
      en: 'What chat platforms send. You configure these addresses in the platform and do not call them yourself.',
      zh: '聊天平台发送的请求。这些地址在平台中配置，无需自行调用。',
    },
  },
  {
    name: 'website',
    title: { en: 'Website', zh: '网站' },
    description: {
      en: 'The console and the documentation, which anyone may read.',
      zh: '控制台和文档，任何人均可访问。',
    },
  },
];
