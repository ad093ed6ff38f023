/** Also tests: lib/chat/platform.ts, lib/chat/view.ts. */
import { describe, expect, test } from '@jest/globals';
import type { Command } from '../../lib/chat/command.ts';
import { parseCommand } from '../../lib/chat/grammar.ts';

const GRANT = '019a8c3e5f00'.padEnd(64, '7');
const REQUEST = '0123456789abcdef'.repeat(2);

test.each<[string, Command]>([
  ['', { name: 'help' }],
  [' \u00a0\t\u3000 ', { name: 'help' }],
  ['help', { name: 'help' }],
  ['help revoke', { name: 'help', about: 'revoke' }],
  ['whoami', { name: 'whoami' }],
  ['keys', { name: 'keys' }],
  ['list orders', { name: 'list', key: 'orders' }],
  ['list key/with:every-sign_1', { name: 'list', key: 'key/with:every-sign_1' }],
  ['who <@U012ABCDEF>', { name: 'who', person: { mention: 'U012ABCDEF' } }],
  ['who c0000000000000000000000000000002', { name: 'who', person: { text: 'c0000000000000000000000000000002' } }],
  ['who ann@example.com', { name: 'who', person: { text: 'ann@example.com' } }],
  [`show ${GRANT}`, { name: 'show', grant: GRANT }],
  ['show 019A8C3E…', { name: 'show', grant: '019a8c3e' }],
  ['show 019a8c3e...', { name: 'show', grant: '019a8c3e' }],
  [`revoke orders ${GRANT}`, { name: 'revoke', key: 'orders', grant: GRANT }],
  ['revoke orders 019a reason left the team', command('revoke', 'left the team')],
  ['revoke orders 019a Reason: “left the team”', command('revoke', 'left the team')],
  ['revoke orders 019a reason "a" and "b"', command('revoke', '"a" and "b"')],
  ['revoke orders 019a reason reason', command('revoke', 'reason')],
  ['revoke-all <@U1>', { name: 'revoke-all', person: { mention: 'U1' } }],
  ['revoke-all <@U1> on orders', { name: 'revoke-all', person: { mention: 'U1' }, key: 'orders' }],
  [
    'revoke-all bob on orders reason on leave',
    { name: 'revoke-all', person: { text: 'bob' }, key: 'orders', reason: 'on leave' },
  ],
  [
    'revoke-all bob REASON laptop stolen on monday',
    { name: 'revoke-all', person: { text: 'bob' }, reason: 'laptop stolen on monday' },
  ],
  ['revoke-all on on on', { name: 'revoke-all', person: { text: 'on' }, key: 'on' }],
  ['events orders', { name: 'events', about: 'orders' }],
  ['events <@U1>', { name: 'events', about: { mention: 'U1' } }],
  [`job ${REQUEST}`, { name: 'job', jobId: REQUEST }],
  [`confirm ${REQUEST}`, { name: 'confirm', requestId: REQUEST }],
  [`ask ${REQUEST.toUpperCase()}`, { name: 'ask', requestId: REQUEST }],
  [`approve ${REQUEST}`, { name: 'approve', requestId: REQUEST }],
  [`cancel ${REQUEST}`, { name: 'cancel', requestId: REQUEST }],
])('%j is the command %j', (text, expected) => {
  expect(parseCommand(text)).toEqual(expected);
});

function command(name: 'revoke', reason: string): Command {
  return { name, key: 'orders', grant: '019a', reason };
}

