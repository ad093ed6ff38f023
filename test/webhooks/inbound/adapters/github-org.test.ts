/**
 * Also tests: lib/webhooks/inbound/trusted-identities.ts.
 * The bodies have the fields of GitHub Docs, "Webhook events and payloads", and of the types of
 * `@octokit/openapi-webhooks-types` 12.1.0. The signatures are made by `@octokit/webhooks-methods`.
 */
import { expect, test } from '@jest/globals';
import { sign } from '@octokit/webhooks-methods';
import { githubOrg } from '../../../../lib/webhooks/inbound/adapters/github-org.ts';
import { readBy, refusalBy, requestOf, sourceFor } from './request.ts';

const SECRET = 'a-secret-of-the-webhook';
const DELIVERY = '72d3162e-cc78-11e3-81ab-4c9367dc0958';

const userOf = (login: string, id: number, more = {}) => ({
  login,
  id,
  node_id: 'MDQ6VXNlcjE=',
  type: 'User',
  ...more,
});
const ANN = userOf('Ann-Example', 583231);
const ADMIN = userOf('acme-admin', 1);
const ORGANIZATION = { login: 'Acme', id: 9919, node_id: 'MDEyOk9yZw==' };
const REPOSITORY = { id: 1296269, name: 'shop', full_name: 'acme/shop', private: true, owner: { login: 'acme' } };

const memberRemoved = (user: unknown = ANN, more = {}) => ({
  action: 'member_removed',
  membership: {
    url: 'https://api.github.com/orgs/acme/memberships/ann-example',
    organization_url: 'https://api.github.com/orgs/acme',
    state: 'inactive',
    role: 'unaffiliated',
    user,
  },
  organization: ORGANIZATION,
  sender: ADMIN,
  ...more,
});
const teamLeft = {
  action: 'removed',
  scope: 'team',
  member: ANN,
  team: { id: 7, slug: 'ops' },
  organization: ORGANIZATION,
  sender: ADMIN,
};
const collaboratorRemoved = { action: 'removed', member: ANN, repository: REPOSITORY, sender: ADMIN };
const alert = (action: string, more = {}) => ({
  action,
  alert: {
    number: 42,
    html_url: 'https://github.com/acme/shop/security/secret-scanning/42',
    secret_type: 'kms_grants_access_key',
    validity: 'unknown',
    push_protection_bypassed: false,
    push_protection_bypassed_by: null,
    publicly_leaked: action === 'publicly_leaked',
    ...more,
  },
  repository: REPOSITORY,
  organization: ORGANIZATION,
  sender: ADMIN,
});
const ALERT_TEXT = 'kms_grants_access_key https://github.com/acme/shop/security/secret-scanning/42';

const read = (event: string | undefined, body: unknown, entry = {}, delivery: string | undefined = DELIVERY) =>
  readBy(githubOrg, requestOf(body, { headers: { 'x-github-event': event, 'x-github-delivery': delivery } }), entry);
const eventsOf = (task: object) => ({ deliveryId: DELIVERY, tasks: [task] });
const revoked = (event: string, identities = ['583231'], more = {}) =>
  eventsOf({
    action: 'revoke-principal',
    type: 'principal.disabled',
    event,
    identities,
    reason: expect.stringContaining(`github-org ${event}`),
    ...more,
  });

test('a signature by the library of GitHub is verified with any of the secrets; one of another body is refused', async () => {
  const body = JSON.stringify(memberRemoved());
  const request = requestOf(body, { headers: { 'x-hub-signature-256': await sign(SECRET, body) } });
  expect(await refusalBy(githubOrg, request, ['another-secret-0', SECRET])).toBeUndefined();
  expect(await refusalBy(githubOrg, request, ['another-secret-0'])).toBe('wrong signature');
  expect(await refusalBy(githubOrg, { ...request, body: Buffer.from(`${body} `) }, [SECRET])).toBe('wrong signature');
  expect(await refusalBy(githubOrg, { ...request, headers: {} }, [SECRET])).toBe('no signature');
  expect(githubOrg.secretProblem(SECRET)).toBeUndefined();
  expect(githubOrg.secretProblem('short')).toMatch(/^must be at least 16/);
});

test('a member who leaves the organisation loses the grants that are mapped to the id', () => {
  expect(read('organization', memberRemoved())).toEqual(revoked('organization.member_removed'));
});

test.each<[string, object, string[]]>([
  ['the id alone', {}, ['583231']],
  ['the user name too', { trust_username: true }, ['583231', 'Ann-Example']],
  ['the e-mail address too, in lower case', { trust_email: true }, ['583231', 'ann@example.com']],
])('the settings decide which names of a person count: %s', (_, entry, identities) => {
  const body = memberRemoved({ ...ANN, email: 'Ann@Example.com' });
  expect(read('organization', body, entry)).toMatchObject({ tasks: [{ identities }] });
});

