/**
 * What people see, in a fake of Feishu that enforces its limits.
 * Also tests: lib/chat/platforms.ts, lib/chat/platforms/feishu/.
 */
import { expect, test } from '@jest/globals';
import type { Place, ReceivedCommand, ReceivedPress } from '../../../../lib/chat/platform.ts';
import type { FeishuSettings } from '../../../../lib/chat/platforms/feishu/settings.ts';
import { feishuPlatform } from '../../../../lib/chat/platforms/feishu.ts';
import { PLATFORMS } from '../../../../lib/chat/platforms.ts';
import type { Message } from '../../../../lib/chat/view.ts';
import { NetworkError } from '../../../../lib/clients/network-error.ts';
import { fakeFeishu } from '../../../support/chat/fake-feishu.ts';
import { APP } from '../../../support/chat/feishu-requests.ts';
import { ANN, BOB, feishuSource, GROUP, messageOf, previewOf, viewOf } from '../../../support/chat/feishu-source.ts';

const MINUTE_MS = 60_000;
const DIRECT = 'oc_direct_ann';

const preview = messageOf(previewOf());
const list = messageOf(viewOf());
const working = messageOf(viewOf({ title: 'Revoking …' }), { audience: 'channel', replacesCard: true });
const receipt = messageOf(viewOf({ title: 'Revoked 1 grant', tone: 'good' }), {
  audience: 'channel',
  replacesCard: true,
});
const approval = messageOf(
  previewOf({ buttons: [{ name: 'approve', label: 'Approve', style: 'primary', requestId: 'r1' }] }),
  { audience: 'channel' },
);
const asked = messageOf(viewOf({ title: 'Asked' }), { replacesCard: true });
const refusal = messageOf(viewOf({ title: 'Refused.', sentences: ['Ask an administrator.'], tone: 'bad' }));

function setUp(settings: Partial<FeishuSettings> = {}, origin?: string) {
  const clock = { nowMs: 1_795_329_234_567 };
  const now = () => clock.nowMs;
  const groups = { [GROUP]: [ANN, BOB] };
  const feishu = fakeFeishu({ now, groups, ...(origin !== undefined && { origin }) });
  const platform = feishuPlatform({ send: feishu.send, now });
  const source = feishuSource(settings);
  const read = (event: object) => platform.read(feishu.requestOf(event), source, now());
  const deliver = (message: Message, place: Place) => platform.deliver(message, place, source);
  return {
    feishu,
    clock,
    deliver,
    ask: (chatId?: string) =>
      (read(feishu.message(ANN, 'revoke orders 01', chatId === undefined ? {} : { chatId })) as ReceivedCommand).place,
    command: (chatId: string) => read(feishu.message(ANN, 'list orders', { chatId })) as ReceivedCommand,
    reply: platform.reply,
    /** Presses a button, and shows and delivers the messages that answer it. @returns the toast and the places */
    async press(openId: string, messageId: string, label: string, messages: readonly Message[]) {
      const press = read(feishu.press(openId, messageId, label)) as ReceivedPress;
      const { reply, rest } = platform.reply(messages, press);
      const places = await Promise.all(rest.map((message) => deliver(message, press.place)));
      return { press, toast: feishu.showAnswer(messageId, reply), places };
    },
    lastCard: (openId: string) => feishu.cardsOf(openId).at(-1)?.messageId ?? '',
    sent: () => feishu.calls.map(({ method, path }) => `${method} ${path.replace('/open-apis', '')}`),
  };
}

const TOKEN = 'POST /auth/v3/tenant_access_token/internal';

test('Feishu shows nothing of the reply to a command, so every message is delivered', () => {
  const { reply, command } = setUp();
  expect(reply([list, approval], command(GROUP))).toEqual({ reply: {}, rest: [list, approval] });
});

test('the answer to a command in a direct chat replies to it there', async () => {
  const { ask, deliver, feishu, sent } = setUp();
  const place = ask();
  const shownAt = await deliver(list, place);
  expect(feishu.seenBy(ANN)).toEqual([`${DIRECT}: (blue) Grants of orders`]);
  expect(feishu.seenBy(BOB)).toEqual([]);
  expect(sent()).toEqual([TOKEN, `POST /im/v1/messages/${place.extra?.['about']}/reply`]);
  expect(shownAt).toEqual({ ...place, messageId: feishu.cardsOf(ANN)[0]?.messageId });
});

