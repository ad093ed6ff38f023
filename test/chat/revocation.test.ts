/**
 * The preview of `revoke` and `revoke-all`.
 * Also tests: lib/chat/request-views.ts, lib/chat/source.ts, lib/chat/target.ts, lib/chat/view.ts.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { CREATOR, DOMAIN, PROJECT, requestContext } from '../authority/standalone/fixture.ts';
import { channel, openRevokingFixture, type RevokingFixture, requestIdOf, textOf } from './revoking-fixture.ts';

let chat: RevokingFixture;
beforeAll(async () => {
  chat = await openRevokingFixture();
});
beforeEach(() => {
  chat.rules.length = 0;
  chat.queued.length = 0;
});
afterAll(() => chat.close());

const FULL = ['KMS CMKFullAccess'];

test('a preview shows what would go, revokes nothing, and stores a request that expires after 15 minutes', async () => {
  const person = chat.newPerson();
  const { grantee, keyId, ids } = await chat.newHolder(2);
  // The grantee has passed on a grant, which would stay.
  const delegating = { grantee, granteeType: 'user', operations: ['create-grant', 'decrypt-data'] } as const;
  await chat.authority.createGrant(requestContext('create-grant'), { keyId, ...delegating });
  await chat.authority.createGrant(requestContext('create-grant', { userId: grantee }), {
    ...delegating,
    keyId,
    grantee: 'f00d',
    operations: ['decrypt-data'],
  });
  const message = await chat.preview(person, chat.revokeAll(grantee, { reason: 'laptop stolen' }));
  expect(message).toMatchObject({ audience: 'asker', replacesCard: false });
  expect(message.view.title).toBe('Revoke 3 grants?');
  const alias = (await chat.key(keyId)).alias;
  for (const part of [
    'Nothing has been revoked yet.',
    `Keys: ${alias}`,
    'Operations: create-grant, decrypt-data, describe-key',
    'Passed on: 1 grant issued to others, which stays',
    'Reason: laptop stolen',
    `issued by ${CREATOR}, 2026-11-22 06:00:00 UTC`,
    'Expires: 2026-11-22 06:15:00 UTC',
  ]) {
    expect(textOf(message)).toContain(part);
  }
  expect(message.view.rows.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
  expect(message.view.data).toMatchObject({
    total: 3,
    passed_on: 1,
    keys: [{ key_id: keyId, total: 3 }],
    reason: 'laptop stolen',
    people: 1,
  });
  expect(message.view.buttons.map(({ name }) => name)).toEqual(['confirm', 'cancel']);
  expect(await chat.grantsOfPerson(grantee)).toHaveLength(3);
  const request = await chat.requestOf(requestIdOf(message));
  expect(request).toMatchObject({
    state: 'previewed',
    grantCount: 3,
    people: 1,
    requester: { principal: person.principal },
  });
  expect(chat.queued).toMatchObject([{ message: { kind: 'chat', requestId: request.requestId }, delaySeconds: 900 }]);
});

test('a preview shows 10 grants, and counts the rest', async () => {
  const { grantee } = await chat.newHolder(13);
  const { view } = await chat.preview(chat.newPerson(), chat.revokeAll(grantee));
  expect(view.rows).toHaveLength(10);
  expect(view.moreRows).toBe(3);
});

test('a preview of one grant concerns that grant only', async () => {
  const { grantee, keyId, ids } = await chat.newHolder(3);
  const message = await chat.preview(chat.newPerson(), { name: 'revoke', key: keyId, grant: ids[1] ?? '' });
  expect(message.view.rows.map(({ id }) => id)).toEqual([ids[1]]);
  expect((await chat.requestOf(requestIdOf(message))).target).toMatchObject({ grantId: ids[1], grantees: [grantee] });
});

test('a preview of revoke-all names the user with the beginning of the id, because names are not unique', async () => {
  const { grantee } = await chat.newHolder(1);
  const [{ directory }, domain] = [chat.store, { domainId: DOMAIN, name: 'acme' }];
  await directory.addProject({ projectId: PROJECT, domainId: DOMAIN, name: 'shop' }, domain);
  await directory.addUser({ userId: grantee, domainId: DOMAIN, name: 'ann', passwordHash: '', enabled: true });
  const message = await chat.preview(chat.newPerson(), chat.revokeAll(grantee));
  expect(textOf(message)).toContain(`Person: ann (${grantee.slice(0, 8)})`);
});

test('for a grant that was revoked already, the answer says who did it; for one on another key, what to type', async () => {
  const person = chat.newPerson();
  const { keyId, ids } = await chat.newHolder(1);
  const command = { name: 'revoke', key: keyId, grant: ids[0] ?? '' } as const;
  const lookups = { findGrant: async () => ({ result: 'absent' as const }) };
  const elsewhere = await chat.preview(person, command, channel(), chat.source, 'en', lookups);
  expect(elsewhere.view).toMatchObject({ title: 'There is no such grant', tone: 'bad' });
  expect(textOf(elsewhere)).toContain('list <key>');
  await chat.press(person, 'confirm', requestIdOf(await chat.preview(person, command)));
  const gone = await chat.preview(person, command);
  expect(gone).toMatchObject({ audience: 'asker', view: { title: 'This grant does not exist (any more)' } });
  expect(textOf(gone)).toMatch(new RegExp(`revoke-grant.*By: ${person.principal}`, 's'));
});

test('the key limits what revoke-all concerns', async () => {
  const { grantee, keyId } = await chat.newHolder(2);
  await chat.newGrants(await chat.newKey(), grantee, 3);
  const { view } = await chat.preview(chat.newPerson(), chat.revokeAll(grantee, { key: keyId }));
  expect(view.data).toMatchObject({ total: 2 });
});

test('the creator of a key may revoke its grants with kms:grant:revoke, another holder of that right may not', async () => {
  const [creator, other] = [chat.newPerson(FULL), chat.newPerson(FULL)];
  const keyId = await chat.newKey('of-the-creator', creator.principal);
  const [grant = ''] = await chat.newGrants(keyId, 'f00d1', 1, creator.principal);
  const command = { name: 'revoke', key: keyId, grant } as const;
  expect((await chat.preview(creator, command)).view.buttons).not.toEqual([]);
  const refused = await chat.preview(other, command);
  expect(refused.view.buttons).toEqual([]);
  expect(textOf(refused)).toContain('kms:grant:revoke-any');
});

test.each([
  ['a reader', ['KMS CMKReadOnlyAccess'], 'revoke'],
  ['a reader', ['KMS CMKReadOnlyAccess'], 'revoke-all'],
  ['a holder of kms:grant:revoke', FULL, 'revoke-all'],
])('%s is told who may, and no request is stored', async (_, roles, name) => {
  const { grantee, keyId, ids } = await chat.newHolder(1);
  const grant = ids[0] ?? '';
  const command = name === 'revoke' ? ({ name, key: keyId, grant } as const) : chat.revokeAll(grantee);
  const message = await chat.preview(chat.newPerson(roles), command);
  expect(message).toMatchObject({ audience: 'asker', view: { buttons: [], tone: 'bad' } });
  expect(textOf(message)).toMatch(/may not revoke.*Ask an administrator/s);
  expect(chat.queued).toEqual([]);
});

test('a person without grants, a key and a grant that do not exist, and an ambiguous grant have no buttons', async () => {
  const person = chat.newPerson();
  const keyId = await chat.newKey();
  const messages = [
    await chat.preview(person, chat.revokeAll('nobody')),
    await chat.preview(person, { name: 'revoke', key: 'no-such-key', grant: 'ff' }),
    await chat.preview(person, { name: 'revoke', key: keyId, grant: 'ff' }),
    await chat.preview(person, { name: 'revoke', key: keyId, grant: 'ab' }),
  ];
  expect(messages.map(({ view }) => view.buttons)).toEqual([[], [], [], []]);
  expect(messages.map(textOf)).toEqual([
    expect.stringContaining('holds no grants'),
    expect.stringContaining('no such key'),
    expect.stringContaining('no such grant'),
    expect.stringContaining('ab01\nab02'),
  ]);
  expect(chat.queued).toEqual([]);
});

test('what could not be read is counted, because it may hide further grants', async () => {
  const { grantee } = await chat.newHolder(1);
  const message = await chat.preview(chat.newPerson(), chat.revokeAll(grantee));
  expect(textOf(message)).not.toContain('could be read');
  chat.hideKeys(2);
  const hidden = await chat.preview(chat.newPerson(), chat.revokeAll(grantee));
  chat.hideKeys(0);
  expect(textOf(hidden)).toContain('Not everything could be read (2 errors)');
  expect(hidden.view.data['failed']).toHaveLength(2);
});

test('what cannot be read may hold any number of grants, so it takes as many people as the most grants would', async () => {
  chat.rules.push({ people: 2, grantsAbove: 50 });
  const { grantee } = await chat.newHolder(1);
  const person = chat.newPerson();
  const buttonsNow = async () =>
    (await chat.preview(person, chat.revokeAll(grantee))).view.buttons.map(({ name }) => name);
  expect(await buttonsNow()).toEqual(['confirm', 'cancel']);
  chat.hideKeys(1);
  const first = await chat.preview(person, chat.revokeAll(grantee));
  const again = await chat.preview(person, chat.revokeAll(grantee));
  chat.hideKeys(0);
  expect(first.view.buttons.map(({ name }) => name)).toEqual(['ask', 'cancel']);
  expect(requestIdOf(again)).toBe(requestIdOf(first));
  chat.rules.length = 0;
});

test('a preview that finds nothing says so only if everything could be read, and how people are named', async () => {
  const nobody = chat.revokeAll('ann');
  const nothing = textOf(await chat.preview(chat.newPerson(), nobody));
  expect(nothing).toContain('holds no grants here');
  expect(nothing).toMatch(/No user has this id.*holds no grants here.*A person is named by/s);
  chat.hideKeys(1);
  const unread = await chat.preview(chat.newPerson(), nobody);
  chat.hideKeys(0);
  expect(unread.view.title).toBe('Not done');
  expect(textOf(unread)).toContain('Not everything could be read (1 error)');
  expect(textOf(unread)).not.toContain('holds no grants');
});

test('the same preview again shows the same request; another reason or place makes a new one', async () => {
  const person = chat.newPerson();
  const { grantee } = await chat.newHolder(1);
  const first = requestIdOf(await chat.preview(person, chat.revokeAll(grantee)));
  expect(requestIdOf(await chat.preview(person, chat.revokeAll(grantee)))).toBe(first);
  const elsewhere = requestIdOf(await chat.preview(person, chat.revokeAll(grantee), channel({ channelId: 'C2' })));
  const other = requestIdOf(await chat.preview(person, chat.revokeAll(grantee, { reason: 'left' })));
  expect(new Set([first, elsewhere, other]).size).toBe(3);
  const states = await Promise.all([first, elsewhere, other].map(chat.requestOf));
  expect(states.map(({ state }) => state)).toEqual(['expired', 'previewed', 'previewed']);
  const pressed = await chat.press(person, 'confirm', first);
  expect(textOf(pressed)).toContain('newer preview');
  expect(await chat.grantsOfPerson(grantee)).toHaveLength(1);
});

test.each([
  ['approving is switched off', channel(), false],
  ['nobody else is in the conversation', channel({ isDirect: true }), true],
])(
  'where a second person is needed and %s, the preview says so at once and stores no request',
  async (_, place, may) => {
    chat.rules.push({ people: 2 });
    const { grantee } = await chat.newHolder(1);
    const source = { ...chat.source, mayApprove: may };
    const message = await chat.preview(chat.newPerson(), chat.revokeAll(grantee), place, source);
    expect(message.view.buttons).toEqual([]);
    expect(textOf(message)).toMatch(/nobody can approve it here.*may_approve/s);
    expect(message.view.data).not.toHaveProperty('request_id');
    expect(chat.queued).toEqual([]);
  },
);

test('a preview in Chinese says the same', async () => {
  const { grantee } = await chat.newHolder(2);
  const message = await chat.preview(chat.newPerson(), chat.revokeAll(grantee), channel(), chat.source, 'zh');
  expect(message.view.title).toBe('要撤销 2 个授权吗？');
  expect(message.view.buttons.map(({ label }) => label)).toEqual(['撤销 2 个授权', '取消']);
});
