/**
 * The adapter for SMN. Its signatures: test/signing/notification-message.test.ts; the confirmation of subscriptions:
 * confirm-subscription.test.ts; the traces are made after "Trace Structure" of the CTS User Guide.
 * Also tests: lib/webhooks/inbound/cts-traces.ts, lib/webhooks/inbound/cts-trace-fields.ts.
 */
import { describe, expect, test } from '@jest/globals';
import type { Task } from '../../../../lib/domain/job.ts';
import { smn } from '../../../../lib/webhooks/inbound/adapters/smn.ts';
import { newSigner, SMN_TOPIC, smnConfirmation, smnNotification } from '../../../support/notifications.ts';
import { readBy, refusalBy, requestOf, sourceFor } from './request.ts';

const NOW = Date.UTC(2026, 10, 29, 8);
const USER = '0123456789abcdef0123456789abcdef';
const ADMIN = 'ffffffffffffffffffffffffffffffff';
const KEY = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
const TRACE_ID = '3f1d6a0e-0000-11f1-8c5f-0242ac110002';

const signer = newSigner();
const entry = { topics: [SMN_TOPIC] };

/** A successful deletion of a user. */
const trace = (fields: object = {}) => ({
  time: 1795367201635,
  user: { id: ADMIN, name: 'admin', domain: { id: 'd0000000000000000000000000000000', name: 'acme' } },
  request: '',
  response: '',
  code: '204',
  service_type: 'IAM',
  resource_type: 'user',
  resource_name: 'ann',
  resource_id: USER,
  source_ip: '192.0.2.1',
  trace_name: 'deleteUser',
  trace_rating: 'normal',
  trace_type: 'ConsoleAction',
  api_version: 'v3',
  trace_id: TRACE_ID,
  project_id: 'p0000000000000000000000000000000',
  domain_id: 'd0000000000000000000000000000000',
  ...fields,
});

const notification = (text: string) => requestOf(smnNotification(text, { signer, atMs: NOW }));

function tasksOf(payload: unknown, settings: object = {}): readonly Task[] {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const events = readBy(smn, notification(text), { ...entry, ...settings });
  if (typeof events === 'string') throw new Error(events);
  return events.tasks;
}

const leaves = (event: string, grantee = USER) => ({
  action: 'revoke-principal',
  type: 'principal.disabled',
  event,
  grantee,
  reason: `smn ${event}, trace ${TRACE_ID}`,
});

