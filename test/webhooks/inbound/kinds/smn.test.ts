/**
 * SMN from the signed message to the revoked grants. openssl signs the messages (`test/support/notifications.ts`).
 * Also tests: local/hook/samples/smn.ts, local/hook/samples/notification.ts.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { smn } from '../../../../lib/webhooks/inbound/adapters/smn.ts';
import { TRACE_EVENTS } from '../../../../lib/webhooks/inbound/cts-traces.ts';
import { sample } from '../../../../local/hook/samples/smn.ts';
import { grantIdsOn, grantsHeldBy, newGrant, newGrantee, newKey, okBody } from '../../../support/create.ts';
import { expectError } from '../../../support/expect-error.ts';
import { newSigner, SMN_TOPIC, smnConfirmation, smnNotification } from '../../../support/notifications.ts';
import { startWebhookFixture, type WebhookFixture } from '../../fixture.ts';
import { sourceFor } from '../adapters/request.ts';

const signer = newSigner();
let fixture: WebhookFixture;
let keyId: string;
let console: Server;
let consoleStatus: number;
let consoleCalls: string[];
beforeAll(async () => {
  console = createServer((request, response) => {
    consoleCalls.push(`${request.method} ${request.url}`);
    response.writeHead(consoleStatus).end();
  });
  await new Promise<void>((resolve) => console.listen(0, '127.0.0.1', resolve));
  fixture = await startWebhookFixture();
  keyId = await newKey(fixture.service);
  const common = { kind: 'smn', projects: [fixture.service.demo.project_id], topics: [SMN_TOPIC] };
  const secrets = [signer.publicKey];
  fixture.setSources({
    cloud: { ...common, secrets, actions: ['principal.disabled'], confirm_hosts: [consoleHost()] },
    observer: { ...common, secrets, actions: ['principal.disabled'], mode: 'observe' },
    published: { ...common, actions: ['principal.disabled'] },
  });
});
beforeEach(() => {
  consoleStatus = 200;
  consoleCalls = [];
});
afterAll(async () => {
  console.close();
  await fixture.stop();
});

const consoleHost = () => `127.0.0.1:${(console.address() as AddressInfo).port}`;
const options = () => ({ signer, atMs: fixture.service.clock.nowMs });

const newPrincipal = () => newGrantee(fixture.service, keyId);
const heldBy = (principal: string) => grantsHeldBy(fixture.service, principal);

const deletionOf = (id: string, fields: object = {}) =>
  JSON.stringify({
    user: { id: fixture.service.grantee.user_id, name: 'administrator' },
    service_type: 'IAM',
    trace_name: 'deleteUser',
    resource_type: 'user',
    resource_id: id,
    trace_rating: 'normal',
    code: '204',
    trace_id: 'trace-1',
    ...fields,
  });

/** Headers as SMN sends them. Source: SMN User Guide, "HTTP or HTTPS Message Format". */
const send = (body: string, source = 'cloud') =>
  fixture.send(`/hooks/${source}`, { headers: { 'x-smn-message-type': 'Notification' }, body });

test('a deleted user loses every grant, and the administrator who did it keeps theirs', async () => {
  const principal = await newPrincipal();
  const ofAdministrator = await newGrant(fixture.service, keyId);
  const message_id = randomUUID().replaceAll('-', '');
  const body = smnNotification(deletionOf(principal), { ...options(), fields: { message_id } });
  const { job_id: jobId } = okBody(await send(body));
  expect(await fixture.endedJob(jobId)).toMatchObject({
    source: 'cloud',
    delivery_id: message_id,
    state: 'done',
    revoked: 1,
    tasks: [{ event: 'IAM.deleteUser', grantee_principal: principal }],
  });
  expect(await heldBy(principal)).toEqual([]);
  expect(await grantIdsOn(fixture.service, keyId)).toContain(ofAdministrator);
  const { service } = fixture;
  const { events } = okBody(await service.kms(service.creator, 'list-grant-events', { grantee_principal: principal }));
  expect(events[0]).toMatchObject({
    actor: 'hook:cloud',
    channel: 'webhook',
    request_id: jobId,
    reason: 'smn IAM.deleteUser, trace trace-1',
  });

  // SMN repeats the same bytes with the time of the first sending.
  const repeat = await send(body);
  expect([repeat.status, repeat.body.job_id]).toEqual([200, jobId]);

  // CTS may report a trace again, in another message.
  const again = await send(smnNotification(deletionOf(principal), options()));
  expect(await fixture.endedJob(okBody(again).job_id)).toMatchObject({ state: 'nothing-found', revoked: 0 });
});

test('a source that observes records what it would revoke, and revokes nothing', async () => {
  const principal = await newPrincipal();
  const { job_id } = okBody(await send(smnNotification(deletionOf(principal), options()), 'observer'));
  expect(await fixture.endedJob(job_id)).toMatchObject({ state: 'observed', revoked: 0 });
  expect(await heldBy(principal)).toHaveLength(1);
});

