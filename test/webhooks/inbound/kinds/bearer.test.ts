import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectError } from '../../../support/expect-error.ts';
import { PLAIN_SECRET } from '../../fixture.ts';
import { type SourceFixture, startSourceFixture } from './source-fixture.ts';

let fixture: SourceFixture;
beforeAll(async () => {
  fixture = await startSourceFixture({
    bus: { kind: 'bearer', secrets: [PLAIN_SECRET], events: { 'com.example.offboarded': 'principal.disabled' } },
    automation: { kind: 'bearer', secrets: [PLAIN_SECRET], header: 'X-Api-Key' },
  });
});
afterAll(() => fixture.stop());

const AUTHORIZED = { authorization: `Bearer ${PLAIN_SECRET}` };
const left = (identity: string, more = {}) => ({ type: 'principal.disabled', data: { identity }, ...more });

test('an event with a bearer token revokes the grants of the person', async () => {
  const principal = await fixture.newMappedPrincipal('bus', 'ann@example.com');
  const job = await fixture.deliver('bus', { headers: AUTHORIZED, body: left('ann@example.com', { id: 'evt-1' }) });
  expect(job).toMatchObject({ source: 'bus', delivery_id: 'evt-1' });
  await fixture.expectRevokedBy(job, principal);
});

test('a CloudEvent with a type that the settings give a meaning revokes, and its repeat starts nothing', async () => {
  const principal = await fixture.newMappedPrincipal('bus', 'bob');
  const event = { specversion: '1.0', source: 'HC.IAM', id: '7', type: 'com.example.offboarded' };
  const delivery = { headers: AUTHORIZED, body: left('bob', event) };
  const job = await fixture.deliver('bus', delivery);
  expect(job).toMatchObject({ delivery_id: 'HC.IAM 7' });
  await fixture.expectRevokedBy(job, principal);
  expect(await fixture.deliver('bus', delivery)).toEqual(job);
});

test('a secret in a header of its own is accepted, and equal deliveries without an id are two deliveries', async () => {
  const delivery = { headers: { 'x-api-key': PLAIN_SECRET }, body: left('carol') };
  const principal = await fixture.newMappedPrincipal('automation', 'carol');
  const first = await fixture.deliver('automation', delivery);
  await fixture.expectRevokedBy(first, principal);
  // Carol returns, and leaves again.
  const returned = await fixture.newMappedPrincipal('automation', 'carol');
  const second = await fixture.deliver('automation', delivery);
  expect(second.job_id).not.toBe(first.job_id);
  await fixture.expectRevokedBy(second, returned);
});

test('a wrong secret, or the right one in the wrong header, gets 401', async () => {
  for (const headers of [{}, { authorization: `Bearer ${PLAIN_SECRET}x` }, { 'x-api-key': PLAIN_SECRET }]) {
    expectError(await fixture.send('/hooks/bus', { headers, body: left('ann@example.com') }), [401, 'APIGW.0301']);
  }
});

test('an event that cannot be read gets 200, and is kept in a job that ends as unreadable', async () => {
  const body = { type: 'principal.disabled', data: { user: 'ann' } };
  const job = await fixture.deliver('bus', { headers: { ...AUTHORIZED, 'webhook-id': 'evt-2' }, body });
  expect(job).toMatchObject({ delivery_id: 'evt-2', state: 'unreadable', unreadable: 1, revoked: 0 });
});