test('in a group, a list goes to the direct chat of the asker, and the receipt to the group', async () => {
  const { ask, deliver, feishu } = setUp();
  const place = ask(GROUP);
  await deliver(list, place);
  await deliver(receipt, place);
  expect(feishu.seenBy(ANN)).toEqual([`${DIRECT}: (blue) Grants of orders`, `${GROUP}: (green) Revoked 1 grant`]);
  expect(feishu.seenBy(BOB)).toEqual([`${GROUP}: (green) Revoked 1 grant`]);
});

test('a press in a direct chat replaces the card there by the receipt, without a call', async () => {
  const { ask, deliver, feishu, press, lastCard, sent } = setUp();
  await deliver(preview, ask());
  const before = sent().length;
  const { toast, places } = await press(ANN, lastCard(ANN), 'Revoke', [receipt]);
  expect(toast).toEqual({ type: 'success', content: 'Revoked 1 grant' });
  expect(feishu.seenBy(ANN)).toEqual([`${DIRECT}: (green) Revoked 1 grant`]);
  expect([places, sent().length]).toEqual([[], before]);
});

test("a press on the asker's card for a group replaces it, and shows the receipt in the group", async () => {
  const { ask, deliver, feishu, press, lastCard } = setUp();
  await deliver(preview, ask(GROUP));
  const card = lastCard(ANN);
  const { places } = await press(ANN, card, 'Revoke', [receipt]);
  expect(feishu.seenBy(ANN)).toEqual([`${DIRECT}: (green) Revoked 1 grant`, `${GROUP}: (green) Revoked 1 grant`]);
  expect(feishu.seenBy(BOB)).toEqual([`${GROUP}: (green) Revoked 1 grant`]);
  expect(places).toMatchObject([{ channelId: GROUP, messageId: lastCard(BOB), extra: { askerCard: card } }]);
});

test('"working" becomes the receipt later, on the card of the asker and on that of the group', async () => {
  const { ask, deliver, feishu, press, lastCard } = setUp();
  await deliver(preview, ask(GROUP));
  const { places } = await press(ANN, lastCard(ANN), 'Revoke', [working]);
  const [place] = places;
  expect(place && (await deliver(receipt, place))).toEqual(place);
  expect(feishu.seenBy(ANN)).toEqual([`${DIRECT}: (green) Revoked 1 grant`, `${GROUP}: (green) Revoked 1 grant`]);
});

test('the card for approval takes the place of the preview of the asker, without buttons, and is in the group', async () => {
  const { ask, deliver, feishu, press, lastCard } = setUp();
  await deliver(preview, ask(GROUP));
  const replacing = { ...approval, replacesCard: true };
  const { places } = await press(ANN, lastCard(ANN), 'Revoke', [replacing]);
  const inGroup = `${GROUP}: (orange) Revoke 1 grant?\n[Approve]`;
  const ofAsker = `${DIRECT}: (orange) Revoke 1 grant?`;
  expect(feishu.seenBy(ANN)).toEqual([ofAsker, inGroup]);
  expect(feishu.seenBy(BOB)).toEqual([inGroup]);
  await deliver(replacing, places[0] as Place);
  expect(feishu.seenBy(ANN)).toEqual([ofAsker, inGroup]);
});

test('two people, one request: the card for approval is in the group, and one receipt takes its place', async () => {
  const { ask, deliver, feishu, press, lastCard } = setUp();
  await deliver(preview, ask(GROUP));
  const { toast } = await press(ANN, lastCard(ANN), 'Revoke', [asked, approval]);
  expect(toast).toEqual({ type: 'info', content: 'Asked' });
  expect(feishu.seenBy(BOB)).toEqual([`${GROUP}: (orange) Revoke 1 grant?\n[Approve]`]);
  const { press: approved } = await press(BOB, lastCard(BOB), 'Approve', [receipt]);
  expect(approved).toMatchObject({ sender: { userId: BOB }, place: { channelId: GROUP, messageId: lastCard(BOB) } });
  expect(feishu.seenBy(BOB)).toEqual([`${GROUP}: (green) Revoked 1 grant`]);
  expect(feishu.seenBy(ANN)).toEqual([`${DIRECT}: (blue) Asked`, `${GROUP}: (green) Revoked 1 grant`]);
});

