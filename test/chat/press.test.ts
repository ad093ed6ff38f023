/**
 * The buttons of a request: confirm and cancel. Those for two people are in `press-approval.test.ts`.
 * Also tests: lib/chat/execution.ts, lib/chat/outcome.ts, lib/chat/requests.ts, lib/chat/wording/revoking.ts.
 */
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { jobIdOf } from '../../lib/chat/execution.ts';
import type { Person } from '../../lib/chat/person.ts';
import { KmsError } from '../../lib/errors.ts';
import { logger } from '../../lib/logger.ts';
import { requestContext } from '../authority/standalone/fixture.ts';
import { numbers } from '../contract/fixtures.ts';
import { channel, openRevokingFixture, type RevokingFixture, requestIdOf, textOf } from './revoking-fixture.ts';

let chat: RevokingFixture;
beforeAll(async () => {
  chat = await openRevokingFixture();
});
afterEach(() => {
  chat.rules.length = 0;
  chat.queued.length = 0;
});
afterAll(() => chat.close());

/** @returns a previewed request of the person for the grants of a new holder */
async function newRequest(person: Person, count = 3, command = {}) {
  const holder = await chat.newHolder(count);
  const requestId = requestIdOf(await chat.preview(person, chat.revokeAll(holder.grantee, command)));
  return { ...holder, requestId };
}

test('a confirmed request is done once, with a receipt and events that name the person and the channel', async () => {
  const person = chat.newPerson();
  const { grantee, keyId, requestId } = await newRequest(person, 3, { reason: 'laptop stolen' });
  const message = await chat.press(person, 'confirm', requestId);
  const request = await chat.requestOf(requestId);
  expect(message).toMatchObject({
    audience: 'channel',
    replacesCard: true,
    about: { requestId, part: 'outcome' },
    view: { title: 'Revoked 3 grants', tone: 'good', buttons: [] },
  });
  expect(textOf(message)).toContain(`Requested by: ${person.principal}`);
  expect(textOf(message)).toContain(`Confirmed by: ${person.principal}, 2026-11-22 06:00:00 UTC`);
  expect(textOf(message)).toContain(`Job: ${request.jobId}`);
  expect(message.view.data).toMatchObject({
    confirmed_by: person.principal,
    reason: 'laptop stolen',
    job: { job_id: request.jobId, state: 'done', revoked: 3, passed_on: 0 },
  });
  expect(await chat.grantsOfPerson(grantee)).toEqual([]);
  expect(request).toMatchObject({ state: 'ended', decidedBy: { principal: person.principal } });
  const removals = await chat.removals(grantee);
  expect(removals).toHaveLength(3);
  for (const event of removals) {
    expect(event).toMatchObject({
      action: 'revoke-principal-grants',
      keyId,
      actor: person.principal,
      channel: 'bot',
      requestId: request.jobId,
      reason: 'laptop stolen',
      approvedBy: undefined,
    });
  }
});

test('a confirmed request for one grant revokes that one, and its receipt has the id of the grant', async () => {
  const person = chat.newPerson();
  const { grantee, keyId, ids } = await chat.newHolder(3);
  const requestId = requestIdOf(await chat.preview(person, { name: 'revoke', key: keyId, grant: ids[1] ?? '' }));
  const message = await chat.press(person, 'confirm', requestId);
  expect(message.view.title).toBe('Revoked 1 grant');
  expect(textOf(message)).toContain(`Grant: ${ids[1]}`);
  expect((await chat.grantsOfPerson(grantee)).map(({ grant_id: id }) => id)).toEqual([ids[0], ids[2]]);
  expect(await chat.removals(grantee)).toMatchObject([{ action: 'revoke-grant', actor: person.principal }]);
});

test('of 20 presses at the same time one takes effect, and the others are told who did it and when', async () => {
  const person = chat.newPerson();
  const { grantee, requestId } = await newRequest(person);
  const messages = await Promise.all(numbers(1, 20).map(() => chat.press(person, 'confirm', requestId)));
  const receipts = messages.filter(({ audience }) => audience === 'channel');
  expect(receipts.map(({ view }) => view.title)).toEqual(['Revoked 3 grants']);
  const others = messages.filter(({ audience }) => audience === 'asker');
  expect(others).toHaveLength(19);
  for (const other of others) {
    expect(other.replacesCard).toBe(false);
    expect(textOf(other)).toContain(`${person.principal} confirmed it, 2026-11-22 06:00:00 UTC.`);
  }
  expect(await chat.removals(grantee)).toHaveLength(3);
});

