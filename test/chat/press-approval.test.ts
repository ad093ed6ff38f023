/** The rule for two people. Also tests: lib/chat/time-limits.ts, lib/chat/wording/channels.ts. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Person } from '../../lib/chat/person.ts';
import { serializeEvent } from '../../lib/http/serialize-event.ts';
import { channel, openRevokingFixture, type RevokingFixture, requestIdOf, textOf } from './revoking-fixture.ts';

let chat: RevokingFixture;
let requester: Person;
beforeAll(async () => {
  chat = await openRevokingFixture();
});
beforeEach(() => {
  chat.rules.push({ people: 2 });
  requester = chat.newPerson();
});
afterEach(() => {
  chat.rules.length = 0;
  chat.source.mayApprove = true;
});
afterAll(() => chat.close());

/** @returns a request that waits for a second person */
async function askedRequest(count = 2) {
  const holder = await chat.newHolder(count);
  const requestId = requestIdOf(await chat.preview(requester, chat.revokeAll(holder.grantee)));
  const card = await chat.press(requester, 'ask', requestId);
  return { ...holder, requestId, card };
}

async function expectNothingRevoked(grantee: string, requestId: string): Promise<void> {
  expect(await chat.removals(grantee)).toEqual([]);
  const request = await chat.requestOf(requestId);
  expect(request.state).toBe('asked');
  expect(request).not.toHaveProperty('jobId');
  expect(request).not.toHaveProperty('decidedBy');
}

test('a preview offers to ask, and the asking shows a card for the channel', async () => {
  const { card, requestId } = await askedRequest();
  expect(card).toMatchObject({ audience: 'channel', replacesCard: true, about: { requestId, part: 'card' } });
  expect(card.view.title).toBe('Approval needed: revoke 2 grants');
  expect(card.view.buttons.map(({ name }) => name)).toEqual(['approve', 'cancel']);
  expect(textOf(card)).toContain(`Requested by: ${requester.principal}`);
  expect(await chat.requestOf(requestId)).toMatchObject({ state: 'asked' });
});

test('another person with the right approves it: done once, and the audit tells requester and approver apart', async () => {
  const { grantee, requestId } = await askedRequest();
  const approver = chat.newPerson();
  chat.clock.nowMs += 60_000;
  const receipt = await chat.press(approver, 'approve', requestId);
  expect(receipt).toMatchObject({ audience: 'channel', view: { title: 'Revoked 2 grants', tone: 'good' } });
  expect(textOf(receipt)).toContain(`Requested by: ${requester.principal}\nApproved by: ${approver.principal}, `);
  expect(receipt.view.data).toMatchObject({ requested_by: requester.principal, approved_by: approver.principal });
  const removals = await chat.removals(grantee);
  expect(removals).toHaveLength(2);
  for (const event of removals) {
    expect(serializeEvent(event)).toMatchObject({
      actor: requester.principal,
      approved_by: approver.principal,
      channel: 'bot',
    });
  }
  const late = await chat.press(chat.newPerson(), 'approve', requestId);
  expect(textOf(late)).toContain(`${approver.principal} approved it, `);
});

test.each(['approve', 'cancel'] as const)(
  'when a second person presses %s, the requester is told the outcome where the request was made',
  async (button) => {
    const { requestId } = await askedRequest();
    const [forAll, forRequester, ...more] = await chat.pressAll(chat.newPerson(), button, requestId);
    expect(forRequester).toEqual({ view: forAll?.view, audience: 'asker', replacesCard: false, to: channel() });
    expect(more).toEqual([]);
  },
);

test('a requester who cancels is not told twice', async () => {
  const { requestId } = await askedRequest();
  expect(await chat.pressAll(requester, 'cancel', requestId)).toHaveLength(1);
});

test('the requester cannot confirm or approve it, nor can a second account of the same principal', async () => {
  const { grantee, requestId } = await askedRequest();
  const secondAccount = chat.newPerson(undefined, { principal: requester.principal });
  for (const person of [requester, secondAccount]) {
    expect(textOf(await chat.press(person, 'approve', requestId))).toContain('another person must approve');
    expect(textOf(await chat.press(person, 'confirm', requestId))).toContain('needs a second person');
  }
  await expectNothingRevoked(grantee, requestId);
});

test('a preview that needs a second person cannot be confirmed or approved before somebody was asked', async () => {
  const { grantee } = await chat.newHolder(1);
  const requestId = requestIdOf(await chat.preview(requester, chat.revokeAll(grantee)));
  expect(textOf(await chat.press(requester, 'confirm', requestId))).toContain('needs a second person');
  expect(textOf(await chat.press(chat.newPerson(), 'approve', requestId))).toContain('Nobody has been asked');
  expect(await chat.removals(grantee)).toEqual([]);
});

test.each([[['KMS CMKReadOnlyAccess']], [['KMS CMKFullAccess']], [[]]])(
  'a person with the roles %j cannot approve',
  async (roles) => {
    const { grantee, requestId } = await askedRequest();
    expect(textOf(await chat.press(chat.newPerson(roles), 'approve', requestId))).toContain('You may not');
    await expectNothingRevoked(grantee, requestId);
  },
);

