import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { runRequest } from '../../lib/chat/execution.ts';
import { followUp, noteDelivered } from '../../lib/chat/follow-up.ts';
import type { Person } from '../../lib/chat/person.ts';
import { numbers } from '../contract/fixtures.ts';
import { channel, openRevokingFixture, type RevokingFixture, requestIdOf } from './revoking-fixture.ts';

let chat: RevokingFixture;
let person: Person;
beforeAll(async () => {
  chat = await openRevokingFixture();
  person = chat.newPerson();
});
afterEach(() => {
  chat.rules.length = 0;
  chat.queued.length = 0;
  chat.delivered.length = 0;
  chat.failDeliveries(undefined);
});
afterAll(() => chat.close());

async function newRequest(count = 2, place = channel()) {
  const holder = await chat.newHolder(count);
  return { ...holder, requestId: requestIdOf(await chat.preview(person, chat.revokeAll(holder.grantee), place)) };
}

/** Moves the request to `running`, as a press does, and dies before anything else happens. */
async function crashAfterConfirm(requestId: string) {
  const { identity, principal } = person;
  const decidedBy = { identity, principal, atMs: chat.clock.nowMs };
  const running = await chat.requests.move(await chat.requestOf(requestId), { state: 'running', decidedBy });
  if (!running) throw new Error('not moved');
  return running;
}

const titles = () => chat.delivered.map(({ message }) => message.view.title);

test('a request that nobody has decided in time expires, and its card shows that once', async () => {
  const { grantee, requestId } = await newRequest();
  chat.clock.nowMs += 14 * 60_000;
  expect(await chat.followUp(requestId)).toEqual({ next: 'later', delaySeconds: 60 });
  expect(titles()).toEqual([]);
  chat.clock.nowMs += 60_000;
  expect(await chat.followUp(requestId)).toEqual({ next: 'ended' });
  expect(await chat.followUp(requestId)).toEqual({ next: 'ended' });
  expect(titles()).toEqual(['Expired']);
  expect(chat.delivered[0]?.message).toMatchObject({ audience: 'asker', replacesCard: true, view: { buttons: [] } });
  expect(await chat.requestOf(requestId)).toMatchObject({ state: 'expired', isTold: true });
  expect(await chat.grantsOfPerson(grantee)).toHaveLength(2);
});

test('an approval card that nobody approved shows the channel and the requester that it has expired', async () => {
  chat.rules.push({ people: 2 });
  const { requestId } = await newRequest();
  const card = await chat.press(person, 'ask', requestId);
  await noteDelivered(chat.dependencies(), card, channel({ messageId: 'card-1' }));
  chat.clock.nowMs += 15 * 60_000;
  await chat.followUp(requestId);
  expect(chat.delivered).toMatchObject([
    { place: { messageId: 'card-1' }, message: { audience: 'channel', view: { title: 'Expired' } } },
    { place: channel(), message: { audience: 'asker', replacesCard: false, view: { title: 'Expired' } } },
  ]);
});

test('after a crash between the press and the job, the request is done once and told once', async () => {
  const { grantee, requestId } = await newRequest();
  await crashAfterConfirm(requestId);
  expect(await chat.followUp(requestId)).toMatchObject({ next: 'later' });
  const jobs = chat.queued.flatMap(({ message }) => (message.kind === 'job' ? [message.jobId] : []));
  expect(jobs).toHaveLength(1);
  await chat.runJob(jobs[0] ?? '');
  for (const _ of numbers(1, 3)) expect(await chat.followUp(requestId)).toEqual({ next: 'ended' });
  expect(titles()).toEqual(['Revoked 2 grants']);
  expect(await chat.removals(grantee)).toHaveLength(2);
});

test('after a crash between the job and the receipt, the receipt is told once', async () => {
  const { grantee, requestId } = await newRequest();
  const running = await crashAfterConfirm(requestId);
  await runRequest(chat.dependencies(), running, { isPastDeadline: () => false });
  await Promise.all(numbers(1, 5).map(() => chat.followUp(requestId)));
  expect(titles()).toEqual(['Revoked 2 grants']);
  expect(await chat.removals(grantee)).toHaveLength(2);
});

test('a receipt that the press has told is not told again; one that was not told in time is', async () => {
  const [told, untold] = [await newRequest(), await newRequest()];
  const receipt = await chat.press(person, 'confirm', told.requestId);
  await noteDelivered(chat.dependencies(), receipt);
  await chat.press(person, 'confirm', untold.requestId);
  const message = { kind: 'chat', requestId: untold.requestId };
  expect(chat.queued).toContainEqual(expect.objectContaining({ message, delaySeconds: 5 }));
  chat.clock.nowMs += 5_000;
  expect(await chat.followUp(told.requestId)).toEqual({ next: 'ended' });
  // The process that pressed may still be telling it.
  expect(await chat.followUp(untold.requestId)).toEqual({ next: 'later', delaySeconds: 5 });
  expect(titles()).toEqual([]);
  chat.clock.nowMs += 5_000;
  expect(await chat.followUp(untold.requestId)).toEqual({ next: 'ended' });
  expect(titles()).toEqual(['Revoked 2 grants']);
});