test('a trace of a user deletion that failed is ignored', async () => {
  const principal = await newPrincipal();
  const failed = deletionOf(principal, { trace_rating: 'warning', code: '403' });
  expect(okBody(await send(smnNotification(failed, options())))).toMatchObject({ state: 'ignored' });
  expect(await heldBy(principal)).toHaveLength(1);
});

test('a message that is not understood is kept, and its job says so', async () => {
  const text = '[Alarm] somebody may have left';
  const { job_id } = okBody(await send(smnNotification(text, options())));
  expect(await fixture.endedJob(job_id)).toMatchObject({ state: 'unreadable', unreadable: 1 });
  const stored = await fixture.service.services.store.jobs.job(job_id);
  expect(stored?.tasks).toMatchObject([{ action: 'unreadable', payload: text }]);
});

test('an event that the settings do not allow gets no 4xx status, which SMN would not repeat', async () => {
  const agency = deletionOf('0123', { trace_name: 'deleteAgency', resource_type: 'agency' });
  const { job_id } = okBody(await send(smnNotification(agency, options())));
  expect(await fixture.endedJob(job_id)).toMatchObject({ state: 'needs-person' });
});

test('messages of another topic, with other signers, changed, old, or for no source get the same 401', async () => {
  const principal = await newPrincipal();
  const text = deletionOf(principal);
  const foreign = { topic_urn: 'urn:smn:eu-de:ffffffffffffffffffffffffffffffff:key-events' };
  const replies = [
    await send(smnNotification(text, { ...options(), fields: foreign })),
    await send(smnNotification(text, { ...options(), signer: newSigner() })),
    await send(smnNotification(text, { ...options(), forged: { message: deletionOf('other') } })),
    await send(smnNotification(text, { signer, atMs: fixture.service.clock.nowMs - 25 * 3_600_000 })),
    await send(smnNotification(text, options()), 'published'),
    await send(smnNotification(text, options()), 'no-such-source'),
    await send('not JSON'),
  ];
  for (const reply of replies) expectError(reply, [401, 'APIGW.0301']);
  expect(new Set(replies.map(({ body }) => body.error_msg)).size).toBe(1);
  expect(await heldBy(principal)).toHaveLength(1);
});

test('a subscription is confirmed by one GET, and only if the topic is listed', async () => {
  const url = (topic: string) => `http://${consoleHost()}/smn/subscription/confirm?token=t&topic_urn=${topic}`;
  const confirmation = smnConfirmation(url(SMN_TOPIC), options());
  const reply = await send(confirmation);
  expect([reply.status, reply.body]).toEqual([200, { state: 'confirmed' }]);
  expect(consoleCalls).toEqual([`GET /smn/subscription/confirm?token=t&topic_urn=${SMN_TOPIC}`]);
  const foreign = 'urn:smn:eu-de:ffffffffffffffffffffffffffffffff:key-events';
  const ofForeign = smnConfirmation(url(foreign), { ...options(), fields: { topic_urn: foreign } });
  expectError(await send(ofForeign), [401, 'APIGW.0301']);
  const mixed = smnConfirmation(url(foreign), options());
  expect((await send(mixed)).status).toBe(503);
  expect(consoleCalls).toHaveLength(1);
});

test('while the console does not confirm, or its host is not allowed, SMN gets a 5xx status and sends again', async () => {
  const url = `http://${consoleHost()}/smn/subscription/confirm?token=t&topic_urn=${SMN_TOPIC}`;
  consoleStatus = 500;
  expect((await send(smnConfirmation(url, options()))).status).toBe(503);
  expect((await send(smnConfirmation(url, options()), 'observer')).status).toBe(503);
  expect(consoleCalls).toHaveLength(1);
});

test('the end of a subscription is a job that waits for a person', async () => {
  const body = smnConfirmation('https://example.com/', options(), 'UnsubscribeConfirmation');
  const { job_id } = okBody(await send(body));
  expect(await fixture.endedJob(job_id)).toMatchObject({
    state: 'needs-person',
    tasks: [{ type: 'UnsubscribeConfirmation', reason: expect.stringContaining(SMN_TOPIC) }],
  });
  expect(consoleCalls).toEqual([]);
});

test('the sample of each event is verified and understood', async () => {
  for (const event of Object.keys(TRACE_EVENTS)) {
    const isOfKey = event.startsWith('KMS.');
    const person = isOfKey ? '0d0466b0-e727-4d9c-b35d-f84bb474a37f' : '0123456789abcdef0123456789abcdef';
    const entry = {
      topics: [SMN_TOPIC],
      secrets: [signer.publicKey],
      events: { [event]: TRACE_EVENTS[event]?.action },
    };
    const source = sourceFor(smn, entry);
    const nowMs = fixture.service.clock.nowMs;
    const made = await sample.request({ secret: signer.privateKey, person, event, id: 'one', source, nowMs });
    const request = { ...made, path: '', query: '', body: Buffer.from(made.body) };
    await smn.verify(request, source as never, nowMs);
    const [task] = smn.read(request, source as never).tasks;
    expect(task).toMatchObject(isOfKey ? { action: 'revoke-key', keyId: person } : { grantee: person, event });
  }
});