describe('how people and phones type', () => {
  test.each([
    'LIST orders',
    'List\u00a0orders',
    '  list \t  orders  ',
    'list\u3000orders',
    'list\norders',
    'list "orders"',
    'list “orders”',
    'list „orders“',
    'list «orders»',
    'list 「orders」',
    'list ＂orders＂',
    'list `orders`',
    'list " orders "',
    'ｌｉｓｔ ｏｒｄｅｒｓ',
    'list \u200borders\u200e',
  ])('%j lists the grants of the key orders', (text) => {
    expect(parseCommand(text)).toEqual({ name: 'list', key: 'orders' });
  });

  test('a quoted argument may contain spaces', () => {
    expect(parseCommand('who "Ann Lee"')).toEqual({ name: 'who', person: { text: 'Ann Lee' } });
  });

  test('full-width digits name a grant, and stay as they are in a reason', () => {
    expect(parseCommand('revoke orders ０１９ａ reason 工单１２')).toEqual(command('revoke', '工单１２'));
  });

  test.each(['revoke‑all bob', 'revoke–all bob', 'revoke—all bob', 'revoke－all bob'])(
    '%j has another hyphen and means revoke-all',
    (text) => {
      expect(parseCommand(text)).toEqual({ name: 'revoke-all', person: { text: 'bob' } });
    },
  );
});

test('a reason is kept as one printable line of at most 255 characters', () => {
  const parsed = parseCommand(`revoke orders 019a reason a\n\u202eb ${'x'.repeat(300)}`);
  expect(parsed).toEqual(command('revoke', `a b ${'x'.repeat(251)}`));
});

describe('a text that is no command', () => {
  test.each([
    ['lsit orders', 'list <key>'],
    ['lst', 'list <key>'],
    ['rev orders 019a', 'revoke <key> <grant> [reason <text>]'],
    ['revokeall bob', 'revoke-all <person> [on <key>] [reason <text>]'],
    ['revoke all <@U1>', 'revoke-all <person> [on <key>] [reason <text>]'],
    ['Revoke ALL bob', 'revoke-all <person> [on <key>] [reason <text>]'],
    ['revoke <@U1>', 'revoke-all <person> [on <key>] [reason <text>]'],
    ['delete everything', undefined],
    ['constructor', undefined],
    ['"list" orders', undefined],
    ['🔑', undefined],
  ])('%j is an unknown command; the nearest one is %j', (text, usage) => {
    expect(parseCommand(text)).toEqual({ name: 'not-understood', problem: 'unknown-command', usage });
  });

  test.each([
    ['list', 'missing-argument'],
    ['list ""', 'missing-argument'],
    ['who', 'missing-argument'],
    ['show', 'missing-argument'],
    ['events', 'missing-argument'],
    ['job', 'missing-argument'],
    ['confirm', 'missing-argument'],
    ['revoke', 'missing-argument'],
    ['revoke orders', 'missing-argument'],
    ['revoke orders 019a reason', 'missing-argument'],
    ['revoke-all', 'missing-argument'],
    ['revoke-all bob on', 'missing-argument'],
    ['whoami now', 'too-many-arguments'],
    ['list orders invoices', 'too-many-arguments'],
    ['who Ann Lee', 'too-many-arguments'],
    ['revoke orders 019a left the team', 'too-many-arguments'],
    ['revoke-all bob orders', 'too-many-arguments'],
    ['revoke-all bob on orders invoices', 'too-many-arguments'],
    ['list "orders', 'malformed-argument'],
    ['list "orders"invoices', 'malformed-argument'],
    ['list <@U1>', 'malformed-argument'],
    ['show 019', 'malformed-argument'],
    ['show grant-1', 'malformed-argument'],
    [`show ${'0'.repeat(65)}`, 'malformed-argument'],
    ['revoke orders <@U1>', 'malformed-argument'],
    ['revoke 019a orders', 'malformed-argument'],
    ['job 12', 'malformed-argument'],
    ['approve it', 'malformed-argument'],
  ])('%j: %s, and the usage of the command', (text, problem) => {
    const parsed = parseCommand(text);
    const [name = ''] = text.split(' ');
    expect(parsed).toEqual({
      name: 'not-understood',
      problem,
      usage: expect.stringMatching(new RegExp(`^${name}( |$)`)),
    });
  });

  test('a text over 3,000 characters is refused', () => {
    const command = 'revoke orders 019a reason ';
    expect(parseCommand(command + '🔑'.repeat(3000 - command.length))).toMatchObject({ name: 'revoke' });
    expect(parseCommand(command + '🔑'.repeat(3001 - command.length))).toEqual({
      name: 'not-understood',
      problem: 'too-long',
    });
  });
});