test('with trust_username, a user name of GitHub identifies a person in upper and lower case alike', () => {
  const body = memberRemoved({ ...ANN, email: 'Ann@Example.com' });
  const { tasks } = read('organization', body, { trust_username: true, trust_email: true }) as { tasks: object[] };
  expect(tasks).toMatchObject([{ caseInsensitiveIdentities: ['Ann-Example'] }]);
  expect(read('organization', body)).not.toMatchObject({ tasks: [{ caseInsensitiveIdentities: expect.anything() }] });
});

test.each([
  ['no user', undefined],
  ['null', null],
  ['a text', 'Ann-Example'],
  ['a user without an id', { login: 'Ann-Example' }],
  ['an id as text', userOf('Ann-Example', '583231' as unknown as number)],
  ['an id that is no whole number', userOf('Ann-Example', 1.5)],
  ['an id below 1', userOf('Ann-Example', 0)],
])('a removed member with %s is kept as unreadable, with the body', (_, user) => {
  const body = memberRemoved(user);
  if (user === undefined) Reflect.deleteProperty(body.membership, 'user');
  expect(read('organization', body)).toEqual(
    eventsOf({
      action: 'unreadable',
      type: 'organization.member_removed',
      reason: 'The event names no person.',
      payload: JSON.stringify(body),
    }),
  );
});

test.each([
  ['membership', 'membership.removed', teamLeft],
  ['member', 'member.removed', collaboratorRemoved],
])('leaving a part of the organisation (%s) counts only if the settings say so', (header, event, body) => {
  expect(read(header, body)).toEqual(eventsOf({ action: 'ignore', type: event }));
  expect(read(header, body, { events: { [event]: 'principal.disabled' } })).toEqual(revoked(event));
  expect(read(header, body, { events: { [event]: 'needs-person' } })).toMatchObject({
    tasks: [{ action: 'needs-person', type: event, identities: ['583231'] }],
  });
});

test.each(['created', 'publicly_leaked'])('a secret scanning alert (%s) is recorded as needing a person', (action) => {
  const event = `secret_scanning_alert.${action}`;
  expect(read('secret_scanning_alert', alert(action))).toEqual(
    eventsOf({ action: 'needs-person', type: event, reason: `github-org ${event} ${ALERT_TEXT}` }),
  );
});

test.each(['created', 'publicly_leaked', 'reopened', 'validated'])(
  'if the settings say so, a secret scanning alert (%s) revokes for whoever bypassed the push protection, if anybody did',
  (action) => {
    const event = `secret_scanning_alert.${action}`;
    const entry = { events: { [event]: 'principal.disabled' } };
    const bypassed = { push_protection_bypassed: true, push_protection_bypassed_by: ANN };
    expect(read('secret_scanning_alert', alert(action, bypassed), entry)).toEqual(revoked(event));
    expect(read('secret_scanning_alert', alert(action), entry)).toEqual(
      eventsOf({ action: 'needs-person', type: event, reason: `github-org ${event} ${ALERT_TEXT}` }),
    );
  },
);

test.each(['reopened', 'validated', 'resolved', 'assigned'])('by default, an alert that is %s is ignored', (action) => {
  expect(read('secret_scanning_alert', alert(action))).toMatchObject({ tasks: [{ action: 'ignore' }] });
});

const MISMATCH = 'The header X-GitHub-Event, which is not signed, does not fit the body.';

test.each<[string, unknown]>([
  // The header names an event that this body is not.
  ['organization', { action: 'member_removed', organization: ORGANIZATION }],
  ['membership', { ...teamLeft, scope: 'organization' }],
  ['membership', collaboratorRemoved],
  ['member', teamLeft],
  ['secret_scanning_alert', { action: 'created', alert: { number: 1, rule: {} }, repository: REPOSITORY }],
  ['secret_scanning_alert', { ...alert('created'), location: { type: 'commit' } }],
  // The body is an event that the header does not name.
  ['ping', memberRemoved()],
  ['push', teamLeft],
  ['star', alert('publicly_leaked')],
  ['Organization', memberRemoved()],
  ['organization, ping', memberRemoved()],
])('X-GitHub-Event %j with a body of another event is kept as unreadable', (header, body) => {
  expect(read(header, body)).toMatchObject({
    deliveryId: DELIVERY,
    tasks: [{ action: 'unreadable', reason: MISMATCH, payload: JSON.stringify(body) }],
  });
});

