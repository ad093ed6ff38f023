/** Slack's formats, compared with Slack's own library for Python, `slack-sdk`. */
import { expect, test } from '@jest/globals';
import { render } from '../../lib/chat/platforms/slack/blocks.ts';
import { BUTTONS } from '../../lib/chat/view.ts';
import { SignatureError } from '../../lib/signing/signed-request.ts';
import { signSlack, verifySlack } from '../../lib/signing/slack.ts';
import { view } from '../chat/platforms/slack-fixture.ts';
import { randomFrom } from '../signing/random.ts';
import { askPython } from './ask-python.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const NOW = 1_795_329_234;

interface Question {
  bodies?: { body: string; timestamp: string; signature: string }[];
  cards?: object[][];
}

function askLibrary({ bodies = [], cards = [] }: Question) {
  const question = { secret: SECRET, now: NOW, bodies, cards };
  return askPython<{ signatures: string[]; valid: boolean[]; problems: (string | null)[] }>(
    'test/real/slack.py',
    question,
  );
}

/** Whether this service accepts the signature at the time NOW. */
function isValidHere(body: string, timestamp: string, signature: string): boolean {
  const headers = { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature };
  try {
    verifySlack({ headers, body: Buffer.from(body) }, [SECRET], NOW * 1000);
    return true;
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return false;
  }
}

function signedHere(body: string, timestamp: number) {
  const headers = signSlack(Buffer.from(body), SECRET, timestamp);
  return { body, timestamp: headers['x-slack-request-timestamp'], signature: headers['x-slack-signature'] };
}

test('500 random bodies that the library signs are valid here, and those signed here are valid for the library', () => {
  const { below, text } = randomFrom(2_200);
  const chars = [...'payload=%7B&+.aZ0 \n\u0000é密🔑'];
  const bodies = Array.from({ length: 500 }, () => signedHere(text(chars, below(200)), NOW - 300 + below(601)));
  const { signatures, valid } = askLibrary({ bodies });
  expect(valid).toEqual(bodies.map(() => true));
  expect(signatures).toEqual(bodies.map(({ signature }) => signature));
  for (const [index, { body, timestamp }] of bodies.entries()) {
    expect(isValidHere(body, timestamp, signatures[index] ?? '')).toBe(true);
    expect(isValidHere(`${body} `, timestamp, signatures[index] ?? '')).toBe(false);
  }
});

test('the library and this service accept the same times: five minutes before and after', () => {
  const bodies = [-86_400, -301, -300, 0, 300, 301, 86_400].map((seconds) => signedHere('text=list', NOW + seconds));
  const expected = [false, false, true, true, true, false, false];
  expect(askLibrary({ bodies }).valid).toEqual(expected);
  expect(bodies.map(({ body, timestamp, signature }) => isValidHere(body, timestamp, signature))).toEqual(expected);
});

test('cards with 1,000 grants, and with empty, long and marked-up texts, are valid for the library', () => {
  const texts = [
    'a',
    '',
    '\u0000',
    '🔑'.repeat(5_000),
    '&<>'.repeat(5_000),
    '<!channel> <@U1> `*_~',
    'x'.repeat(5_000),
  ];
  const cards = texts.map((text) => {
    const many = <T>(item: T) => Array.from({ length: 1_000 }, () => item);
    const card = view({
      title: text,
      tone: 'warning',
      sentences: many(text),
      facts: many({ name: text, value: text }),
      rows: many({ title: text, details: [text, text], id: '0'.repeat(64) }),
      moreRows: 7,
      buttons: BUTTONS.map((name) => ({ name, label: text, style: 'danger' as const, requestId: 'ab12' })),
    });
    return render(card, 'n').blocks;
  });
  // Cards that sentences and facts do not fill.
  for (const text of texts) {
    const rows = Array.from({ length: 1_000 }, () => ({ title: text, details: [text], id: '0'.repeat(64) }));
    cards.push(render(view({ rows }), 'n').blocks);
  }
  expect(askLibrary({ cards }).problems).toEqual(cards.map(() => null));
});

test('the library refuses cards beyond the limits', () => {
  const plain = (text: string) => ({ type: 'plain_text', text });
  const { problems } = askLibrary({
    cards: [
      [{ type: 'header', text: plain('a'.repeat(151)) }],
      [{ type: 'section', text: plain('a'.repeat(3_001)) }],
      [{ type: 'section', fields: Array.from({ length: 11 }, () => plain('a')) }],
      [{ type: 'header', text: plain('a'), disabled: true }],
    ],
  });
  for (const problem of problems) expect(problem).not.toBeNull();
});
