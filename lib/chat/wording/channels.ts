/** How a change came: the channel of an event, in words. */
import type { Channel } from '../../domain/events.ts';
import type { Locale } from '../platform.ts';

export const CHANNELS: Readonly<Record<Locale, Readonly<Record<Channel, string>>>> = {
  en: {
    http: 'the HTTP API',
    webhook: 'a webhook',
    admin: 'the admin command',
    deletion: 'the deletion of the key',
    slack: 'Slack',
    feishu: 'Feishu',
    mattermost: 'Mattermost',
    bot: 'a bot',
  },
  zh: {
    http: 'HTTP API',
    webhook: 'Webhook',
    admin: '管理命令',
    deletion: '密钥删除',
    slack: 'Slack',
    feishu: '飞书',
    mattermost: 'Mattermost',
    bot: '机器人',
  },
};
