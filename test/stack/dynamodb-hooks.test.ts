/**
 * Compares the calls to DynamoDB and the queue that webhooks and chat cause, from their arrival to the delivery of
 * events, with the permissions of the roles in a stack with targets.
 * Also tests: lib/store/dynamodb/receiver.ts, lib/webhooks/inbound/services.ts.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Context, SQSEvent } from 'aws-lambda';
import { handler as work } from '../../functions/hooks/work.ts';
import { handler as findLostWork } from '../../functions/schedule/find-lost-work.ts';
import { deleteOwnDueKeys } from '../../lib/authority/due-keys.ts';
import { chatRequests } from '../../lib/chat/requests.ts';
import { CHAT_ACTIONS } from '../../lib/chat/source.ts';
import type { SecretReference } from '../../lib/clients/secrets.ts';
import type { Message, ReceivedMessage } from '../../lib/queue/queue.ts';
import { type Services, useServices } from '../../lib/services.ts';
import { signWebhook } from '../../lib/signing/standard-webhooks.ts';
import { openServices } from '../../local/open-services.ts';
import { newGrant, newKey, okBody } from '../support/create.ts';
import { dynamodbEndpoint } from '../support/dynamodb.ts';
import { type FakeDynamodb, startFakeDynamodb } from '../support/fake-dynamodb.ts';
import { newSigner, SMN_TOPIC, smnNotification } from '../support/notifications.ts';
import { type ApiResponse, startService, type TestService } from '../support/service.ts';
import {
  AUDIENCE,
  claimsAbout,
  ISSUER,
  jwkOf,
  newSigningKey,
  RISC,
  signSet,
} from '../webhooks/inbound/ssf/transmitter.ts';
import { allows, partsOf, type Use, usesOf } from './dynamodb-uses.ts';
import { fits, KINDS, WITH_TARGETS } from './roles.ts';

const SET_KEY = newSigningKey('k1', 'ES256');
const DAY_MS = 24 * 60 * 60 * 1000;
/** 24 bytes; a test value only. */
const SECRET = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz';

const SMN_SIGNER = newSigner();

let recorder: FakeDynamodb;
let service: TestService;
let services: Services;
/** By name of the function. */
const uses = new Map<string, Use[]>();
/** Calls of the functions to the queue. Lambda itself receives and deletes messages. */
const queueUses: Use[] = [];
/** The messages that were sent to the queue. */
const sentMessages: Message[] = [];

/** Runs `work` and records its calls to DynamoDB and the queue as those of the function. */
async function recordUses<T>(name: string, work: () => Promise<T>): Promise<T> {
  recorder.requests.length = 0;
  queueUses.length = 0;
  const result = await work();
  uses.set(name, [...(uses.get(name) ?? []), ...recorder.requests.flatMap(usesOf), ...queueUses]);
  return result;
}

let sentRequests = 0;

/** Sends a signed request to a source. */
function sendHook(source: string, content: object): Promise<ApiResponse> {
  sentRequests += 1;
  const body = JSON.stringify(content);
  const message = { id: `msg-${sentRequests}`, timestampSeconds: Math.floor(service.clock.nowMs / 1000), body };
  const headers = { 'content-type': 'application/json', ...signWebhook(message, [SECRET]) };
  return service.send(`/hooks/${source}`, { headers, body });
}

/** Sends a webhook. @returns the id of the job that it started */
async function sendWebhook(type: string, data: object): Promise<string> {
  const content = { type, timestamp: '2026-11-22T10:00:00Z', data };
  return okBody(await recordUses('webhook', () => sendHook('idp', content))).job_id;
}

