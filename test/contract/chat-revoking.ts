/** How grants are revoked on every chat platform: preview, confirmation, approval, and what everyone sees of it. */
import { describe, expect, test } from '@jest/globals';
import type { ChatService, PlatformFixture } from '../support/chat/chat-service.ts';
import { newGrant } from '../support/create.ts';

const CONFIRM = 'Revoke 1 grant';
const ASK = 'Ask for approval';
const APPROVE = 'Approve: revoke 1 grant';
const CANCEL = 'Cancel';

type Opened = ChatService & { chat: PlatformFixture };

/** Ann has the preview of one grant before her. */
async function previewed(chat: PlatformFixture) {
  const holder = await chat.newHolder();
  const preview = await chat.newFor('ann', () => chat.say('ann', `revoke ${holder.keyId} ${holder.grantIds[0]}`));
  return { ...holder, preview };
}

/** Ann has asked for approval, and the channel sees the card. */
async function asked(chat: PlatformFixture) {
  const holder = await chat.newHolder();
  await chat.say('ann', `revoke-all ${holder.grantee} on ${holder.keyId}`);
  const card = await chat.newFor('bob', () => chat.press('ann', ASK));
  return { ...holder, card };
}

/** No card is open any more. */
function expectNoButtons({ side, buttonsOf }: PlatformFixture): void {
  expect(buttonsOf('bob')).toEqual([]);
  if (side.canChangePrivateCards) expect(buttonsOf('ann')).toEqual([]);
}

export function chatRevokingContract(open: () => Opened): void {
  describe('a preview', () => {
    test('shows what would go to the asker alone, and revokes nothing', async () => {
      const { chat } = open();
      const seenByBob = chat.seenBy('bob');
      const { preview, grantee, keyId } = await previewed(chat);
      expect(preview).toContain('Revoke 1 grant?');
      expect(preview).toContain('Nothing has been revoked yet.');
      expect(chat.seenBy('bob')).toEqual(seenByBob);
      expect(await chat.removals(grantee)).toEqual([]);
      expect(await chat.grantsOf(keyId)).toHaveLength(1);
    });

    test('that is confirmed twice at the same time is carried out once, and everyone sees one receipt', async () => {
      const { chat, service } = open();
      const { grantee, keyId } = await previewed(chat);
      const presses = [chat.side.press('ann', CONFIRM), chat.side.press('ann', CONFIRM)];
      let seenByAnn = '';
      const seenByBob = await chat.newFor('bob', async () => {
        seenByAnn = await chat.newFor('ann', () => Promise.all(presses.map((press) => chat.send(press))));
      });
      expect(seenByBob.match(/Revoked 1 grant/g)).toHaveLength(1);
      expect(seenByAnn).toMatch(/Already decided\W+administrator \(\w{8}\) confirmed it, 20\d\d-/);
      expect(await chat.grantsOf(keyId)).toEqual([]);
      expect(await chat.removals(grantee)).toEqual([
        expect.objectContaining({ channel: chat.side.kind, actor: service.administrator.user_id }),
      ]);
      expectNoButtons(chat);
    });

    test('that is cancelled cannot be confirmed any more', async () => {
      const { chat } = open();
      const { grantee } = await previewed(chat);
      const late = chat.side.press('ann', CONFIRM);
      expect(await chat.newFor('ann', () => chat.press('ann', CANCEL))).toContain('Cancelled');
      await chat.send(late);
      expect(await chat.removals(grantee)).toEqual([]);
      expectNoButtons(chat);
    });

    test('has expired after 15 minutes', async () => {
      const { chat, service } = open();
      const { grantee } = await previewed(chat);
      service.clock.nowMs += 15 * 60_000 + 1_000;
      expect(await chat.newFor('ann', () => chat.press('ann', CONFIRM))).toContain('Expired');
      expect(await chat.removals(grantee)).toEqual([]);
      expectNoButtons(chat);
    });

    test('with a forged request id revokes nothing', async () => {
      const { chat } = open();
      const { grantee } = await previewed(chat);
      for (const requestId of ['f'.repeat(32), '../../etc/passwd', 'x'.repeat(100)]) {
        const { status } = await chat.receive(chat.side.press('ann', CONFIRM, { requestId }));
        expect([200, 400, 401]).toContain(status);
      }
      expect(await chat.removals(grantee)).toEqual([]);
      await chat.press('ann', CANCEL);
    });
  });

  describe('a request for approval', () => {
    test('is approved by another principal only; what stands is one receipt, and who comes later is told who did it', async () => {
      const { chat, service, bob } = open();
      const { card, grantee } = await asked(chat);
      expect(card).toContain('Approval needed: revoke 1 grant');
      for (const person of ['ann', 'annAgain'] as const) {
        expect(await chat.newFor(person, () => chat.press(person, APPROVE))).toContain(
          'another person must approve it',
        );
      }
      expect(await chat.newFor('dan', () => chat.press('dan', APPROVE))).toContain('You may not revoke');
      expect(await chat.newFor('eve', () => chat.press('eve', APPROVE))).toContain('I do not know you yet');
      expect(await chat.removals(grantee)).toEqual([]);

      const late = chat.side.press('cai', APPROVE);
      const receipt = await chat.newFor('dan', () => chat.press('bob', APPROVE));
      expect(receipt.match(/Revoked 1 grant/g)).toHaveLength(1);
      expect(receipt).toMatch(/Approved by\W+bob/);
      expect(await chat.newFor('cai', () => chat.send(late))).toMatch(/bob \(\w{8}\) approved it, 20\d\d-/);
      expect(await chat.removals(grantee)).toEqual([
        expect.objectContaining({ actor: service.administrator.user_id, approvedBy: bob.user_id }),
      ]);
      const standing = chat.seenBy('dan').filter(({ text }) => text.includes('Approval needed'));
      expect(standing).toEqual([]);
      expectNoButtons(chat);
    });

    test('cannot be approved from another channel', async () => {
      const { chat } = open();
      const { grantee } = await asked(chat);
      const { status } = await chat.receive(chat.side.press('bob', APPROVE, { isElsewhere: true }));
      expect([200, 401]).toContain(status);
      expect(await chat.removals(grantee)).toEqual([]);
      await chat.press('ann', CANCEL);
    });

    test('may be cancelled by the one who could approve it', async () => {
      const { chat } = open();
      const { grantee } = await asked(chat);
      const late = chat.side.press('cai', APPROVE);
      expect(await chat.newFor('dan', () => chat.press('bob', CANCEL))).toContain('Cancelled');
      await chat.send(late);
      expect(await chat.removals(grantee)).toEqual([]);
      expectNoButtons(chat);
    });

    test('shows the grants as they are now when they have changed, and revokes nothing until somebody approves those', async () => {
      const { chat, service } = open();
      const { grantee, keyId } = await asked(chat);
      await newGrant(service, keyId, { grantee_principal: grantee });
      const changed = await chat.newFor('bob', () => chat.press('bob', APPROVE));
      expect(changed).toContain('The grants have changed since they were shown');
      expect(await chat.removals(grantee)).toEqual([]);
      expect(chat.buttonsOf('bob')).not.toContain(APPROVE);
      await chat.press('bob', 'Approve: revoke 2 grants');
      expect(await chat.removals(grantee)).toHaveLength(2);
      expectNoButtons(chat);
    });
  });
}
