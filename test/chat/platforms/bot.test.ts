import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import type { Incoming, ReceivedCommand } from '../../../lib/chat/platform.ts';
import { bot } from '../../../lib/chat/platforms/bot.ts';
import type { Message } from '../../../lib/chat/view.ts';
import type { KmsError } from '../../../lib/errors.ts';
import { type SignableRequest, SignatureError } from '../../../lib/signing/signed-request.ts';
import { buttonOf, HOSTILE_TEXTS, messageOf, REQUEST_ID } from '../../support/chat/views.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const NOW = 1_795_000_000_000;
const SOURCE = {
  name: 'ops',
  kind: 'bot' as const,
  secrets: [SECRET],
  projectIds: ['p1'],
  actions: ['list' as const],
  mayApprove: false,
  settings: {},
};

/** Signed by the library of Standard Webhooks. */
function requestOf(body: object | string, { id = 'msg_1', atMs = NOW, secret = SECRET } = {}): SignableRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(atMs / 1000),
    'webhook-signature': new Webhook(secret).sign(id, new Date(atMs), text),
  };
  return { method: 'POST', path: '/hooks/ops', query: '', headers, body: Buffer.from(text) };
}

const COMMAND = { command: 'list orders', actor: 'ann', channel: 'incident', request_id: 'r1', locale: 'zh-CN' };

function receive(request: SignableRequest): Incoming {
  bot.verify(request, SOURCE, NOW);
  return bot.read(request, SOURCE, NOW);
}

describe('a command', () => {
  test('tells who says what where, in which language', () => {
    expect(receive(requestOf(COMMAND))).toEqual({
      type: 'command',
      text: 'list orders',
      sender: { workspace: 'ops', userId: 'ann' },
      locale: 'zh',
      place: { channelId: 'incident', isDirect: false },
    });
  });

  test('may be called text, and needs no channel, id or language', () => {
    expect(receive(requestOf({ text: 'who <@bob>', actor: 'Zoë B', extra: 1, channel: null }))).toEqual({
      type: 'command',
      text: 'who <@bob>',
      sender: { workspace: 'ops', userId: 'Zoë B' },
      locale: 'en',
      place: { channelId: '', isDirect: false },
    });
  });

  test.each<[string, SignableRequest]>([
    ['with another secret', requestOf(COMMAND, { secret: `whsec_${Buffer.alloc(32, 8).toString('base64')}` })],
    ['5 minutes and a second old', requestOf(COMMAND, { atMs: NOW - 301_000 })],
    ['5 minutes and a second early', requestOf(COMMAND, { atMs: NOW + 301_000 })],
    ['with a changed body', { ...requestOf(COMMAND), body: Buffer.from(JSON.stringify({ ...COMMAND, actor: 'bob' })) }],
    ...['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name): [string, SignableRequest] => {
      const request = requestOf(COMMAND);
      return [`without ${name}`, { ...request, headers: { ...request.headers, [name]: undefined } }];
    }),
  ])('%s is refused', (_, request) => {
    expect(() => receive(request)).toThrow(SignatureError);
  });

  test.each<[object | string, string]>([
    ['{', 'KMS.0202'],
    ['[]', 'KMS.0202'],
    [{ actor: 'ann' }, 'KMS.0204'],
    [{ command: 'help' }, 'KMS.0204'],
    [{ ...COMMAND, text: 'help' }, 'KMS.0308'],
    [{ ...COMMAND, command: 1 }, 'KMS.0308'],
    [{ ...COMMAND, actor: '' }, 'KMS.0308'],
    [{ ...COMMAND, actor: ' ann' }, 'KMS.0308'],
    [{ ...COMMAND, actor: 'a\nb' }, 'KMS.0308'],
    [{ ...COMMAND, actor: 'a\u202eb' }, 'KMS.0308'],
    [{ ...COMMAND, actor: 'a'.repeat(129) }, 'KMS.0308'],
    [{ ...COMMAND, actor: ['ann'] }, 'KMS.0308'],
    [{ ...COMMAND, channel: 'c'.repeat(257) }, 'KMS.0308'],
    [{ ...COMMAND, request_id: 'r 1' }, 'KMS.0308'],
  ])('the signed body %j is malformed: %s', (body, code) => {
    expect(() => receive(requestOf(body))).toThrow(expect.objectContaining({ code }) as unknown as KmsError);
  });
});