test('a press on a request that is done tells who did it, when, and how many grants it revoked', async () => {
  const person = chat.newPerson();
  const { requestId } = await newRequest(person);
  await chat.press(person, 'confirm', requestId);
  for (const name of ['confirm', 'cancel', 'ask', 'approve'] as const) {
    const message = await chat.press(chat.newPerson(), name, requestId);
    expect(textOf(message)).toMatch(/confirmed it, 2026-11-22.*3 grants revoked\./s);
  }
});

test('where the grants have changed, the press shows the new preview, revokes nothing and ends the old one', async () => {
  const person = chat.newPerson();
  const { grantee, keyId, requestId } = await newRequest(person);
  await chat.newGrants(keyId, grantee, 1);
  const again = await chat.press(person, 'confirm', requestId);
  expect(again).toMatchObject({ audience: 'asker', replacesCard: true, view: { title: 'Revoke 4 grants?' } });
  expect(textOf(again)).toContain('have changed');
  expect(await chat.removals(grantee)).toEqual([]);
  const old = await chat.press(person, 'confirm', requestId);
  expect(textOf(old)).toContain('newer preview');
  expect(old.replacesCard).toBe(false);
  const done = await chat.press(person, 'confirm', requestIdOf(again));
  expect(done.view.title).toBe('Revoked 4 grants');
});

test.each([
  ['with the API', 'http', 'revoke-grant', 'the HTTP API'],
  ['by a webhook', 'webhook', 'principal.disabled', 'a webhook'],
] as const)(
  'grants that were revoked %s meanwhile: the press tells by whom and when',
  async (_, channelName, action, shownChannel) => {
    const person = chat.newPerson();
    const { grantee, keyId, ids, requestId } = await newRequest(person, 2);
    chat.clock.nowMs += 60_000;
    const userId = channelName === 'webhook' ? 'hook:okta' : 'c0000000000000000000000000000001';
    const context = requestContext(action, { channel: channelName, userId });
    for (const id of ids) await chat.authority.revokeAny(context, { key_id: keyId, grant_id: id });
    const at = new Date(chat.clock.nowMs).toISOString().slice(0, 19).replace('T', ' ');
    const message = await chat.press(person, 'confirm', requestId);
    expect(message).toMatchObject({ replacesCard: true, view: { title: 'Already gone', buttons: [] } });
    expect(textOf(message)).toContain(`made by ${userId} through ${shownChannel}, ${at} UTC`);
    expect(await chat.removals(grantee)).toHaveLength(2);
    expect(await chat.requestOf(requestId)).toMatchObject({ state: 'ended' });
  },
);

test('a press by another person, elsewhere, on another card or with an unknown id changes nothing', async () => {
  const log = jest.spyOn(logger, 'info');
  const person = chat.newPerson();
  const { grantee, requestId } = await newRequest(person);
  const sameRequest = await chat.requestOf(requestId);
  await chat.requests.update(sameRequest, { card: channel({ messageId: 'm1' }) });
  const stored = await chat.requestOf(requestId);
  const answers = [
    await chat.press(chat.newPerson(), 'confirm', requestId),
    await chat.press(person, 'confirm', requestId, { place: channel({ channelId: 'C2' }) }),
    await chat.press(person, 'confirm', requestId, { place: channel({ messageId: 'm2' }) }),
    await chat.press(person, 'confirm', 'x'.repeat(3000)),
    await chat.press(person, 'approve', requestId),
    await chat.press(person, 'ask', requestId),
  ];
  for (const message of answers) {
    expect(message).toMatchObject({ audience: 'asker', replacesCard: false, view: { tone: 'bad' } });
  }
  const unknown = 'There is no such request here.';
  expect(answers.map(textOf)).toEqual([
    expect.stringContaining(`Only ${person.principal}`),
    expect.stringContaining(unknown),
    expect.stringContaining(unknown),
    expect.stringContaining(unknown),
    expect.stringContaining('Nobody has been asked'),
    expect.stringContaining('needs no second person'),
  ]);
  expect(await chat.requestOf(requestId)).toEqual(stored);
  expect(await chat.removals(grantee)).toEqual([]);
  const results = log.mock.calls.flatMap(([name, line]) =>
    name === 'chat' ? [(line as { result?: string }).result] : [],
  );
  expect(results.slice(-6)).toEqual([
    'other-person',
    'unknown',
    'unknown',
    'unknown',
    'not-asked',
    'needs-no-approval',
  ]);
  expect(JSON.stringify(log.mock.calls)).not.toContain('xxx');
  // A typed command has a message of its own.
  const typed = await chat.press(person, 'confirm', requestId, {
    place: channel({ messageId: 'm3' }),
    type: 'command',
  });
  expect(typed.view.title).toBe('Revoked 3 grants');
});

