/** The signatures are made by OpenSSL. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectError } from '../../../support/expect-error.ts';
import { PLAIN_SECRET } from '../../fixture.ts';
import { type SourceFixture, startSourceFixture } from './source-fixture.ts';

let fixture: SourceFixture;
beforeAll(async () => {
  const common = { kind: 'gitguardian', secrets: [PLAIN_SECRET], trust_email: true };
  fixture = await startSourceFixture({
    careful: common,
    strict: { ...common, events: { new_occurrence: 'principal.disabled' } },
  });
});
afterAll(() => fixture.stop());

const occurrence = (author: string, atMs: number) =>
  JSON.stringify({
    source: 'GitGuardian',
    timestamp: new Date(atMs).toISOString(),
    action: 'new_occurrence',
    incident: { id: 31605, detector: { name: 'aws_iam' } },
    occurrence: { id: 1234, author_name: 'Ann', author_info: author },
  });

function signed(body: string) {
  const timestamp = String(fixture.service.clock.nowMs / 1000);
  const args = ['dgst', '-sha256', '-hmac', timestamp + PLAIN_SECRET, '-r'];
  const signature = execFileSync('openssl', args, { input: body }).toString().split(' ')[0];
  return { headers: { timestamp, 'gitguardian-signature': `sha256=${signature}` }, body };
}

test('an occurrence revokes the grants of its author if the settings say so', async () => {
  const principal = await fixture.newMappedPrincipal('strict', 'ann@example.com');
  const body = occurrence('Ann@Example.com', fixture.service.clock.nowMs);
  const job = await fixture.deliver('strict', signed(body));
  const digest = createHash('sha256').update(body).digest('hex');
  expect(job).toMatchObject({ source: 'strict', delivery_id: digest });
  await fixture.expectRevokedBy(job, principal);
});

test('by default an occurrence needs a person, and its job names the author', async () => {
  const principal = await fixture.newMappedPrincipal('careful', 'ann@example.com');
  const job = await fixture.deliver('careful', signed(occurrence('ann@example.com', fixture.service.clock.nowMs)));
  expect(job).toMatchObject({ state: 'needs-person', revoked: 0, tasks: [{ identities: ['ann@example.com'] }] });
  await fixture.expectNotRevoked(principal);
});

test('a delivery that is more than five minutes old gets 401', async () => {
  const sent = signed(occurrence('ann@example.com', fixture.service.clock.nowMs));
  fixture.service.clock.nowMs += 300_001;
  expectError(await fixture.send('/hooks/strict', sent), [401, 'APIGW.0301']);
});
