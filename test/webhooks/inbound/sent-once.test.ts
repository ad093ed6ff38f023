/** What every kind whose sender sends once must do with any verified body: keep or ignore it, and never fail. */
import { describe, expect, test } from '@jest/globals';
import type { Adapter } from '../../../lib/webhooks/inbound/adapter.ts';
import { bearer } from '../../../lib/webhooks/inbound/adapters/bearer.ts';
import { gitguardian } from '../../../lib/webhooks/inbound/adapters/gitguardian.ts';
import { githubOrg } from '../../../lib/webhooks/inbound/adapters/github-org.ts';
import { gitlab } from '../../../lib/webhooks/inbound/adapters/gitlab.ts';
import { type Random, randomFrom } from '../../signing/random.ts';
import { requestOf, sourceFor } from './adapters/request.ts';

const ACTS = 'principal.disabled';
const USER = { id: 583231, login: 'ann', email: 'ann@example.com' };

/** Settings with which as much as possible acts, headers, and a body that revokes with them. */
const KINDS: [string, Adapter, Record<string, unknown>, Record<string, string>, object][] = [
  [
    'bearer',
    bearer,
    { events: { left: ACTS } },
    { 'webhook-id': 'delivery-1' },
    { specversion: '1.0', source: '/hr', id: '1', type: 'left', data: { identity: 'ann', reason: 'left' } },
  ],
  [
    'github-org',
    githubOrg,
    { trust_username: true, trust_email: true, organizations: ['acme'] },
    { 'x-github-event': 'organization', 'x-github-delivery': 'delivery-1' },
    { action: 'member_removed', membership: { user: USER }, organization: { login: 'acme', id: 1 } },
  ],
  [
    'github-org, an alert',
    githubOrg,
    { events: { 'secret_scanning_alert.created': ACTS } },
    { 'x-github-event': 'secret_scanning_alert', 'x-github-delivery': 'delivery-1' },
    { action: 'created', alert: { secret_type: 'key', push_protection_bypassed_by: USER }, repository: { id: 1 } },
  ],
  [
    'gitlab',
    gitlab,
    { trust_username: true, trust_email: true, groups: [100], events: { user_remove_from_group: ACTS } },
    { 'webhook-id': 'delivery-1' },
    { event_name: 'user_remove_from_group', group_id: 100, user_id: 64, user_username: 'ann', user_email: 'a@b.c' },
  ],
  [
    'gitguardian',
    gitguardian,
    { trust_email: true, events: { new_occurrence: ACTS } },
    {},
    { action: 'new_occurrence', incident: { detector: { name: 'key' } }, occurrence: { author_info: 'a@b.c' } },
  ],
];

/** `String` throws for an object whose `toString` is no function. */
const NO_TEXT = { toString: 1 };
const ODD = [
  NO_TEXT,
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  '',
  'a',
  '\u0000',
  '\ud800',
  'constructor',
  [],
  [null],
  {},
  { id: null },
];

/** Returns the value with one part replaced or removed. */
function mutated(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.below(4) === 0) return random.oneOf(ODD);
  const entries = Object.entries(value);
  const index = random.below(entries.length + 1);
  if (index === entries.length)
    return { ...value, [random.oneOf(['location', 'team', 'matches', 'x'])]: random.oneOf(ODD) };
  const [key, part] = entries[index] as [string, unknown];
  const others = Object.fromEntries(entries.filter(([name]) => name !== key));
  return random.below(5) === 0 ? others : { ...others, [key]: mutated(part, random) };
}

const ACTIONS = ['revoke-principal', 'needs-person', 'unreadable', 'ignore'];

describe.each(KINDS)('%s', (_, adapter, entry, headers, body) => {
  const source = sourceFor(adapter, entry);
  const tasksOf = (sent: unknown) => adapter.read(requestOf(sent, { headers }), source).tasks;

  test('the unchanged body, from which the random ones are made, revokes', () => {
    expect(tasksOf(body)).toMatchObject([{ action: 'revoke-principal' }]);
  });

  test('500 bodies with parts replaced or removed are acted on, kept or ignored, and none of them fails', () => {
    const random = randomFrom(500);
    const seen = new Set<string>();
    for (let round = 0; round < 500; round += 1) {
      let sent: unknown = body;
      for (let change = 0; change <= random.below(3); change += 1) sent = mutated(sent, random);
      const [task, ...others] = tasksOf(sent);
      expect(others).toEqual([]);
      expect(ACTIONS).toContain(task?.action);
      seen.add(task?.action ?? '');
      if (task?.action === 'unreadable') expect(task).toMatchObject({ payload: expect.any(String) });
      if (task?.action !== 'revoke-principal') continue;
      for (const identity of task.identities ?? []) expect(identity).toMatch(/^[\p{L}\p{N}@.]+$/u);
      expect(task.identities?.length).toBeGreaterThan(0);
    }
    expect(seen).toContain('revoke-principal');
    expect(seen).toContain('unreadable');
  });

  test('a body with an object that is nested 20,000 times is acted on, kept or ignored, and never fails', () => {
    const deep = '{"a":'.repeat(20_000) + 1 + '}'.repeat(20_000);
    const text = JSON.stringify(body);
    for (const key of Object.keys(body)) {
      const marked = JSON.stringify({ ...body, [key]: 'MARK' }).replace('"MARK"', deep);
      expect(ACTIONS).toContain(tasksOf(marked)[0]?.action);
    }
    expect(tasksOf(`${text.slice(0, -1)},"deep":${deep}}`)).toMatchObject([{ action: 'revoke-principal' }]);
  });
});

test('a payload that is kept is cut off after 32,768 characters', () => {
  const { tasks } = bearer.read(requestOf('x'.repeat(40_000)), sourceFor(bearer));
  expect(tasks).toMatchObject([{ action: 'unreadable', payload: 'x'.repeat(32_768) }]);
});

test('with data that is nested 100,000 times as the reason, the person still loses access', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const body = `{"type":"principal.disabled","data":{"identity":"ann","reason":${deep}}}`;
  expect(bearer.read(requestOf(body), sourceFor(bearer)).tasks).toMatchObject([
    { action: 'revoke-principal', identities: ['ann'] },
  ]);
});
