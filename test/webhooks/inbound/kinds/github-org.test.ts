/** The signatures are made by GitHub's own library. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sign } from '@octokit/webhooks-methods';
import { expectError } from '../../../support/expect-error.ts';
import type { RequestOptions } from '../../../support/service.ts';
import { PLAIN_SECRET } from '../../fixture.ts';
import { type SourceFixture, startSourceFixture } from './source-fixture.ts';

let fixture: SourceFixture;
beforeAll(async () => {
  const common = { kind: 'github-org', secrets: [PLAIN_SECRET] };
  fixture = await startSourceFixture({
    acme: common,
    strict: { ...common, events: { 'secret_scanning_alert.publicly_leaked': 'principal.disabled' } },
  });
});
afterAll(() => fixture.stop());

async function delivery(event: string, body: object, id: string = randomUUID()): Promise<RequestOptions> {
  const text = JSON.stringify(body);
  const signature = await sign(PLAIN_SECRET, text);
  return {
    headers: { 'x-github-event': event, 'x-github-delivery': id, 'x-hub-signature-256': signature },
    body: text,
  };
}

const organization = { login: 'acme', id: 9919 };
const memberRemoved = (id: number) => ({
  action: 'member_removed',
  membership: { role: 'unaffiliated', state: 'inactive', user: { login: `user-${id}`, id, type: 'User' } },
  organization,
  sender: { login: 'admin', id: 1 },
});
const publiclyLeaked = (bypassedBy: object | null) => ({
  action: 'publicly_leaked',
  alert: { number: 42, secret_type: 'some_key', publicly_leaked: true, push_protection_bypassed_by: bypassedBy },
  repository: { id: 1296269, full_name: 'acme/shop' },
  organization,
});

test('a member who leaves the organisation loses all grants, and a redelivery starts nothing', async () => {
  const principal = await fixture.newMappedPrincipal('acme', '101');
  const sent = await delivery('organization', memberRemoved(101), '0b989ba4-242f-11e5-81e1-c7b6966d2516');
  const job = await fixture.deliver('acme', sent);
  expect(job).toMatchObject({ source: 'acme', delivery_id: '0b989ba4-242f-11e5-81e1-c7b6966d2516' });
  await fixture.expectRevokedBy(job, principal);
  expect(await fixture.deliver('acme', sent)).toEqual(job);
});

test('a member who returns and leaves again loses the grants again, although both bodies are equal', async () => {
  const principal = await fixture.newMappedPrincipal('acme', '102');
  await fixture.expectRevokedBy(
    await fixture.deliver('acme', await delivery('organization', memberRemoved(102))),
    principal,
  );
  const returned = await fixture.newMappedPrincipal('acme', '102');
  await fixture.expectRevokedBy(
    await fixture.deliver('acme', await delivery('organization', memberRemoved(102))),
    returned,
  );
});

test('a leaked secret needs a person; if the settings say so, it revokes for whoever bypassed the push protection', async () => {
  const body = publiclyLeaked({ login: 'user-103', id: 103 });
  const kept = await fixture.newMappedPrincipal('acme', '103');
  const recorded = await fixture.deliver('acme', await delivery('secret_scanning_alert', body));
  expect(recorded).toMatchObject({ state: 'needs-person', revoked: 0 });
  await fixture.expectNotRevoked(kept);

  const principal = await fixture.newMappedPrincipal('strict', '103');
  await fixture.expectRevokedBy(
    await fixture.deliver('strict', await delivery('secret_scanning_alert', body)),
    principal,
  );
  const nobody = await fixture.deliver('strict', await delivery('secret_scanning_alert', publiclyLeaked(null)));
  expect(nobody).toMatchObject({ state: 'needs-person', revoked: 0 });
});

test('a ping is ignored, and one with the wrong content type gets 400', async () => {
  const sent = await delivery('ping', { zen: 'Favor focus over features.', hook_id: 109948940 });
  expect((await fixture.send('/hooks/acme', sent)).body).toMatchObject({ state: 'ignored' });
  const body = 'payload=%7B%7D';
  const headers = { ...sent.headers, 'x-hub-signature-256': await sign(PLAIN_SECRET, body) };
  expectError(await fixture.send('/hooks/acme', { headers, body }), [400, 'KMS.0202']);
});

test('a signed body under the name of another event revokes nothing, and is kept as unreadable', async () => {
  const principal = await fixture.newMappedPrincipal('acme', '104');
  const job = await fixture.deliver('acme', await delivery('star', memberRemoved(104)));
  expect(job).toMatchObject({ state: 'unreadable', unreadable: 1, revoked: 0 });
  await fixture.expectNotRevoked(principal);
});

test('a delivery with another body than the signed one gets 401', async () => {
  const sent = await delivery('organization', memberRemoved(105));
  const forged = { ...sent, body: JSON.stringify(memberRemoved(106)) };
  expectError(await fixture.send('/hooks/acme', forged), [401, 'APIGW.0301']);
});
