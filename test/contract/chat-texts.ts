/** What every chat platform makes of texts that others wrote, and of more grants than a message can hold. */
import { describe, expect, test } from '@jest/globals';
import type { ChatService, PlatformFixture } from '../support/chat/chat-service.ts';
import { HOSTILE_TEXTS } from '../support/chat/views.ts';

type Opened = ChatService & { chat: PlatformFixture };

export function chatTextsContract(open: () => Opened): void {
  describe('a text of others', () => {
    test('in the name of a grant and in a reason is shown as text, to the asker and to the channel', async () => {
      const { chat, addGrants } = open();
      const { keyId, grantee, grantIds } = await chat.newHolder();
      await addGrants(keyId, grantee, HOSTILE_TEXTS.slice(0, 9));
      const reason = HOSTILE_TEXTS.join(' ');
      const seen = await chat.newFor('bob', async () => {
        for (const command of [`list ${keyId}`, `show ${grantIds[0]}`, `who ${grantee}`])
          await chat.say('ann', command);
        await chat.say('ann', `revoke-all ${grantee} on ${keyId} reason ${reason}`);
        await chat.press('ann', 'Ask for approval');
        await chat.press('bob', 'Approve: revoke 10 grants');
        await chat.say('ann', `events ${keyId}`);
      });
      expect(seen).toContain('Revoked 10 grants');
      expect(seen).toContain('approve this');
      expect(chat.side.liveMarkup()).toEqual([]);
    });
  });

  describe('1,000 grants', () => {
    test('are counted where they cannot be listed, in messages that the platform takes', async () => {
      const opened = open();
      const { chat } = opened;
      many ??= holderOfMany(opened);
      const { keyId, grantee } = await many;
      const commands = [`list ${keyId}`, `who ${grantee}`, `revoke-all ${grantee} on ${keyId}`];
      for (const command of commands) {
        expect(await chat.newFor('ann', () => chat.say('ann', command))).toMatch(/9\d\d more|1000|1,000/);
      }
      const card = await chat.newFor('dan', () => chat.press('ann', 'Ask for approval'));
      expect(card).toContain('Approval needed: revoke 1000 grants');
      await chat.press('ann', 'Cancel');
    });
  });
}

/** The same for all platforms: to create them takes longer than everything else. */
let many: ReturnType<PlatformFixture['newHolder']> | undefined;

async function holderOfMany({ chat, addGrants }: Opened) {
  const holder = await chat.newHolder();
  const names = Array.from({ length: 999 }, (_, index) => `grant ${index} ${'x'.repeat(200)}`);
  await addGrants(holder.keyId, holder.grantee, names);
  return holder;
}
