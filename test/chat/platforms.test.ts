/**
 * Every chat platform, over the whole service and its own fake.
 * Also tests: lib/chat/platforms/.
 */
import { afterAll, afterEach, beforeAll, describe, jest } from '@jest/globals';
import { PLATFORMS } from '../../lib/chat/platforms.ts';
import type { ChatKind } from '../../lib/chat/source.ts';
import { logger } from '../../lib/logger.ts';
import { chatRequestsContract } from '../contract/chat-requests.ts';
import { chatRevokingContract } from '../contract/chat-revoking.ts';
import { chatTextsContract } from '../contract/chat-texts.ts';
import { type ChatService, startChatService } from '../support/chat/chat-service.ts';

let chatService: ChatService;
beforeAll(async () => {
  for (const level of ['info', 'warn'] as const) jest.spyOn(logger, level).mockImplementation(() => {});
  chatService = await startChatService();
});
// A person may send 30 commands a minute.
afterEach(() => {
  chatService.service.clock.nowMs += 60_000;
});
afterAll(() => chatService.stop());

describe.each(Object.keys(PLATFORMS) as ChatKind[])('%s', (kind) => {
  const open = () => ({ ...chatService, chat: chatService.open(kind) });
  chatRequestsContract(open);
  chatRevokingContract(open);
  chatTextsContract(open);
});
