/** A batch of which one deactivation cannot be read: what is revoked, and how the job shows what was not read. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newGrant, newKey } from '../../support/create.ts';
import { PLAIN_SECRET, signGitHub, startWebhookFixture, type WebhookFixture } from '../fixture.ts';

let fixture: WebhookFixture;
let keyId: string;
beforeAll(async () => {
  fixture = await startWebhookFixture();
  keyId = await newKey(fixture.service);
});
afterAll(() => fixture.stop());

/** Creates a principal with one grant, and maps an identity to it. */
async function newMappedPrincipal(source: string, identity: string): Promise<string> {
  const grantee = randomUUID().replaceAll('-', '');
  await newGrant(fixture.service, keyId, { grantee_principal: grantee });
  await fixture.service.services.store.mappings.put({ source, identity, grantee });
  return grantee;
}

const grantCountOf = async (grantee: string) => {
  const { services, demo } = fixture.service;
  return (await services.store.grants.listByGrantee(demo.project_id, grantee, { limit: 1 })).total;
};

const deactivated = (...target: object[]) => ({ eventType: 'user.lifecycle.deactivate', target });
const userOf = (id: string) => ({ type: 'User', id });

async function sendOkta(...events: object[]) {
  const body = { eventId: randomUUID(), data: { events } };
  const response = await fixture.send('/hooks/okta', { headers: { authorization: PLAIN_SECRET }, body });
  expect([response.status, response.body]).toMatchObject([200, { state: 'queued' }]);
  return Promise.all((response.body.job_ids ?? [response.body.job_id]).map(fixture.endedJob));
}

test('a batch with a deactivation that names no user ends as unreadable, and the grants of the others are revoked', async () => {
  const grantee = await newMappedPrincipal('okta', '00uread');
  const [job] = await sendOkta(deactivated(userOf('00uread')), deactivated(), deactivated({ type: 'User' }));
  expect(job).toMatchObject({ state: 'unreadable', unreadable: 1, revoked: 1, remaining: 0, unmapped: [] });
  expect(job.tasks[1]).toMatchObject({
    type: 'user.lifecycle.deactivate',
    reason: 'A target of type User with an id or alternateId is required.',
  });
  expect(await grantCountOf(grantee)).toBe(0);
});

test('a batch with an unmapped person and an unreadable deactivation ends as unmapped, and shows both', async () => {
  const [job] = await sendOkta(deactivated(userOf('00unobody')), deactivated());
  expect(job).toMatchObject({ state: 'unmapped', unmapped: ['00unobody'], unreadable: 1 });
});

test('of a batch that becomes several jobs, the job with the unreadable deactivation is not ignored', async () => {
  const grantee = await newMappedPrincipal('okta', '00umany0');
  const events = Array.from({ length: 500 }, (_, n) => deactivated(userOf(`00umany${n}`)));
  const [first, second] = await sendOkta(...events, deactivated());
  expect([first.state, first.revoked, first.unreadable]).toEqual(['unmapped', 1, 0]);
  expect([second.state, second.revoked, second.unreadable]).toEqual(['unreadable', 0, 1]);
  expect(await grantCountOf(grantee)).toBe(0);
});

test('a GitHub match without a token makes the job end as unreadable', async () => {
  const user = await fixture.service.addUser('leaked', 'KMS CMKReadOnlyAccess');
  await newGrant(fixture.service, keyId, { grantee_principal: user.user_id });
  const body = [{ token: user.access_key, type: 'kms_key' }, { type: 'kms_key' }];
  const response = await fixture.send('/hooks/github', signGitHub(body));
  expect(await fixture.endedJob(response.body.job_id)).toMatchObject({
    state: 'unreadable',
    unreadable: 1,
    revoked: 1,
  });
});
