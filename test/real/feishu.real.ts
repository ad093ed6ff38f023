/** Feishu's encryption, signature and events, compared with Feishu's own library for Python, `lark-oapi`. */
import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { decryptFeishu, encryptFeishu, signFeishu, verifyFeishu } from '../../lib/signing/feishu.ts';
import { randomFrom } from '../signing/random.ts';
import { feishuReceiver, pressOf } from '../support/chat/feishu-receiver.ts';
import { APP } from '../support/chat/feishu-requests.ts';
import { ANN, GROUP, REQUEST_ID } from '../support/chat/feishu-source.ts';
import { askPython } from './ask-python.ts';

const NOW_MS = 1_795_329_234_000;
const { feishu, receive } = feishuReceiver(NOW_MS);

interface Request {
  headers: Record<string, string>;
  body: string;
}

interface Answer {
  status: number;
  content: string;
  seen: [openId: string, content: unknown][];
}

function askLibrary(question: { encrypted: string[]; texts: string[]; requests: Request[] }) {
  const app = { key: APP.encryptKey, token: APP.verificationToken };
  return askPython<{ decrypted: string[]; encrypted: string[]; answers: Answer[] }>('test/real/feishu.py', {
    ...app,
    ...question,
  });
}

/** Signs and encrypts with the functions of `lib/`. */
function requestOf(content: object, encryptKey: string = APP.encryptKey): Request {
  const body = JSON.stringify({ encrypt: encryptFeishu(JSON.stringify(content), encryptKey, randomBytes(16)) });
  const [timestamp, nonce] = [String(NOW_MS / 1000), randomBytes(8).toString('hex')];
  return {
    headers: {
      'X-Lark-Request-Timestamp': timestamp,
      'X-Lark-Request-Nonce': nonce,
      'X-Lark-Signature': signFeishu({ timestamp, nonce, body: Buffer.from(body) }, encryptKey),
    },
    body,
  };
}

/** As this service gets it. */
function received({ headers, body }: Request) {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { method: 'POST', path: '', query: '', headers: Object.fromEntries(lower), body: Buffer.from(body) };
}

const { below, text } = randomFrom(2_200);
const chars = [...'{}":,.aZ0 \n\u0000é密🔑'];
const texts = Array.from({ length: 500 }, () => text(chars, 1 + below(200)));
const message = requestOf(feishu.message(ANN, 'list 订单', { chatId: GROUP }));
const press = requestOf(pressOf({}));
const check = requestOf({ type: 'url_verification', token: APP.verificationToken, challenge: 'ajls384kdjx98XX' });
const bad = [
  requestOf(feishu.message(ANN, 'keys'), 'another-encrypt-key-of-the-console'),
  { ...message, body: `${message.body} ` },
  { ...message, headers: { ...message.headers, 'X-Lark-Signature': 'a'.repeat(64) } },
];

/** In one process, because the library takes seconds to load. */
const library = askLibrary({
  encrypted: texts.map((plain) => encryptFeishu(plain, APP.encryptKey, randomBytes(16))),
  texts,
  requests: [message, press, { ...check, headers: {} }, ...bad],
});
const [ofMessage, ofPress, ofCheck, ...ofBad] = library.answers;

test('500 random texts that are encrypted here are decrypted by the library, and the other way round', () => {
  expect(library.decrypted).toEqual(texts);
  expect(library.encrypted.map((value) => decryptFeishu(value, APP.encryptKey).toString())).toEqual(texts);
});

test('the library accepts what is signed here, and both read the same person and content from it', () => {
  expect(ofMessage).toMatchObject({ status: 200, seen: [[ANN, '{"text":"@_user_1 list 订单"}']] });
  expect(ofPress).toMatchObject({ status: 200, seen: [[ANN, { button: 'confirm', request: REQUEST_ID }]] });
  expect([message, press].map((request) => receive(received(request)).incoming)).toMatchObject([
    { type: 'command', text: 'list 订单', sender: { userId: ANN } },
    { type: 'press', button: 'confirm', requestId: REQUEST_ID, sender: { userId: ANN } },
  ]);
});

test('the library and this service answer the check of the URL with the same challenge', () => {
  const reply = { challenge: 'ajls384kdjx98XX' };
  expect(JSON.parse(ofCheck?.content ?? '')).toEqual(reply);
  expect(receive(received({ ...check, headers: {} })).incoming).toEqual({ type: 'handshake', reply });
});

test('both refuse another key, an altered body and another signature', () => {
  expect(ofBad).toHaveLength(bad.length);
  for (const { status, seen } of ofBad) {
    expect(status).not.toBe(200);
    expect(seen).toEqual([]);
  }
  for (const request of bad) {
    expect(() => verifyFeishu(received(request), [APP.encryptKey], NOW_MS)).toThrow('not signed and encrypted');
  }
});