test.each<[string, unknown, string]>([
  ['ping', { zen: 'Keep it logically awesome.', hook_id: 1, hook: { type: 'Organization' } }, 'ping'],
  ['push', { ref: 'refs/heads/main', repository: REPOSITORY }, 'push'],
  ['organization', { ...memberRemoved(), action: 'member_added' }, 'organization.member_added'],
  [
    'code_scanning_alert',
    { action: 'created', alert: { number: 1 }, repository: REPOSITORY },
    'code_scanning_alert.created',
  ],
  ['constructor', { action: 'x' }, 'constructor.x'],
  ['star', { action: { a: 1 } }, 'star'],
])('the event %s is ignored', (header, body, type) => {
  expect(read(header, body)).toEqual(eventsOf({ action: 'ignore', type }));
});

test('with the setting organizations, an event of any other organisation needs a person', () => {
  const other = { login: 'other', id: 5 };
  for (const organizations of [['acme'], ['ACME', 'x'], ['9919']]) {
    expect(read('organization', memberRemoved(), { organizations })).toEqual(revoked('organization.member_removed'));
    expect(read('organization', memberRemoved(ANN, { organization: other }), { organizations })).toMatchObject({
      tasks: [
        {
          action: 'needs-person',
          identities: ['583231'],
          reason: 'github-org organization.member_removed: the organisation is not in organizations',
        },
      ],
    });
  }
  const events = { 'member.removed': 'principal.disabled' };
  expect(read('member', collaboratorRemoved, { organizations: ['acme'], events })).toMatchObject({
    tasks: [{ action: 'needs-person' }],
  });
  expect(read('member', collaboratorRemoved, { organizations: ['acme'] })).toMatchObject({
    tasks: [{ action: 'ignore' }],
  });
});

test('a delivery is identified by X-GitHub-Delivery; without it, equal bodies are two deliveries', () => {
  expect(read('organization', memberRemoved(), {}, undefined)).toMatchObject({ deliveryId: DELIVERY });
  for (const delivery of ['', 'a\u0000', 'a'.repeat(257)]) {
    expect(read('organization', memberRemoved(), {}, delivery)).toMatchObject({ deliveryId: undefined });
  }
});

const FORM = 'The body is form-encoded. Set the content type of the webhook to application/json.';

test('a form-encoded delivery is kept as unreadable; a form-encoded ping is refused, so that GitHub shows the mistake', () => {
  const form = `payload=${encodeURIComponent(JSON.stringify(memberRemoved()))}`;
  expect(read('organization', form)).toMatchObject({
    deliveryId: DELIVERY,
    tasks: [{ action: 'unreadable', reason: expect.stringContaining(FORM), payload: form }],
  });
  const source = sourceFor(githubOrg);
  const ping = (body: unknown) =>
    githubOrg.handshake?.(requestOf(body, { headers: { 'x-github-event': 'ping' } }), source);
  expect(() => ping('payload=%7B%7D')).toThrow(FORM);
  expect(ping({ zen: 'Design for failure.' })).toBeUndefined();
});

test.each<[string, string]>([
  ['', 'The header X-GitHub-Event is required'],
  ['organization', 'The body must be JSON'],
])('a body that is no JSON, and a missing header, are kept as unreadable', (header, problem) => {
  const body = header === '' ? memberRemoved() : '{"action":"member_removed"';
  expect(read(header, body)).toMatchObject({
    deliveryId: DELIVERY,
    tasks: [{ action: 'unreadable', reason: expect.stringContaining(problem) }],
  });
});

test.each([
  '[]',
  'null',
  '7',
  '{"action":"member_removed","action":"member_added"}',
  '{"__proto__":{}}',
  '['.repeat(100_000),
  '\ufeff',
  '\xff',
])('the body %.40s is kept as unreadable', (body) => {
  expect(read('organization', body)).toMatchObject({ tasks: [{ action: 'unreadable', payload: expect.any(String) }] });
});

test.each<[string, unknown, string]>([
  ['organizations', 'acme', 'must be a list'],
  ['organizations', [7], 'must be the name or id of an organisation'],
  ['trust_username', 'yes', 'must be true or false'],
  ['trust_email', 1, 'must be true or false'],
  ['events', { member_removed: 'ignore' }, 'there is no such event; the events are: organization.member_removed'],
  ['events', { 'membership.removed': 'grant.revoke' }, 'must be one of: principal.disabled, needs-person, ignore'],
])('the setting %s with %j is refused', (name, value, problem) => {
  expect(() => sourceFor(githubOrg, { [name]: value })).toThrow(problem);
});
