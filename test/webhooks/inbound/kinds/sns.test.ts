/**
 * SNS from the signed message to the revoked grants. openssl signs the messages (`test/support/notifications.ts`).
 * Also tests: local/hook/samples/sns.ts.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sns } from '../../../../lib/webhooks/inbound/adapters/sns.ts';
import { sample } from '../../../../local/hook/samples/sns.ts';
import { grantsHeldBy, newGrantee, newKey, okBody } from '../../../support/create.ts';
import { expectError } from '../../../support/expect-error.ts';
import { newSigner, SNS_TOPIC, snsConfirmation, snsNotification } from '../../../support/notifications.ts';
import { startWebhookFixture, type WebhookFixture } from '../../fixture.ts';
import { sourceFor } from '../adapters/request.ts';

const signer = newSigner();
let fixture: WebhookFixture;
let keyId: string;
let endpoint: Server;
beforeAll(async () => {
  endpoint = createServer((_, response) => response.end('<ConfirmSubscriptionResponse/>'));
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  fixture = await startWebhookFixture();
  keyId = await newKey(fixture.service);
  fixture.setSources({
    aws: {
      kind: 'sns',
      secrets: [signer.certificate],
      projects: [fixture.service.demo.project_id],
      actions: ['principal.disabled'],
      topics: [SNS_TOPIC],
      confirm_hosts: [host()],
    },
  });
});
afterAll(async () => {
  endpoint.close();
  await fixture.stop();
});

const host = () => `127.0.0.1:${(endpoint.address() as AddressInfo).port}`;
const options = () => ({ signer, atMs: fixture.service.clock.nowMs });

/** Source: SNS Developer Guide, "HTTP/HTTPS headers": the type of the body is text. */
const send = (body: string) =>
  fixture.send('/hooks/aws', { headers: { 'content-type': 'text/plain; charset=UTF-8' }, body });

const newPrincipal = () => newGrantee(fixture.service, keyId);
const heldBy = (principal: string) => grantsHeldBy(fixture.service, principal);

const deletionOf = (userName: string, detail: object = {}) =>
  JSON.stringify({
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.iam',
    detail: {
      eventSource: 'iam.amazonaws.com',
      eventName: 'DeleteUser',
      userIdentity: { type: 'IAMUser', userName: 'administrator' },
      requestParameters: { userName },
      ...detail,
    },
  });

test('a deleted IAM user of AWS is found by a mapping of the user name in any case, and the mapped principal loses every grant', async () => {
  const principal = await newPrincipal();
  const { service } = fixture;
  await service.services.store.mappings.put({ source: 'aws', identity: 'ann', grantee: principal });
  const MessageId = randomUUID();
  const body = snsNotification(deletionOf('Ann'), { ...options(), fields: { MessageId, SignatureVersion: '2' } });
  const { job_id: jobId } = okBody(await send(body));
  expect(await fixture.endedJob(jobId)).toMatchObject({
    source: 'aws',
    delivery_id: MessageId,
    state: 'done',
    revoked: 1,
  });
  expect(await heldBy(principal)).toEqual([]);
  const { events } = okBody(await service.kms(service.creator, 'list-grant-events', { grantee_principal: principal }));
  expect(events[0]).toMatchObject({
    actor: 'hook:aws',
    channel: 'webhook',
    request_id: jobId,
    reason: 'sns iam.DeleteUser',
  });
  expect((await send(body)).body.job_id).toBe(jobId);
});

test('a user without a mapping keeps the grants, and the job says so', async () => {
  const { job_id } = okBody(await send(snsNotification(deletionOf('nobody'), options())));
  expect(await fixture.endedJob(job_id)).toMatchObject({ state: 'unmapped', unmapped: ['nobody'] });
});

test('a program can publish the body of Standard Webhooks, which names the principal', async () => {
  const principal = await newPrincipal();
  const event = { type: 'principal.disabled', data: { grantee_principal: principal } };
  const { job_id } = okBody(await send(snsNotification(JSON.stringify(event), options())));
  expect(await fixture.endedJob(job_id)).toMatchObject({ state: 'done', revoked: 1 });
  expect(await heldBy(principal)).toEqual([]);
});

test('an event that the settings do not allow gets no 4xx status, which SNS would not repeat', async () => {
  const event = { type: 'key.compromised', data: { key_id: keyId } };
  const reply = await send(snsNotification(JSON.stringify(event), options()));
  expect([reply.status, reply.body.state]).toEqual([200, 'ignored']);
});

test('a message of another topic or signer, or that was changed, gets 401', async () => {
  const text = deletionOf('Ann');
  const foreign = { TopicArn: 'arn:aws:sns:us-east-1:999999999999:key-events' };
  for (const body of [
    snsNotification(text, { ...options(), fields: foreign }),
    snsNotification(text, { ...options(), signer: newSigner() }),
    snsNotification(text, { ...options(), forged: { Message: deletionOf('Bob') } }),
    text,
  ]) {
    expectError(await send(body), [401, 'APIGW.0301']);
  }
});

test('a subscription is confirmed, and its end is a job that waits for a person', async () => {
  const url = `http://${host()}/?Action=ConfirmSubscription&TopicArn=${SNS_TOPIC}&Token=2336412f37fb687f`;
  const reply = await send(snsConfirmation(url, options()));
  expect([reply.status, reply.body]).toEqual([200, { state: 'confirmed' }]);
  const { job_id } = okBody(await send(snsConfirmation(url, options(), 'UnsubscribeConfirmation')));
  expect(await fixture.endedJob(job_id)).toMatchObject({ state: 'needs-person' });
});

test('a sample is verified and understood; of an event that no sample exists for, the error says so', async () => {
  const nowMs = fixture.service.clock.nowMs;
  const source = sourceFor(sns, { topics: [SNS_TOPIC], secrets: [signer.publicKey] });
  const common = { secret: signer.privateKey, person: 'Ann', id: 'one', source, nowMs };
  for (const event of ['iam.DeleteUser', 'sso-directory.DisableUser', 'identitystore.DeleteUser']) {
    const made = await sample.request({ ...common, event });
    const request = { ...made, path: '', query: '', body: Buffer.from(made.body) };
    await sns.verify(request, source as never, nowMs);
    expect(sns.read(request, source as never).tasks).toMatchObject([{ event, identities: ['Ann'] }]);
  }
  expect(() => sample.request({ ...common, event: 'guardduty.AccessKey' })).toThrow('A sample of the kind sns');
});
