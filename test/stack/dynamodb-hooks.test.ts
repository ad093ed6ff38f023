/**
 * What hooks ask of DynamoDB and of the queue, from the door to who is told in the end, beside what the roles allow where
 * somebody hears of changes.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Context, SQSEvent } from 'aws-lambda';
import { handler as work } from '../../functions/hooks/work.ts';
import { handler as findLostWork } from '../../functions/schedule/find-lost-work.ts';
import type { SecretReference } from '../../lib/clients/secrets.ts';
import type { Message, ReceivedMessage } from '../../lib/queue/queue.ts';
import { type Services, useServices } from '../../lib/services.ts';
import { signWebhook } from '../../lib/signing/standard-webhooks.ts';
import { openServices } from '../../local/open-services.ts';
import { newGrant, newKey, okBody } from '../support/create.ts';
import { dynamodbEndpoint } from '../support/dynamodb.ts';
import { type FakeDynamodb, startFakeDynamodb } from '../support/fake-dynamodb.ts';
import { startService, type TestService } from '../support/service.ts';
import { allows, partsOf, type Use, usesOf } from './dynamodb-uses.ts';
import { fits, KINDS, WITH_TARGETS } from './roles.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** 24 bytes, and no secret of anybody. */
const SECRET = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz';

let recorder: FakeDynamodb;
let service: TestService;
let services: Services;
/** By the name of the function. */
const uses = new Map<string, Use[]>();
/** What the queue was asked for by functions themselves; taking and ending is Lambda's. */
const queued: Use[] = [];
/** All that was sent to the queue. */
const sends: Message[] = [];

/** Does what a function is there for, and keeps what that asks of DynamoDB and of the queue. */
async function using<T>(name: string, work: () => Promise<T>): Promise<T> {
  recorder.asked.length = 0;
  queued.length = 0;
  const result = await work();
  uses.set(name, [...(uses.get(name) ?? []), ...recorder.asked.flatMap(usesOf), ...queued]);
  return result;
}

let sent = 0;

/** Sends a hook. @returns the id of the job that it has started */
async function hook(type: string, data: object): Promise<string> {
  sent += 1;
  const body = JSON.stringify({ type, timestamp: '2026-11-22T10:00:00Z', data });
  const message = { id: `msg-${sent}`, timestampSeconds: Math.floor(service.clock.nowMs / 1000), body };
  const headers = { 'content-type': 'application/json', ...signWebhook(message, [SECRET]) };
  return okBody(await using('webhook', () => service.send('/hooks/idp', { headers, body }))).job_id;
}

/** A job as of a credential that was found; only who finds them may name them. @returns its id */
async function jobFor(identity: string): Promise<string> {
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
    tries: 0,
    revoked: 0,
    leftovers: [],
    unmapped: [],
  });
  await services.queue.send({ kind: 'job', jobId });
  return jobId;
}

/** As SQS hands it over. Source: Lambda Developer Guide, "Using Lambda with Amazon SQS", the example event. */
const eventOf = (taken: ReceivedMessage) =>
  ({
    Records: [
      {
        messageId: taken.receiptHandle,
        receiptHandle: taken.receiptHandle,
        body: JSON.stringify(taken.message),
        attributes: { ApproximateReceiveCount: String(taken.receiveCount) },
      },
    ],
  }) as SQSEvent;

const CONTEXT = { getRemainingTimeInMillis: () => 60_000 } as Context;

/** Works until the queue has nothing that is due. @returns the kinds of what was worked on */
async function workAll(): Promise<string[]> {
  const kinds: string[] = [];
  for (let [taken] = await services.queue.receive(1); taken; [taken] = await services.queue.receive(1)) {
    const event = eventOf(taken);
    const { batchItemFailures } = await using('work', () => work(event, CONTEXT));
    if (batchItemFailures.length === 0) await services.queue.delete(taken);
    kinds.push(taken.message.kind);
  }
  return kinds;
}

/** Settings of hooks, as a file of the test's own. */
function fileOf(name: string, settings: object): SecretReference {
  const path = join(service.dataDir, name);
  writeFileSync(path, JSON.stringify(settings));
  return { kind: 'file', path };
}

async function stateOf(jobId: string): Promise<string> {
  const headers = { 'X-Auth-Token': await service.token(service.creator) };
  return okBody(await using('job', () => service.send(`/hooks/jobs/${jobId}`, { method: 'GET', headers }))).state;
}