/** Provisions users and groups, and deactivates users whom only a mapping knows. */
async function scim(principal: string): Promise<void> {
  const schema = 'urn:ietf:params:scim:schemas:extension:kms-grants:2.0:User';
  const send = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${SECRET}` };
    const reply = await recordUses('scim', () => service.send(`/hooks/people/${path}`, { method, headers, body }));
    expect([method, path, reply.status < 300]).toEqual([method, path, true]);
    return reply;
  };
  const user = { userName: 'ann', externalId: '7', [schema]: { granteePrincipal: principal } };
  const { id } = (await send('POST', 'Users', user)).body;
  await send('GET', 'Users?count=2');
  await send('GET', 'Users?filter=userName%20eq%20%22ann%22');
  await send('GET', 'Users?filter=displayName%20eq%20%22ann%22');
  await send('PUT', `Users/${id}`, { ...user, userName: 'bob', externalId: '8' });
  await send('PATCH', `Users/${id}`, { Operations: [{ op: 'replace', path: 'active', value: false }] });
  await send('DELETE', `Users/${id}`);
  await services.store.mappings.put({ source: 'people', identity: 'Mapped', grantee: principal });
  await send('DELETE', 'Users/Mapped');
}

/** Sends a Security Event Token about a person without a mapping. */
async function sendToken(): Promise<void> {
  const subject = { format: 'opaque', id: 'ann' };
  const iat = Math.floor(service.clock.nowMs / 1000);
  const body = signSet(claimsAbout(`${RISC}account-disabled`, subject, {}, { iat }), SET_KEY);
  const headers = { 'content-type': 'application/secevent+jwt' };
  const reply = await recordUses('ssf', () => service.send('/hooks/shared/events', { headers, body }));
  expect(reply.status).toBe(202);
}

/** Sends a message of SMN whose text cannot be read. */
async function sendNotification(): Promise<void> {
  const body = smnNotification('an alarm', { signer: SMN_SIGNER, atMs: service.clock.nowMs });
  okBody(await recordUses('notification', () => service.send('/hooks/smn', { headers: {}, body })));
}

/** Sends a command of the demo's administrator. @returns the data of the answer */
async function say(command: string): Promise<{ request_id: string; job?: { job_id: string } }> {
  const { data, messages } = okBody(
    await recordUses('chat', () => sendHook('bot', { command, actor: 'administrator', channel: 'incident' })),
  );
  expect([command, messages.map(({ tone }: { tone: string }) => tone)]).not.toEqual([command, ['bad']]);
  return data;
}

/** Calls the worker with a message that is not due by the system clock. @returns the number of failures */
async function processNow(message: Message): Promise<number> {
  const event = eventOf({ message, receiveCount: 1, receiptHandle: '0.1' });
  return (await recordUses('work', () => work(event, CONTEXT))).batchItemFailures.length;
}

/** Uses every command of chat. One request is confirmed, and one expires. */
async function chat(keyId: string): Promise<void> {
  const { creator, clock } = service;
  const grantId = await newGrant(service, keyId, { retiring_principal: creator.user_id });
  await newGrant(service, keyId);
  for (const command of ['help', 'whoami', 'keys', `list ${keyId}`, 'who <@grantee>', `show ${grantId.slice(0, 20)}`]) {
    await say(command);
  }
  const { request_id: one } = await say(`revoke ${keyId} ${grantId} reason leaked`);
  const { job } = await say(`confirm ${one}`);
  const jobId = job?.job_id ?? '';
  expect((await services.store.jobs.job(jobId))?.state).toBe('done');
  for (const named of [keyId, grantId, '<@grantee>']) await say(`events ${named}`);
  await say(`job ${jobId}`);
  const { request_id: requestId } = await say(`revoke-all <@grantee> on ${keyId}`);
  clock.nowMs += 16 * 60_000;
  // The worker is another process than chat, which has not read HOOKS yet.
  useServices({ ...services, store: { ...services.store } });
  expect(await processNow({ kind: 'chat', requestId })).toBe(0);
  expect(await chatRequests(services.store.idempotency, () => clock.nowMs).find(requestId)).toMatchObject({
    state: 'expired',
  });
  // The message that finishes the confirmed request after a crash finds it ended.
  expect(await processNow({ kind: 'chat', requestId: one })).toBe(0);
  useServices(services);
}

/** Stores a job for a leaked credential, which only the github source can send, and its message. @returns its id */
async function createJobFor(identity: string): Promise<string> {
  const jobId = createHash('sha256').update(identity).digest('hex').slice(0, 32);
  const nowMs = service.clock.nowMs;
  await services.store.jobs.add({
    jobId,
    source: 'idp',
    deliveryId: identity,
    receivedAtMs: nowMs,
    projectIds: [service.demo.project_id],
    tasks: [{ action: 'revoke-principal', type: 'principal.disabled', identities: [identity] }],
    state: 'queued',
    revision: 0,
    dueAtMs: nowMs + 60_000,
    failedAttempts: 0,
    revoked: 0,
    leftovers: [],
    unmapped: [],
  });
  await services.queue.send({ kind: 'job', jobId });
  return jobId;
}

/** The event of one message. Source: Lambda Developer Guide, "Using Lambda with Amazon SQS", the example event. */
const eventOf = (received: ReceivedMessage) =>
  ({
    Records: [
      {
        messageId: received.receiptHandle,
        receiptHandle: received.receiptHandle,
        body: JSON.stringify(received.message),
        attributes: { ApproximateReceiveCount: String(received.receiveCount) },
      },
    ],
  }) as SQSEvent;

const CONTEXT = { getRemainingTimeInMillis: () => 60_000 } as Context;

/** Calls the worker until the queue has no due message. @returns the kinds of the processed messages */
async function processAll(): Promise<string[]> {
  const kinds: string[] = [];
  for (let [received] = await services.queue.receive(1); received; [received] = await services.queue.receive(1)) {
    const event = eventOf(received);
    const { batchItemFailures } = await recordUses('work', () => work(event, CONTEXT));
    if (batchItemFailures.length === 0) await services.queue.delete(received);
    kinds.push(received.message.kind);
  }
  return kinds;
}

/** Writes settings to a file. @returns the reference to it */
function settingsFile(name: string, settings: object): SecretReference {
  const path = join(service.dataDir, name);
  writeFileSync(path, JSON.stringify(settings));
  return { kind: 'file', path };
}

async function stateOf(jobId: string): Promise<string> {
  const headers = { 'X-Auth-Token': await service.token(service.creator) };
  return okBody(await recordUses('job', () => service.send(`/hooks/jobs/${jobId}`, { method: 'GET', headers }))).state;
}

beforeAll(async () => {
  recorder = await startFakeDynamodb(dynamodbEndpoint());
  // Without a worker: its calls to the table would be recorded as calls of the function `webhook`.
  service = await startService({ DYNAMODB_ENDPOINT: recorder.endpoint }, false);
  const { creator, grantee, demo, clock } = service;
  const actions = ['principal.disabled', 'grant.revoke', 'key.compromised'];
  const config = {
    ...service.services.config,
    hooks: settingsFile('hooks.json', {
      idp: { kind: 'standard', secrets: [SECRET], projects: [demo.project_id], actions },
      people: { kind: 'scim', secrets: [SECRET], projects: [demo.project_id], actions, principal_attribute: true },
      shared: {
        kind: 'ssf',
        secrets: [JSON.stringify(jwkOf(SET_KEY))],
        issuer: ISSUER,
        audience: AUDIENCE,
        projects: [demo.project_id],
        actions,
      },
      smn: {
        kind: 'smn',
        secrets: [SMN_SIGNER.publicKey],
        topics: [SMN_TOPIC],
        projects: [demo.project_id],
        actions,
      },
      bot: { kind: 'bot', secrets: [SECRET], projects: [demo.project_id], actions: CHAT_ACTIONS },
    }),
    // Nothing listens on this port, so the delivery fails and is retried.
    targets: settingsFile('targets.json', {
      audit: { url: 'http://127.0.0.1:1/', secrets: [SECRET], allow_private: true },
    }),
  };
  services = await openServices(config, { now: () => clock.nowMs });
  useServices(services);
  const { queue, store } = services;
  for (const [method, action] of [
    ['send', 'sqs:SendMessage queue'],
    ['retryLater', 'sqs:ChangeMessageVisibility queue'],
  ] as const) {
    const real = queue[method] as (...args: unknown[]) => Promise<void>;
    jest.spyOn(queue, method).mockImplementation((...args: unknown[]) => {
      queueUses.push({ action, pk: '' });
      if (method === 'send') sentMessages.push(args[0] as Message);
      return real.apply(queue, args);
    });
  }
  const token = await service.token(grantee);
  await service.token(creator);
  await store.mappings.put({ source: 'idp', identity: 'ann@example.com', grantee: grantee.user_id });

  const keyId = await newKey(service);
  const grant = (fields = {}) => newGrant(service, keyId, fields);
  const leakedIdentities = [
    `access-key:${grantee.access_key}`,
    `sha256:${createHash('sha256').update(token).digest('hex')}`,
  ];
  const jobs: [string, object][] = [
    ['principal.disabled', { grantee_principal: grantee.user_id }],
    ['principal.disabled', { identity: 'ann@example.com' }],
    ['key.compromised', { key_id: keyId }],
  ];
  for (const [type, data] of jobs) {
    await grant({ retiring_principal: creator.user_id });
    const jobId = await sendWebhook(type, data);
    await processAll();
    expect([type, data, await stateOf(jobId)]).toEqual([type, data, 'done']);
    // The first job also revokes the grants of the demo.
    expect((await store.jobs.job(jobId))?.revoked).toBeGreaterThan(0);
  }
  for (const identity of leakedIdentities) {
    await grant();
    const jobId = await createJobFor(identity);
    await processAll();
    expect((await store.jobs.job(jobId))?.revoked).toBe(1);
  }
  const grantJob = await sendWebhook('grant.revoke', { key_id: keyId, grant_id: await grant() });
  await processAll();
  expect(await stateOf(grantJob)).toBe('done');
  const delivery = sentMessages.find(({ kind }) => kind === 'delivery');
  if (!delivery) throw new Error('no delivery was queued for the target');
  expect(await processNow(delivery)).toBe(1);
  expect(await stateOf(await sendWebhook('user.greeted', {}))).toBe('ignored');
  await sendToken();
  await sendNotification();
  expect(await processAll()).toEqual(['job', 'job']);

  await chat(await newKey(service));
  await scim(grantee.user_id);

  const grantId = await grant();
  okBody(
    await recordUses('revoke-grant', () => service.kms(creator, 'revoke-grant', { key_id: keyId, grant_id: grantId })),
  );
  const lostJob = await sendWebhook('key.compromised', { key_id: keyId });
  // The messages of both are lost.
  for (const received of await queue.receive(10)) await queue.delete(received);
  clock.nowMs += 120_000;
  await recordUses('find-lost-work', () => findLostWork());
  expect(await processAll()).toEqual(expect.arrayContaining(['job', 'outbox']));
  expect(await stateOf(lostJob)).toBe('nothing-found');
  expect(await store.outbox.list(1)).toEqual([]);

  okBody(await service.kms(creator, 'schedule-key-deletion', { key_id: await newKeyWithGrant(), pending_days: '7' }));
  clock.nowMs += 8 * DAY_MS;
  expect(await recordUses('delete-due-keys', () => deleteOwnDueKeys(services))).toBe(1);
  // Many calls to DynamoDB Local, which is slow on a busy machine.
}, 120_000);

async function newKeyWithGrant(): Promise<string> {
  const keyId = await newKey(service);
  await newGrant(service, keyId);
  return keyId;
}

afterAll(async () => {
  await services.store.close();
  await service.stop();
  await recorder.stop();
});

const kinds = Object.entries(KINDS).map(([kind, { functions, may }]) => ({
  kind,
  may: [...may, ...(WITH_TARGETS[kind] ?? [])],
  used: () => functions.flatMap((name) => uses.get(name) ?? []),
}));

test('every function of webhooks and chat was called, and two functions that change grants', () => {
  expect([...uses.keys()].sort()).toEqual([
    'chat',
    'delete-due-keys',
    'find-lost-work',
    'job',
    'notification',
    'revoke-grant',
    'scim',
    'ssf',
    'webhook',
    'work',
  ]);
});

test.each(kinds)('$kind allows every call that its functions make', ({ may, used }) => {
  expect(used().filter((use) => !may.some((permission) => allows(permission, use)))).toEqual([]);
});

test.each(kinds.filter(({ kind }) => /Hook|Finder/.test(kind)))(
  '$kind allows no call that its functions never make',
  ({ may, used }) => {
    const unused = may.flatMap((permission) => {
      const { action, patterns = [''] } = partsOf(permission);
      const isUsed = (pattern: string) => used().some((use) => use.action === action && fits(use.pk, pattern));
      return patterns.filter((pattern) => !isUsed(pattern)).map((pattern) => `${action} ${pattern}`);
    });
    expect(unused).toEqual([]);
  },
);

test.each(kinds.filter(({ kind }) => /Chat|Worker/.test(kind)))(
  '$kind allows no partition that its function never uses',
  ({ may, used }) => {
    const patterns = may.flatMap((permission) => partsOf(permission).patterns ?? []);
    const touched = used();
    expect(patterns.filter((pattern) => !touched.some(({ pk }) => fits(pk, pattern)))).toEqual([]);
  },
);

test.each(['revoke-grant', 'delete-due-keys', 'work', 'chat'])(
  '%s writes an event to the outbox and sends a message',
  (name) => {
    const actions = (uses.get(name) ?? []).map(({ action, pk }) => `${action} ${pk.replace(/#.*/, '')}`.trim());
    expect(actions).toEqual(expect.arrayContaining(['dynamodb:PutItem outbox', 'sqs:SendMessage queue']));
  },
);
