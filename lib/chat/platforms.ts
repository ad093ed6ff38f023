/** The chat platforms. To add one, see CONTRIBUTING.md, "A chat platform". */
import type { ChatPlatform } from './platform.ts';
import { bot } from './platforms/bot.ts';
import { feishu } from './platforms/feishu.ts';
import { mattermost } from './platforms/mattermost.ts';
import { slack } from './platforms/slack.ts';
import type { ChatKind } from './source.ts';

export const PLATFORMS: Record<ChatKind, ChatPlatform> = { slack, feishu, mattermost, bot };
