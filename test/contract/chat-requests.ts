/** What every chat platform does with a request: verification, replay, people and their rights, limits. */
import { describe, expect, jest, test } from '@jest/globals';
import type { ChatService, PlatformFixture } from '../support/chat/chat-service.ts';
import { PEOPLE } from '../support/chat/sides/side.ts';

export function chatRequestsContract(open: () => ChatService & { chat: PlatformFixture }): void {
  describe('a request', () => {
    test('that the platform did not send, or not now, gets a 401, and nobody sees anything', async () => {
      const { chat } = open();
      const { keyId, grantIds } = await chat.newHolder();
      const seen = PEOPLE.map(chat.seenBy);
      const forged = chat.side.forged('ann', `revoke ${keyId} ${grantIds[0]}`);
      expect(forged.length).toBeGreaterThan(4);
      for (const [problem, request] of forged) {
        const { status, body } = await chat.receive(request);
        expect([problem, status, body.error_code]).toEqual([problem, 401, 'APIGW.0301']);
      }
      expect(PEOPLE.map(chat.seenBy)).toEqual(seen);
    });

    test('that is sent again does nothing a second time', async () => {
      const { chat } = open();
      const { keyId, grantee, grantIds } = await chat.newHolder();
      const command = chat.side.command('ann', `revoke ${keyId} ${grantIds[0]}`);
      for (let count = 0; count < 2; count += 1) expect((await chat.send(command)).status).toBe(200);
      const previews = chat.seenBy('ann').filter(({ buttons }) => buttons.includes('Revoke 1 grant'));
      expect(previews).toHaveLength(1);
      const press = chat.side.press('ann', 'Revoke 1 grant');
      const seen = await chat.newFor('bob', async () => {
        for (let count = 0; count < 2; count += 1) expect((await chat.send(press)).status).toBe(200);
      });
      expect(seen.match(/Revoked 1 grant/g)).toHaveLength(1);
      expect(await chat.removals(grantee)).toHaveLength(1);
    });
  });

  describe('somebody who is not mapped', () => {
    test('gets the identity to map from whoami', async () => {
      const { chat } = open();
      const seen = await chat.newFor('eve', () => chat.say('eve', 'whoami'));
      expect(seen).toContain(chat.side.identityOf('eve', chat.side.kind));
    });

    test('gets the same friendly refusal to everything else, before anything is looked up', async () => {
      const { chat, service } = open();
      const { keyId, grantIds } = await chat.newHolder();
      const { authority } = service.services;
      const lookups = (['listKeys', 'describeKey', 'listGrants', 'listPrincipalGrants', 'hasGrant'] as const).map(
        (name) => jest.spyOn(authority, name),
      );
      const commands = ['help', 'keys', `list ${keyId}`, `revoke ${keyId} ${grantIds[0]}`, 'who ann', 'nonsense'];
      const before = chat.seenBy('eve').length;
      for (const command of commands) await chat.say('eve', command);
      const calls = lookups.flatMap((lookup) => lookup.mock.calls as unknown[]);
      for (const lookup of lookups) lookup.mockRestore();
      expect(calls).toEqual([]);
      const texts = chat.seenBy('eve').map(({ text }) => text);
      const answers = texts.slice(before);
      expect(answers).toHaveLength(commands.length);
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toContain('I do not know you yet');
      expect(answers[0]).toContain('npm run admin -- map');
    });
  });

  describe('a command', () => {
    test('is refused that the roles of the person do not allow', async () => {
      const { chat } = open();
      const { keyId, grantIds } = await chat.newHolder();
      const grantId = grantIds[0] ?? '';
      expect(await chat.newFor('dan', () => chat.say('dan', `list ${keyId}`))).toContain(grantId);
      const refusal = await chat.newFor('dan', () => chat.say('dan', `revoke ${keyId} ${grantId}`));
      expect(refusal).toContain('You may not use revoke here');
    });

    test('is refused that the source does not offer', async () => {
      const { chat } = open();
      const { keyId, grantIds } = await chat.newHolder();
      const grantId = grantIds[0] ?? '';
      expect(await chat.newFor('ann', () => chat.sayToReading('ann', `list ${keyId}`))).toContain(grantId);
      const refusal = await chat.newFor('ann', () => chat.sayToReading('ann', `revoke ${keyId} ${grantId}`));
      expect(refusal).toContain('You may not use revoke here');
    });

    test('that is unknown is answered with the nearest one', async () => {
      const { chat } = open();
      expect(await chat.newFor('ann', () => chat.say('ann', 'lst orders'))).toContain('Did you mean: list');
    });

    test('of more than 3,000 characters is refused', async () => {
      const { chat } = open();
      const text = 'longer than 3,000 characters';
      const ofLength = (length: number) => 'whoami '.padEnd(length, 'x');
      expect(await chat.newFor('ann', () => chat.say('ann', ofLength(3_001)))).toContain(text);
      expect(await chat.newFor('ann', () => chat.say('ann', ofLength(3_000)))).not.toContain(text);
    });
  });
}