describe('the id of a delivery', () => {
  const idOf = (request: SignableRequest) => bot.verify(request, SOURCE, NOW).deliveryId;

  test('is the request_id, so that a repeat that was signed again has no second effect', () => {
    expect(idOf(requestOf(COMMAND, { id: 'msg_2' }))).toBe(idOf(requestOf(COMMAND)));
    expect(idOf(requestOf({ ...COMMAND, request_id: 'r2' }))).not.toBe(idOf(requestOf(COMMAND)));
  });

  test('is the webhook-id where there is no request_id, and no such id equals a request_id', () => {
    const plain = { command: 'help', actor: 'ann' };
    expect(idOf(requestOf(plain))).toBe(idOf(requestOf(plain)));
    expect(idOf(requestOf(plain, { id: 'msg_2' }))).not.toBe(idOf(requestOf(plain)));
    expect(idOf(requestOf(plain, { id: 'r1' }))).not.toBe(idOf(requestOf(COMMAND)));
  });
});

describe('the answer', () => {
  const reply = (...messages: Message[]) =>
    bot.reply(messages, receive(requestOf({ ...COMMAND, locale: 'en' })) as ReceivedCommand, SOURCE);

  test('has text, Markdown, data, and the commands that stand for buttons', () => {
    const message = messageOf({
      title: 'Revoke 2 grants?',
      tone: 'warning',
      facts: [{ name: 'Key', value: 'orders_key' }],
      buttons: [buttonOf('confirm', 'Revoke'), buttonOf('cancel', 'Cancel')],
      data: { count: 2 },
    });
    const buttons = [
      { label: 'Revoke', command: `confirm ${REQUEST_ID}` },
      { label: 'Cancel', command: `cancel ${REQUEST_ID}` },
    ];
    const text = [
      'Revoke 2 grants?',
      'Key: orders_key',
      `Revoke: confirm ${REQUEST_ID}`,
      `Cancel: cancel ${REQUEST_ID}`,
    ].join('\n');
    const markdown = [
      '**Revoke 2 grants?**',
      '- Key: `orders_key`',
      `Revoke: \`confirm ${REQUEST_ID}\``,
      `Cancel: \`cancel ${REQUEST_ID}\``,
    ].join('\n\n');
    const answer = { text, markdown, data: { count: 2 }, buttons };
    expect(reply(message)).toEqual({
      reply: { ...answer, messages: [{ ...answer, audience: 'asker', replaces_card: false, tone: 'warning' }] },
      rest: [],
    });
  });

  test('of several messages says for each who should see it', () => {
    const card = messageOf({ title: 'Approve?', buttons: [buttonOf('approve', 'Approve')] }, { audience: 'channel' });
    expect(reply(messageOf({ title: 'Asked', data: { id: 1 } }), card)).toMatchObject({
      reply: {
        text: `Asked\n\nApprove?\nApprove: approve ${REQUEST_ID}`,
        data: { id: 1 },
        buttons: [{ label: 'Approve', command: `approve ${REQUEST_ID}` }],
        messages: [{ audience: 'asker' }, { audience: 'channel' }],
      },
    });
  });

  test.each(HOSTILE_TEXTS)('%j is one line of text, and no mark-up in the Markdown', (title) => {
    const { reply: body } = reply(messageOf({ title })) as { reply: { text: string; markdown: string } };
    expect(body.text).not.toMatch(/\n|\p{Cc}|\p{Cf}/u);
    expect(body.markdown.slice(2, -2).replaceAll(/`[^`]*`/g, '')).not.toMatch(/[`*_[\]{}<>#~@$|\\]|:\/\//);
  });

  test('with 1,000 grants stays within what a chat platform shows', () => {
    const rows = Array.from({ length: 1000 }, (_, index) => ({
      title: `g${index}`,
      details: ['x'],
      id: 'a'.repeat(64),
    }));
    const { reply: body } = reply(messageOf({ rows })) as { reply: { text: string; markdown: string } };
    for (const text of [body.text, body.markdown]) {
      expect(text.length).toBeLessThanOrEqual(16_000);
      expect(text).toMatch(/and \d{3} more$/);
    }
  });
});

test('nothing is delivered outside of an answer: a bot has no address', async () => {
  expect(await bot.deliver(messageOf(), { channelId: 'incident', isDirect: false }, SOURCE, 'en')).toBeUndefined();
});