test('a refusal of a press is a toast that only the presser sees, and the card stays', async () => {
  const { ask, deliver, feishu, press, lastCard } = setUp();
  await deliver(approval, ask(GROUP));
  const before = feishu.seenBy(ANN);
  const { toast, places } = await press(BOB, lastCard(BOB), 'Approve', [refusal]);
  expect(toast).toEqual({ type: 'error', content: 'Refused. Ask an administrator.' });
  expect([places, feishu.seenBy(ANN)]).toEqual([[], before]);
});

test('what is for the presser alone does not replace the card of the group', async () => {
  const { ask, deliver, feishu, press, lastCard } = setUp();
  await deliver(approval, ask(GROUP));
  const details = messageOf(viewOf({ rows: [{ title: 'secret', details: [] }] }), { replacesCard: true });
  const { toast } = await press(BOB, lastCard(BOB), 'Approve', [details]);
  expect(toast).toEqual({ type: 'info', content: 'Grants of orders' });
  expect(feishu.seenBy(BOB)).toEqual([
    `${GROUP}: (orange) Revoke 1 grant?\n[Approve]`,
    'oc_direct_bob: (blue) Grants of orders\nsecret',
  ]);
  expect(feishu.seenBy(ANN).join()).not.toContain('secret');
});

test('a new preview takes the place of the old one on the card of the asker', async () => {
  const { ask, deliver, feishu } = setUp();
  const place = await deliver(preview, ask(GROUP));
  await deliver({ ...preview, view: previewOf({ title: 'Revoke 2 grants?' }), replacesCard: true }, place as Place);
  expect(feishu.seenBy(ANN)).toEqual([`${DIRECT}: (orange) Revoke 2 grants?\n[Revoke]`]);
});

test('a delivery that is repeated is shown once, and another answer to the same message is shown too', async () => {
  const { ask, deliver, feishu } = setUp();
  const place = ask(GROUP);
  await deliver(receipt, place);
  await deliver(receipt, place);
  expect(feishu.seenBy(BOB)).toHaveLength(1);
  await deliver(approval, place);
  await deliver(receipt, ask(GROUP));
  expect(feishu.seenBy(BOB)).toHaveLength(3);
});

test.each([
  ['recalled', ({ feishu }: ReturnType<typeof setUp>, id: string) => feishu.recall(id)],
  ['older than 14 days', ({ clock }: ReturnType<typeof setUp>) => (clock.nowMs += 15 * 24 * 60 * MINUTE_MS)],
])('when the card was %s, the receipt is a new message', async (_, change) => {
  const all = setUp();
  const place = (await all.deliver(approval, all.ask(GROUP))) as Place;
  change(all, place.messageId ?? '');
  const shownAt = await all.deliver(receipt, place);
  expect(shownAt?.messageId).not.toBe(place.messageId);
  expect(all.feishu.seenBy(BOB).at(-1)).toBe(`${GROUP}: (green) Revoked 1 grant`);
});

test('where the bot may not write, there is no way to deliver', async () => {
  const { deliver } = setUp();
  const place = { channelId: 'oc_left', isDirect: false, extra: { userId: ANN, about: 'event-1' } };
  expect(await deliver(receipt, place)).toBeUndefined();
});

test.each([
  ['a 503 without JSON', () => ({ status: 503, text: 'unavailable' })],
  ['a 500 with a code', () => ({ status: 500, text: '{"code":2200,"msg":"x"}' })],
  ['a 429', () => ({ status: 429, text: '{"code":99991400,"msg":"request trigger frequency limit"}' })],
  ['a 400 for too many requests', () => ({ status: 400, text: '{"code":99991400,"msg":"x"}' })],
  ['a 200 with an internal error', () => ({ status: 200, text: '{"code":2200,"msg":"x"}' })],
  ['a 200 without a code', () => ({ status: 200, text: '{}' })],
])('%s may succeed later: the delivery fails', async (_, fault) => {
  const { ask, deliver, feishu } = setUp();
  feishu.faults.answer = ({ path }) => (path.includes('/im/') ? fault() : undefined);
  await expect(deliver(receipt, ask(GROUP))).rejects.toThrow('failed');
});