test('a requester who has lost the right since the preview revokes nothing', async () => {
  const person = chat.newPerson();
  const { grantee, requestId } = await newRequest(person);
  chat.setRoles(person, ['KMS CMKReadOnlyAccess']);
  expect(textOf(await chat.press(person, 'confirm', requestId))).toContain('kms:grant:revoke-any');
  chat.setRoles(person, []);
  expect(textOf(await chat.press(person, 'confirm', requestId))).toContain('kms:grant:revoke-any');
  expect(await chat.removals(grantee)).toEqual([]);
  expect(await chat.requestOf(requestId)).toMatchObject({ state: 'previewed' });
});

test('a request that was not confirmed within 15 minutes has expired', async () => {
  const person = chat.newPerson();
  const { grantee, requestId } = await newRequest(person);
  chat.clock.nowMs += 15 * 60_000;
  const message = await chat.press(person, 'confirm', requestId);
  expect(message).toMatchObject({ replacesCard: true, view: { title: 'Expired', buttons: [] } });
  expect(await chat.removals(grantee)).toEqual([]);
});

test('a cancelled request cannot be confirmed any more', async () => {
  const person = chat.newPerson();
  const { grantee, requestId } = await newRequest(person);
  const cancelled = await chat.press(person, 'cancel', requestId);
  expect(cancelled).toMatchObject({ audience: 'asker', replacesCard: true, view: { title: 'Cancelled', buttons: [] } });
  expect(textOf(cancelled)).toContain('This request revoked nothing.');
  expect(textOf(await chat.press(person, 'confirm', requestId))).toContain(`${person.principal} cancelled it`);
  expect(await chat.removals(grantee)).toEqual([]);
});

test('while the grants cannot be read, a press revokes nothing, and the request stays open', async () => {
  const person = chat.newPerson();
  const { grantee, requestId } = await newRequest(person);
  const authority = { listPrincipalGrants: chat.unreadable };
  expect(textOf(await chat.press(person, 'confirm', requestId, { authority }))).toContain(
    'Not everything could be read',
  );
  expect(await chat.requestOf(requestId)).toMatchObject({ state: 'previewed' });
  expect(await chat.removals(grantee)).toEqual([]);
});

test('grants that cannot be read any more since the preview take as many people as the most grants would', async () => {
  const person = chat.newPerson();
  chat.rules.push({ people: 2, grantsAbove: 50 });
  const { grantee, requestId } = await newRequest(person);
  chat.hideKeys(1);
  const again = await chat.press(person, 'confirm', requestId);
  chat.hideKeys(0);
  expect(again.view.buttons.map(({ name }) => name)).toEqual(['ask', 'cancel']);
  expect(await chat.removals(grantee)).toEqual([]);
});

test.each(['add', 'job'] as const)(
  'an error of the store (%s) after the press took effect is not answered as if nothing was done',
  async (method) => {
    const person = chat.newPerson();
    const { grantee, requestId } = await newRequest(person, 2);
    const { store, ...rest } = chat.dependencies();
    const failing = {
      [method]: async () => {
        throw new KmsError('KMS.0101');
      },
    };
    const jobs = { ...store.jobs, ...failing };
    const answer = await chat.pressWith({ ...rest, store: { ...store, jobs } }, person, 'confirm', requestId);
    expect(answer).toMatchObject({ replacesCard: true, view: { title: 'Revoking', buttons: [] } });
    await chat.followUp(requestId);
    await chat.runJob(jobIdOf(requestId));
    chat.clock.nowMs += 60_000;
    await chat.followUp(requestId);
    expect(chat.delivered.at(-1)?.message.view.title).toBe('Revoked 2 grants');
    expect(await chat.removals(grantee)).toHaveLength(2);
  },
);