beforeAll(async () => {
  recorder = await startFakeDynamodb(dynamodbEndpoint());
  service = await startService({ DYNAMODB_ENDPOINT: recorder.endpoint });
  const { creator, grantee, demo, clock } = service;
  const actions = ['principal.disabled', 'grant.revoke', 'key.compromised'];
  const config = {
    ...service.services.config,
    hooks: fileOf('hooks.json', { idp: { kind: 'standard', secrets: [SECRET], projects: [demo.project_id], actions } }),
    // Nobody listens there, so that a delivery has to wait and is tried again.
    targets: fileOf('targets.json', {
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
      queued.push({ action, pk: '' });
      if (method === 'send') sends.push(args[0] as Message);
      return real.apply(queue, args);
    });
  }
  const token = await service.token(grantee);
  await service.token(creator);
  await store.mappings.put({ source: 'idp', identity: 'ann@example.com', grantee: grantee.user_id });

  const keyId = await newKey(service);
  const grant = (fields = {}) => newGrant(service, keyId, fields);
  const found = [`access-key:${grantee.access_key}`, `sha256:${createHash('sha256').update(token).digest('hex')}`];
  const jobs: [string, object][] = [
    ['principal.disabled', { grantee_principal: grantee.user_id }],
    ['principal.disabled', { identity: 'ann@example.com' }],
    ['key.compromised', { key_id: keyId }],
  ];
  for (const [type, data] of jobs) {
    await grant({ retiring_principal: creator.user_id });
    const jobId = await hook(type, data);
    await workAll();
    expect([type, data, await stateOf(jobId)]).toEqual([type, data, 'done']);
    // The demo's own grants go with the first.
    expect((await store.jobs.job(jobId))?.revoked).toBeGreaterThan(0);
  }
  for (const identity of found) {
    await grant();
    const jobId = await jobFor(identity);
    await workAll();
    expect((await store.jobs.job(jobId))?.revoked).toBe(1);
  }
  const one = await hook('grant.revoke', { key_id: keyId, grant_id: await grant() });
  await workAll();
  expect(await stateOf(one)).toBe('done');
  // Deliveries wait by the machine's clock, so one is handed over here.
  const delivery = sends.find(({ kind }) => kind === 'delivery');
  if (!delivery) throw new Error('nothing was put off for the target that does not answer');
  const { batchItemFailures } = await using('work', () =>
    work(eventOf({ message: delivery, receiveCount: 1, receiptHandle: '0.1' }), CONTEXT),
  );
  expect(batchItemFailures).toHaveLength(1);
  expect(await stateOf(await hook('user.greeted', {}))).toBe('ignored');

  const grantId = await grant();
  okBody(await using('revoke-grant', () => service.kms(creator, 'revoke-grant', { key_id: keyId, grant_id: grantId })));
  const lost = await hook('key.compromised', { key_id: keyId });
  // What the queue was told of both has got lost.
  for (const taken of await queue.receive(10)) await queue.delete(taken);
  clock.nowMs += 120_000;
  await using('find-lost-work', () => findLostWork());
  expect(await workAll()).toEqual(expect.arrayContaining(['job', 'outbox']));
  expect(await stateOf(lost)).toBe('done');
  expect(await store.outbox.list(1)).toEqual([]);

  okBody(await service.kms(creator, 'schedule-key-deletion', { key_id: await withGrant(), pending_days: '7' }));
  clock.nowMs += 8 * DAY_MS;
  expect(await using('delete-due-keys', () => services.deleteDueKeys())).toBe(1);
});

async function withGrant(): Promise<string> {
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
  asked: () => functions.flatMap((name) => uses.get(name) ?? []),
}));

test('each function that hooks need was used, and two that change grants', () => {
  expect([...uses.keys()].sort()).toEqual([
    'delete-due-keys',
    'find-lost-work',
    'job',
    'revoke-grant',
    'webhook',
    'work',
  ]);
});

test.each(kinds)('$kind allows all that its functions ask for', ({ may, asked }) => {
  expect(asked().filter((use) => !may.some((permission) => allows(permission, use)))).toEqual([]);
});

test.each(kinds.filter(({ kind }) => /Hook|Finder/.test(kind)))(
  '$kind allows nothing that its functions never ask for',
  ({ may, asked }) => {
    const unused = may.flatMap((permission) => {
      const { action, patterns = [''] } = partsOf(permission);
      const isAsked = (pattern: string) => asked().some((use) => use.action === action && fits(use.pk, pattern));
      return patterns.filter((pattern) => !isAsked(pattern)).map((pattern) => `${action} ${pattern}`);
    });
    expect(unused).toEqual([]);
  },
);

test('who works may touch nothing that work never touches', () => {
  const { may = [], asked } = kinds.find(({ kind }) => kind === 'WorkerRole') ?? {};
  const patterns = may.flatMap((permission) => partsOf(permission).patterns ?? []);
  const touched = asked?.() ?? [];
  const unused = patterns.filter((pattern) => !touched.some(({ pk }) => fits(pk, pattern)));
  // Another KMS's answers are remembered: dynamodb-upstream.test.ts.
  expect([...new Set(unused)]).toEqual(['idempotency#*']);
});

test.each(['revoke-grant', 'delete-due-keys', 'work'])('%s writes what is to be told, and sends word of it', (name) => {
  const actions = (uses.get(name) ?? []).map(({ action, pk }) => `${action} ${pk.replace(/#.*/, '')}`.trim());
  expect(actions).toEqual(expect.arrayContaining(['dynamodb:PutItem outbox', 'sqs:SendMessage queue']));
});