test('a connection that fails is reported as such, and the uuid makes the repeat safe', async () => {
  const { ask, deliver, feishu } = setUp();
  const place = ask(GROUP);
  await deliver(receipt, place);
  feishu.faults.answer = () => {
    throw new NetworkError('lost', new Error('ECONNRESET'));
  };
  await expect(deliver(receipt, place)).rejects.toThrow(NetworkError);
  delete feishu.faults.answer;
  await deliver(receipt, place);
  expect(feishu.seenBy(BOB)).toHaveLength(1);
});

test('more than 5 messages in a second are refused by Feishu, and the delivery may succeed later', async () => {
  const { ask, deliver, clock } = setUp();
  for (let count = 0; count < 5; count += 1) await deliver(receipt, ask(GROUP));
  await expect(deliver(receipt, ask(GROUP))).rejects.toThrow('code 230020');
  clock.nowMs += 1_000;
  expect(await deliver(receipt, ask(GROUP))).toBeDefined();
});

test('one token serves until less than 30 minutes are left, and concurrent deliveries ask for one', async () => {
  const { ask, deliver, clock, sent } = setUp();
  const tokens = () => sent().filter((call) => call === TOKEN).length;
  await Promise.all([receipt, approval, list, working].map((message) => deliver(message, ask(GROUP))));
  expect(tokens()).toBe(1);
  clock.nowMs += 90 * MINUTE_MS;
  await deliver(receipt, ask(GROUP));
  expect(tokens()).toBe(1);
  clock.nowMs += 1;
  await deliver(receipt, ask(GROUP));
  expect(tokens()).toBe(2);
});

test('while no new token can be had, the old one serves until it expires', async () => {
  const { ask, deliver, clock, feishu } = setUp();
  await deliver(receipt, ask(GROUP));
  feishu.faults.answer = ({ path }) => (path.includes('/auth/') ? { status: 503, text: '' } : undefined);
  clock.nowMs += 100 * MINUTE_MS;
  expect(await deliver(receipt, ask(GROUP))).toBeDefined();
  clock.nowMs += 20 * MINUTE_MS;
  await expect(deliver(receipt, ask(GROUP))).rejects.toThrow('status 503');
});

test('after the console has made the token invalid, a new one is used', async () => {
  const { ask, deliver, feishu, sent } = setUp();
  await deliver(receipt, ask(GROUP));
  feishu.revokeToken();
  expect(await deliver(receipt, ask(GROUP))).toBeDefined();
  expect(sent().filter((call) => call === TOKEN)).toHaveLength(2);
});

test('a wrong App Secret is reported without the secret, and nothing is shown', async () => {
  const { ask, deliver, feishu } = setUp({ app_secret: 'another-app-secret' });
  const error = await deliver(receipt, ask(GROUP)).catch((thrown: Error) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).toBe('/open-apis/auth/v3/tenant_access_token/internal failed: code 10014');
  expect(feishu.seenBy(ANN)).toEqual([]);
});

test('the setting host decides which cloud is called', async () => {
  const { ask, deliver, feishu } = setUp({ host: 'lark' }, 'https://open.larksuite.com');
  await deliver(receipt, ask(GROUP));
  expect(feishu.seenBy(BOB)).toHaveLength(1);
  const wrong = setUp({ host: 'lark' });
  await expect(wrong.deliver(receipt, wrong.ask(GROUP))).rejects.toThrow('a request to https://open.larksuite.com');
});

test('the source kind feishu has this platform', () => {
  expect(PLATFORMS.feishu?.references).toEqual(['app_secret']);
  expect(PLATFORMS.feishu?.secretProblem(APP.encryptKey)).toBeUndefined();
});