test('a job that takes longer: the press answers "working", and the follow-up delivers the receipt', async () => {
  const { grantee, requestId } = await newRequest();
  const place = channel({ messageId: 'card-2' });
  const working = await chat.press(person, 'confirm', requestId, { isPastDeadline: () => true, place });
  expect(working.view).toMatchObject({ title: 'Revoking', buttons: [] });
  await noteDelivered(chat.dependencies(), working, place);
  const { jobId = '' } = await chat.requestOf(requestId);
  const message = { kind: 'job', jobId, source: chat.source.name };
  expect(chat.queued).toContainEqual(expect.objectContaining({ message, delaySeconds: undefined }));
  expect(await chat.followUp(requestId)).toEqual({ next: 'later', delaySeconds: 5 });
  chat.clock.nowMs += 3_600_000;
  expect(await chat.followUp(requestId)).toEqual({ next: 'later', delaySeconds: 60 });
  await chat.runJob(jobId);
  expect(await chat.followUp(requestId)).toEqual({ next: 'ended' });
  expect(chat.delivered).toMatchObject([
    { place: { messageId: 'card-2' }, message: { audience: 'channel', view: { title: 'Revoked 2 grants' } } },
  ]);
  expect(await chat.removals(grantee)).toHaveLength(2);
});

test('a receipt that cannot be delivered is tried again', async () => {
  const { requestId } = await newRequest();
  await runRequest(chat.dependencies(), await crashAfterConfirm(requestId), { isPastDeadline: () => false });
  chat.failDeliveries(new Error('connection refused'));
  expect(await chat.followUp(requestId)).toEqual({ next: 'retry' });
  chat.failDeliveries(undefined);
  expect(await chat.followUp(requestId)).toEqual({ next: 'ended' });
  expect(titles()).toEqual(['Revoked 2 grants']);
});

test('a reply URL is not stored after it has expired, nor after the outcome was told', async () => {
  const urlOf = (atMs: number) => ({ replyUrl: 'https://chat.example.com/secret', replyUrlExpiresAtMs: atMs });
  const expiring = await newRequest(1, channel(urlOf(chat.clock.nowMs + 60_000)));
  expect(JSON.stringify(await chat.requestOf(expiring.requestId))).toContain('secret');
  chat.clock.nowMs += 60_000;
  await chat.followUp(expiring.requestId);
  expect(JSON.stringify(await chat.requestOf(expiring.requestId))).not.toContain('secret');

  const lasting = channel(urlOf(chat.clock.nowMs + 30 * 60_000));
  const done = await newRequest(1, lasting);
  const receipt = await chat.press(person, 'confirm', done.requestId, { place: lasting });
  expect(JSON.stringify(await chat.requestOf(done.requestId))).toContain('secret');
  await noteDelivered(chat.dependencies(), receipt, lasting);
  expect(JSON.stringify(await chat.requestOf(done.requestId))).not.toContain('secret');
});

test('while an outcome cannot be delivered, its reply URL is stored no longer than it is valid', async () => {
  const replyUrlExpiresAtMs = chat.clock.nowMs + 2 * 60_000;
  const place = channel({ replyUrl: 'https://chat.example.com/secret', replyUrlExpiresAtMs });
  const { requestId } = await newRequest(1, place);
  await runRequest(chat.dependencies(), await crashAfterConfirm(requestId), { isPastDeadline: () => false });
  chat.failDeliveries(new Error('connection refused'));
  // Not `retry`, of which there is a limited number: something must remove the URL in time.
  expect(await chat.followUp(requestId)).toEqual({ next: 'later', delaySeconds: 5 });
  expect(JSON.stringify(await chat.requestOf(requestId))).toContain('secret');
  chat.clock.nowMs = replyUrlExpiresAtMs;
  expect(await chat.followUp(requestId)).toEqual({ next: 'retry' });
  expect(JSON.stringify(await chat.requestOf(requestId))).not.toContain('secret');
});

test('a reply URL of a source that was removed is not stored any longer', async () => {
  const replyUrlExpiresAtMs = chat.clock.nowMs + 30 * 60_000;
  const place = channel({ replyUrl: 'https://chat.example.com/secret', replyUrlExpiresAtMs });
  const { requestId } = await newRequest(1, place);
  chat.clock.nowMs += 15 * 60_000;
  const options = { platforms: {}, sources: async () => new Map() };
  expect(await followUp(chat.dependencies(), requestId, options)).toEqual({ next: 'ended' });
  expect(JSON.stringify(await chat.requestOf(requestId))).not.toContain('secret');
});

test('an outcome that a group sees has no e-mail addresses; in a direct message it has', async () => {
  for (const isDirect of [false, true]) {
    const { grantee } = await chat.newHolder(1);
    const command = chat.revokeAll(grantee, { reason: 'left: ann@example.com' });
    const requestId = requestIdOf(await chat.preview(person, command, channel({ isDirect })));
    await runRequest(chat.dependencies(), await crashAfterConfirm(requestId), { isPastDeadline: () => false });
    await chat.followUp(requestId);
    const told = JSON.stringify(chat.delivered.at(-1)?.message);
    expect(told.includes('ann@example.com')).toBe(isDirect);
    expect(told).toContain('left');
  }
});

test('a follow-up of an unknown request is done', async () => {
  expect(await chat.followUp('0'.repeat(32))).toEqual({ next: 'ended' });
});
