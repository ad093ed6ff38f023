/** The chat platforms. To add one, add its file under `platforms/`, its name in `source.ts` and a line here. */
import type { ChatPlatform } from './platform.ts';
import { feishu } from './platforms/feishu.ts';
import { slack } from './platforms/slack.ts';
import type { ChatKind } from './source.ts';

export const PLATFORMS: Partial<Record<ChatKind, ChatPlatform>> = { slack, feishu };