test('a preview that changed or was replaced does not say that nothing was revoked: others may have', async () => {
  const person = chat.newPerson();
  const { grantee, requestId } = await newRequest(person, 2);
  const other = requestIdOf(await chat.preview(person, chat.revokeAll(grantee), channel({ channelId: 'C2' })));
  await chat.newGrants(await chat.newKey(), grantee, 1);
  const changed = await chat.press(person, 'confirm', requestId);
  expect(textOf(changed)).not.toContain('Nothing has been revoked. ');
  await chat.press(person, 'confirm', requestIdOf(changed));
  const replaced = textOf(await chat.press(person, 'confirm', requestId));
  expect(replaced).toContain('newer preview');
  expect(replaced).not.toContain('Nothing has been revoked');
  chat.clock.nowMs += 16 * 60_000;
  const expired = textOf(await chat.press(person, 'confirm', other, { place: channel({ channelId: 'C2' }) }));
  expect(expired).toContain('Nobody decided in time');
  expect(expired).not.toContain('Nothing has been revoked');
});

test('a rule for two people that was added since the preview stops a confirmation', async () => {
  const person = chat.newPerson();
  const { grantee, requestId } = await newRequest(person);
  chat.rules.push({ people: 2 });
  const again = await chat.press(person, 'confirm', requestId);
  expect(again.view.buttons.map(({ name }) => name)).toEqual(['ask', 'cancel']);
  expect(await chat.removals(grantee)).toEqual([]);
});

test('calls to an upstream that hangs end with the time of the press; the worker gives them their usual time', async () => {
  const person = chat.newPerson();
  const { grantee } = await chat.newHolder(1);
  const requestId = requestIdOf(await chat.preview(person, chat.revokeAll(grantee)));
  const deadlines: (number | undefined)[] = [];
  const authority = {
    revokeAny: async (...[context, grant]: Parameters<typeof chat.authority.revokeAny>) => {
      deadlines.push(context.deadlineMs);
      // As the client of an upstream does.
      if (context.deadlineMs !== undefined) throw new KmsError('APIGW.0201:504');
      return chat.authority.revokeAny(context, grant);
    },
  };
  expect((await chat.press(person, 'confirm', requestId, { authority })).view.title).toBe('Revoking');
  const { jobId = '' } = await chat.requestOf(requestId);
  await chat.runJob(jobId, authority);
  expect(deadlines).toEqual([expect.any(Number), undefined]);
  await chat.followUp(requestId);
  expect(chat.delivered.at(-1)?.message.view.title).toBe('Revoked 1 grant');
});

test('where some grants cannot be revoked, the card says that it works, and the later receipt names them', async () => {
  const person = chat.newPerson();
  const { grantee, ids, requestId } = await newRequest(person, 3);
  const authority = {
    revokeAny: async (...[context, grant]: Parameters<typeof chat.authority.revokeAny>) => {
      if (grant.grant_id === ids[1]) throw new KmsError('KMS.0306');
      return chat.authority.revokeAny(context, grant);
    },
  };
  const working = await chat.press(person, 'confirm', requestId, { authority });
  expect(working).toMatchObject({
    audience: 'channel',
    about: { part: 'card' },
    view: { title: 'Revoking', buttons: [] },
  });
  const { jobId = '' } = await chat.requestOf(requestId);
  const message = { kind: 'job', jobId, source: chat.source.name };
  expect(chat.queued).toContainEqual(expect.objectContaining({ message, delaySeconds: 2 }));
  for (const _ of numbers(1, 5)) await chat.runJob(jobId, authority);
  await chat.followUp(requestId);
  const receipt = chat.delivered.at(-1)?.message;
  if (!receipt) throw new Error('no receipt');
  expect(receipt.view).toMatchObject({ title: 'Revoked 2 grants', tone: 'bad' });
  expect(receipt.view.rows).toMatchObject([{ id: ids[1], details: ['error KMS.0306'] }]);
  expect(textOf(receipt)).toContain('Not everything could be revoked (1 error)');
  const late = textOf(await chat.press(person, 'confirm', requestId));
  expect(late).toContain('2 grants revoked.');
  expect(late).toContain('Not everything could be revoked (1 error)');
  const [failure] = (await chat.removals(grantee)).filter(({ failure }) => failure !== undefined);
  expect(failure).toMatchObject({ actor: person.principal, channel: 'bot', failure: 'KMS.0306' });
});