test('an approval after the requester has lost the right, or the mapping, revokes nothing', async () => {
  const { grantee, requestId } = await askedRequest();
  const approver = chat.newPerson();
  chat.setRoles(requester, ['KMS CMKReadOnlyAccess']);
  expect(textOf(await chat.press(approver, 'approve', requestId))).toContain('may no longer revoke');
  chat.mapped.set(requester.identity, chat.newPerson());
  expect(textOf(await chat.press(approver, 'approve', requestId))).toContain('may no longer revoke');
  chat.mapped.delete(requester.identity);
  expect(textOf(await chat.press(approver, 'approve', requestId))).toContain('may no longer revoke');
  await expectNothingRevoked(grantee, requestId);
});

test('while approving is switched off for the source, nobody approves', async () => {
  const { grantee, requestId } = await askedRequest();
  chat.source.mayApprove = false;
  expect(textOf(await chat.press(chat.newPerson(), 'approve', requestId))).toContain('switched off');
  await expectNothingRevoked(grantee, requestId);
});

test('an approval elsewhere or after 15 minutes revokes nothing', async () => {
  const { grantee, requestId } = await askedRequest();
  const approver = chat.newPerson();
  const elsewhere = await chat.press(approver, 'approve', requestId, { place: channel({ channelId: 'C2' }) });
  expect(textOf(elsewhere)).toContain('no such request here');
  await expectNothingRevoked(grantee, requestId);
  chat.clock.nowMs += 15 * 60_000;
  const late = await chat.press(approver, 'approve', requestId);
  expect(late).toMatchObject({ audience: 'channel', replacesCard: true, view: { title: 'Expired', buttons: [] } });
  expect(await chat.removals(grantee)).toEqual([]);
});

test('where the grants have changed, an approval shows a new card to approve, and revokes nothing', async () => {
  const { grantee, keyId, requestId } = await askedRequest();
  await chat.newGrants(keyId, grantee, 1);
  const approver = chat.newPerson();
  const card = await chat.press(approver, 'approve', requestId);
  expect(card).toMatchObject({ audience: 'channel', replacesCard: true });
  expect(card.view.title).toBe('Approval needed: revoke 3 grants');
  expect(await chat.removals(grantee)).toEqual([]);
  expect(await chat.requestOf(requestId)).toMatchObject({ state: 'expired', isTold: true });
  const next = requestIdOf(card);
  expect(await chat.requestOf(next)).toMatchObject({ state: 'asked', requester: { principal: requester.principal } });
  expect(textOf(await chat.press(requester, 'approve', next))).toContain('another person must approve');
  expect((await chat.press(approver, 'approve', next)).view.title).toBe('Revoked 3 grants');
});

test('of 20 approvals by different people one takes effect, and the events name that person', async () => {
  const { grantee, requestId } = await askedRequest();
  const approvers = Array.from({ length: 20 }, () => chat.newPerson());
  const messages = await Promise.all(approvers.map((person) => chat.press(person, 'approve', requestId)));
  const winners = approvers.filter((_, index) => messages[index]?.audience === 'channel');
  expect(winners).toHaveLength(1);
  const [winner] = winners;
  const removals = await chat.removals(grantee);
  expect(removals.map(({ approvedBy }) => approvedBy)).toEqual([winner?.principal, winner?.principal]);
  for (const message of messages.filter(({ audience }) => audience === 'asker')) {
    expect(textOf(message)).toContain(`${winner?.principal} approved it`);
  }
});

test('the requester and an approver may cancel; the person whose grants would go and people without the right may not', async () => {
  const { grantee, requestId } = await askedRequest();
  const holder = chat.newPerson(undefined, { principal: grantee });
  for (const person of [holder, chat.newPerson(['KMS CMKReadOnlyAccess'])]) {
    expect(textOf(await chat.press(person, 'cancel', requestId))).toContain('may cancel it');
  }
  await expectNothingRevoked(grantee, requestId);
  const approver = chat.newPerson();
  const cancelled = await chat.press(approver, 'cancel', requestId);
  expect(cancelled).toMatchObject({ audience: 'channel', view: { title: 'Cancelled', buttons: [] } });
  expect(textOf(await chat.press(approver, 'approve', requestId))).toContain(`${approver.principal} cancelled it`);
  expect(await chat.removals(grantee)).toEqual([]);
});

test('a requester may cancel a request for the own grants', async () => {
  const { grantee } = await chat.newHolder(1);
  const self = chat.newPerson(undefined, { principal: grantee });
  const requestId = requestIdOf(await chat.preview(self, chat.revokeAll(grantee)));
  await chat.press(self, 'ask', requestId);
  expect((await chat.press(self, 'cancel', requestId)).view.title).toBe('Cancelled');
});

test('the same command again while a request waits says so, and makes no second one', async () => {
  const { grantee } = await askedRequest();
  const message = await chat.preview(requester, chat.revokeAll(grantee));
  expect(message.view.buttons).toEqual([]);
  expect(textOf(message)).toMatch(/waits for approval until.*approve [0-9a-f]{32}/s);
});