describe('verification', () => {
  const secrets = [signer.publicKey];

  test('an SMN message of a listed topic is accepted if one of the keys in secrets verifies it', async () => {
    expect(await refusalBy(smn, notification('text'), secrets, NOW, entry)).toBeUndefined();
  });

  test('an SMN source without secrets accepts only messages that the published certificate verifies', async () => {
    const refusal = await refusalBy(smn, notification('text'), [], NOW, entry);
    expect(refusal).toBe('wrong signature, or no certificate that is known and valid now');
  });

  test('an SMN message of a topic that is not in topics is refused, although SMN has signed it', async () => {
    for (const topic_urn of ['urn:smn:eu-de:ffffffffffffffffffffffffffffffff:key-events', `${SMN_TOPIC}2`]) {
      const body = smnNotification('text', { signer, atMs: NOW, fields: { topic_urn } });
      expect(await refusalBy(smn, requestOf(body), secrets, NOW, entry)).toBe(
        'the topic is not one of the setting topics',
      );
      const confirmation = smnConfirmation('https://example.com', { signer, atMs: NOW, fields: { topic_urn } });
      expect(await refusalBy(smn, requestOf(confirmation), secrets, NOW, entry)).toBe(
        'the topic is not one of the setting topics',
      );
    }
  });

  test('a message of SMN that was sent more than a day ago is refused', async () => {
    const refusal = await refusalBy(smn, notification('text'), secrets, NOW + 25 * 3_600_000, entry);
    expect(refusal).toBe('the timestamp is not of the last day');
  });

  test.each([
    ['nothing', ''],
    ['no JSON', 'message=1'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a topic twice', `{"topic_urn":"${SMN_TOPIC}","topic_urn":"x"}`],
    ['much nesting', '['.repeat(100_000)],
    ['nested objects', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
  ])('an SMN message with %s gets the same refusal as a wrong signature', async (_, body) => {
    expect(await refusalBy(smn, requestOf(body), secrets, NOW, entry)).toBeDefined();
  });

  test('an SMN message that is not sent with POST is refused', async () => {
    const request = { ...notification('text'), method: 'PATCH' };
    expect(await refusalBy(smn, request, secrets, NOW, entry)).toBe('not a POST');
  });

  // Source: SMN User Guide (Chinese), "HTTP(S)" message types of 2026.
  test.each(['HttpSubscriptionUserConfirm', 'httpsubscriptionuserunsubscribe'])(
    'a notice %s about a subscription of somebody else is answered and ignored, if its topic is listed',
    async (type) => {
      const headers = { 'x-smn-message-type': type };
      const notice = requestOf({ topic_urn: SMN_TOPIC, type }, { headers });
      expect(await refusalBy(smn, notice, secrets, NOW, entry)).toBeUndefined();
      expect(await smn.handshake?.(notice, sourceFor(smn, entry) as never)).toEqual({ state: 'ignored' });
      for (const body of [{ topic_urn: 'urn:smn:eu-de:a:b' }, {}, '']) {
        expect(await refusalBy(smn, requestOf(body, { headers }), secrets, NOW, entry)).toBeDefined();
      }
    },
  );

  test('the unsigned header X-SMN-MESSAGE-TYPE cannot make a notification be ignored: it is verified and read', async () => {
    const headers = { 'x-smn-message-type': 'HttpSubscriptionUserConfirm' };
    const text = JSON.stringify(trace());
    const message = requestOf(smnNotification(text, { signer, atMs: NOW }), { headers });
    expect(await refusalBy(smn, message, secrets, NOW, entry)).toBeUndefined();
    expect(await smn.handshake?.(message, sourceFor(smn, entry) as never)).toBeUndefined();
    const forged = requestOf(smnNotification(text, { signer, atMs: NOW, forged: { message: 'other' } }), { headers });
    expect(await refusalBy(smn, forged, secrets, NOW, entry)).toMatch(/^wrong signature/);
  });
});

describe('traces of users', () => {
  test.each(['deleteUser', 'deleteUserV5', 'DELETEUSER'])(
    'the trace %s revokes the grants of the deleted user',
    (trace_name) => {
      const event = trace_name === 'deleteUserV5' ? 'IAM.deleteUserV5' : 'IAM.deleteUser';
      expect(tasksOf(trace({ trace_name }))).toEqual([leaves(event)]);
    },
  );

  test('an SMN message is a repeat if an earlier one had the same message id, type and text', () => {
    const text = JSON.stringify(trace());
    const fields = { message_id: '88c726942175432bac921eafd0036163' };
    const request = requestOf(smnNotification(text, { signer, atMs: NOW, fields }));
    expect(readBy(smn, request, entry)).toMatchObject({
      deliveryId: '88c726942175432bac921eafd0036163',
      content: `Notification\n${text}`,
    });
  });

  test('whatever form a trace has, the administrator who deleted the user keeps all grants', () => {
    const withoutVictim = [undefined, null, '', 7, [USER], { id: USER }].map((resource_id) => trace({ resource_id }));
    const names = ['deleteUser', 'deleteUserV5', 'updateUser', 'deleteCredential', 'changePassword', 'deleteAgency'];
    const traces = names.flatMap((trace_name) =>
      [...withoutVictim, trace(), trace({ resource_type: 'credential' })].map((one) => ({
        ...one,
        trace_name,
        request: { user: { enabled: false } },
      })),
    );
    const everything = Object.fromEntries(names.map((name) => [`IAM.${name}`, 'principal.disabled']));
    const tasks = tasksOf(traces, { events: everything });
    const kept = tasks.map((task) => ('payload' in task ? { ...task, payload: undefined } : task));
    expect(kept.filter((task) => JSON.stringify(task).includes(ADMIN))).toEqual([]);
    expect(new Set(kept.flatMap((task) => ('grantee' in task ? [task.grantee] : [])))).toEqual(new Set([USER]));
  });

  test.each([
    ['rating warning', { trace_rating: 'warning' }],
    ['rating incident', { trace_rating: 'incident' }],
    ['status 403', { code: '403' }],
    ['status 404 as a number', { code: 404 }],
    ['status 403 and no rating', { code: '403', trace_rating: undefined }],
  ])('the trace of a user deletion that failed with %s revokes nothing', (_, fields) => {
    expect(tasksOf(trace(fields))).toEqual([{ action: 'ignore', type: 'IAM.deleteUser' }]);
  });

  test.each([
    ['no status', { code: undefined }],
    ['an empty status', { code: '' }],
    ['status 200 as a number', { code: 200 }],
    ['a status and no rating', { trace_rating: undefined }],
    ['a rating in upper case', { trace_rating: 'NORMAL' }],
    ['a resource type in upper case', { resource_type: 'USER' }],
  ])('the trace of a user deletion with %s revokes the grants of the user', (_, fields) => {
    expect(tasksOf(trace(fields))).toEqual([leaves('IAM.deleteUser')]);
  });

  test.each([
    ['neither rating nor status', { trace_rating: undefined, code: undefined }],
    ['an unknown rating', { trace_rating: 'good' }],
    ['another resource type', { resource_type: 'userGroup' }],
    ['no resource type', { resource_type: undefined }],
    ['no resource id', { resource_id: undefined }],
    ['a resource id that is no id', { resource_id: 'ann@example.com' }],
    ['a resource id of 65 characters', { resource_id: 'a'.repeat(65) }],
  ])(
    'the trace of a user deletion with %s is stored for a person to read, because somebody may have left',
    (_, fields) => {
      const payload = trace(fields);
      expect(tasksOf(payload)).toEqual([
        {
          action: 'unreadable',
          type: 'IAM.deleteUser',
          reason: expect.any(String),
          payload: JSON.stringify(payload),
        },
      ]);
    },
  );

  test.each([
    ['enabled in a text', '{"user":{"enabled":false}}', ''],
    ['enabled in an object', { user: { enabled: false } }, ''],
    ['enabled of the new IAM', '{"enabled":false}', ''],
    ['enabled as a text', { enabled: 'false' }, ''],
    ['enabled in the response', '', '{"user":{"enabled":false,"id":"x"}}'],
    ['a request that cannot be read, and the response', '{"user":', '{"user":{"enabled":false}}'],
  ])(
    'the trace of an update with %s, which disables the user, revokes the grants of the user',
    (_, request, response) => {
      for (const trace_name of ['updateUser', 'updateUserV5']) {
        expect(tasksOf(trace({ trace_name, request, response }))).toEqual([leaves(`IAM.${trace_name}`)]);
      }
    },
  );

  test.each([
    ['says nothing', '', ''],
    ['has no request', undefined, undefined],
    ['changes the name', '{"user":{"name":"anne"}}', ''],
    ['changes the name, with a response that is no JSON', '{"user":{"name":"anne"}}', 'ok'],
    ['enables the user', '{"user":{"enabled":true}}', ''],
    ['enables the user of the new IAM', { enabled: true }, { user: { enabled: false } }],
    ['has enabled null', { user: { enabled: null } }, ''],
  ])('the trace of an update that %s is ignored', (_, request, response) => {
    expect(tasksOf(trace({ trace_name: 'updateUser', request, response }))).toEqual([
      { action: 'ignore', type: 'IAM.updateUser' },
    ]);
  });

  test.each([
    ['a request that is cut off', '{"user":{"enabled":fal'],
    ['enabled twice', '{"enabled":true,"enabled":false}'],
    ['enabled as a number', { enabled: 0 }],
    ['a list', '[]'],
  ])(
    'the trace of an update with %s is stored for a person to read, because it may have disabled the user',
    (_, request) => {
      const [task] = tasksOf(trace({ trace_name: 'updateUser', request }));
      expect(task).toMatchObject({ action: 'unreadable', type: 'IAM.updateUser', payload: expect.any(String) });
    },
  );
});

describe('other traces', () => {
  test.each([
    ['IAM', 'deleteCredential', 'user'],
    ['IAM', 'changePassword', 'user'],
    ['IAM', 'setPasswordByAdmin', 'user'],
  ])(
    'the trace %s.%s is ignored, unless the setting events gives it another meaning',
    (service_type, trace_name, resource_type) => {
      const event = `${service_type}.${trace_name}`;
      const payload = trace({ service_type, trace_name, resource_type });
      expect(tasksOf(payload)).toEqual([{ action: 'ignore', type: event }]);
      expect(tasksOf(payload, { events: { [event]: 'principal.disabled' } })).toEqual([leaves(event)]);
    },
  );

  test.each([
    ['IAM.deleteAgency', 'IAM', 'deleteAgency', 'agency'],
    ['IAM.deleteAgencyV5', 'IAM', 'deleteAgencyV5', 'agency'],
    ['Account.closeSuspendAccount', 'BSS', 'closeSuspendAccount', 'account'],
    ['Account.deregisterAccount', 'account', 'deregisterAccount', 'account'],
    ['Account.disableHuaweiCloudservices', 'x', 'disableHuaweiCloudservices', 'accountCenter'],
  ])(
    'the trace %s waits for a person, unless the setting events gives it another meaning',
    (event, service_type, trace_name, resource_type) => {
      const payload = trace({ service_type, trace_name, resource_type });
      const reason = `smn ${event}, trace ${TRACE_ID}`;
      expect(tasksOf(payload)).toEqual([{ action: 'needs-person', type: event, identities: [USER], reason }]);
      expect(tasksOf(payload, { events: { [event]: 'principal.disabled' } })).toEqual([leaves(event)]);
    },
  );

  test.each(['scheduleKeyDeletion', 'disableKey', 'deleteImportedKeyMaterial'])(
    'the trace KMS.%s is ignored, unless the setting events says that it revokes every grant of the key',
    (trace_name) => {
      const event = `KMS.${trace_name}`;
      const payload = trace({ service_type: 'KMS', trace_name, resource_type: 'CMK', resource_id: KEY });
      expect(tasksOf(payload)).toEqual([{ action: 'ignore', type: event }]);
      expect(tasksOf(payload, { events: { [event]: 'key.compromised' } })).toEqual([
        {
          action: 'revoke-key',
          type: 'key.compromised',
          event,
          keyId: KEY,
          projectId: 'p0000000000000000000000000000000',
          reason: `smn ${event}, trace ${TRACE_ID}`,
        },
      ]);
      const [task] = tasksOf({ ...payload, resource_id: 'x' }, { events: { [event]: 'key.compromised' } });
      expect(task).toMatchObject({ action: 'unreadable' });
    },
  );

  test('the setting events may name CTS operations that this service does not know, about a user or a key', () => {
    const events = { 'IAM.deleteAccessKeyV5': 'principal.disabled', 'KMS.cancelKey': 'key.compromised' };
    const ofUser = trace({ trace_name: 'DeleteAccessKeyV5' });
    expect(tasksOf(ofUser, { events })).toEqual([leaves('IAM.deleteAccessKeyV5')]);
    const ofKey = trace({ service_type: 'KMS', trace_name: 'cancelKey', resource_type: 'cmk', resource_id: KEY });
    expect(tasksOf(ofKey, { events })).toMatchObject([{ action: 'revoke-key', event: 'KMS.cancelKey', keyId: KEY }]);
    expect(tasksOf(trace({ trace_name: 'DeleteAccessKeyV5', resource_type: 'credential' }), { events })).toMatchObject([
      { action: 'unreadable' },
    ]);
  });

  test('a CTS operation that takes no access away is ignored, and the job names it', () => {
    const payload = [trace({ trace_name: 'createUser' }), trace({ service_type: 'ECS', trace_name: 'deleteServer' })];
    expect(tasksOf(payload)).toEqual([
      { action: 'ignore', type: 'IAM.createUser' },
      { action: 'ignore', type: 'ECS.deleteServer' },
    ]);
    expect(tasksOf(trace({ service_type: 'Object', trace_name: 'constructor' }))).toEqual([
      { action: 'ignore', type: 'Object.constructor' },
    ]);
  });
});

describe('forms of the text', () => {
  test('the text of an SMN message may be a trace, a list of traces, or either of them in the member cts', () => {
    const one = trace();
    for (const payload of [one, [one], { cts: one }, [{ cts: one }], { cts: [one] }]) {
      expect(tasksOf(payload)).toEqual([leaves('IAM.deleteUser')]);
    }
  });

  test('a trace that cannot be read does not stop the others of its message', () => {
    const other = 'abcdefabcdefabcdefabcdefabcdefab';
    const payload = [trace({ resource_id: '' }), trace({ resource_id: other }), 7, trace({ trace_rating: 'warning' })];
    expect(tasksOf(payload)).toEqual([
      expect.objectContaining({ action: 'unreadable', type: 'IAM.deleteUser', payload: JSON.stringify(payload) }),
      leaves('IAM.deleteUser', other),
      { action: 'unreadable', type: 'unreadable', reason: expect.any(String) },
      { action: 'ignore', type: 'IAM.deleteUser' },
    ]);
  });

  test.each([
    ['a text for people', '[Alarm] CPU usage of ecs-1 is 99%'],
    ['an alarm of Cloud Eye', '{"version":"v1","data":{"AlarmLevel":"Critical"}}'],
    ['a trace without its service', JSON.stringify(trace({ service_type: undefined }))],
    ['a trace without its name', JSON.stringify(trace({ trace_name: undefined }))],
    ['a trace with a key twice', `{"resource_id":"a",${JSON.stringify(trace()).slice(1)}`],
    ['an empty list', '[]'],
    ['null', 'null'],
    ['a number', '7'],
    ['nothing', ''],
    ['much nesting', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['a trace that is cut off', JSON.stringify(trace()).slice(0, -1)],
  ])('an SMN message with %s is stored and shown as unreadable', (_, text) => {
    expect(tasksOf(text)).toEqual([
      { action: 'unreadable', type: expect.any(String), reason: expect.any(String), payload: text.slice(0, 32 * 1024) },
    ]);
  });

  test('each of the 300 traces in an SMN message is read', () => {
    const traces = Array.from({ length: 300 }, (_, index) => trace({ resource_id: `user${index}` }));
    expect(tasksOf(traces)).toHaveLength(300);
  });
});

test('an SMN message about the end of the subscription waits for a person, whatever its text says', () => {
  const url = 'https://console.huaweicloud.com/smn/subscription/confirm?token=x';
  const body = smnConfirmation(url, { signer, atMs: NOW }, 'UnsubscribeConfirmation');
  expect(readBy(smn, requestOf(body), entry)).toMatchObject({
    tasks: [
      {
        action: 'needs-person',
        type: 'UnsubscribeConfirmation',
        reason: expect.stringContaining(`the subscription to the topic has ended`),
      },
    ],
  });
});

describe('settings', () => {
  test.each([
    [{}, 'source.topics: is missing: must be a list'],
    [{ topics: [] }, 'source.topics: must not be empty'],
    [{ topics: ['key-events'] }, 'source.topics.0: must be the name of a topic: urn:smn:<region>:<project id>:<topic>'],
    [{ topics: ['arn:aws:sns:us-east-1:123456789012:x'] }, 'source.topics.0: must be the name of a topic'],
    [{ topics: [SMN_TOPIC], confirm_hosts: ['https://x.example.com/'] }, 'source.confirm_hosts.0: must be a host'],
    [{ topics: [SMN_TOPIC], confirm_hosts: ['127.0.0.1'] }, 'source.confirm_hosts.0: must be a host'],
    [
      { topics: [SMN_TOPIC], events: { 'IAM.deleteuser': 'ignore' } },
      'events.IAM.deleteuser: write it as IAM.deleteUser',
    ],
    [{ topics: [SMN_TOPIC], events: { deleteUser: 'ignore' } }, 'source.events.deleteUser: must be <service_type>'],
    [{ topics: [SMN_TOPIC], events: { 'IAM.other': 'grant.revoke' } }, 'must be one of: principal.disabled'],
    [{ topics: [SMN_TOPIC], events: { 'KMS.disableKey': 'principal.disabled' } }, 'must be one of: key.compromised'],
  ])('the SMN settings %j abort startup', (settings, problem) => {
    expect(() => sourceFor(smn, settings)).toThrow(problem);
  });

  test('the setting confirm_hosts allows the console of another cloud to confirm subscriptions', () => {
    const { settings } = sourceFor(smn, { topics: [SMN_TOPIC], confirm_hosts: ['console.otc.t-systems.com'] });
    expect(settings).toEqual({ topics: [SMN_TOPIC], confirm_hosts: ['console.otc.t-systems.com'] });
  });

  test.each([
    ['a certificate', true, signer.certificate],
    ['a public key', true, signer.publicKey],
    ['a private key', false, signer.privateKey],
    ['another text', false, 'plain-secret-0123456789'],
  ])('whether %s may be one of the secrets of an SMN source: %j', (_, isValid, secret) => {
    const problem = smn.secretProblem(secret);
    expect(problem === undefined).toBe(isValid);
    if (problem) expect(problem).not.toContain(secret);
  });
});
