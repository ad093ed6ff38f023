import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { scim } from '../../../../lib/webhooks/inbound/adapters/scim.ts';
import { sample } from '../../../../local/hook/samples/scim.ts';
import { type ScimFixture, startScimFixture } from '../../../scim/fixture.ts';
import { PLAIN_SECRET } from '../../../webhooks/fixture.ts';
import { sourceFor } from '../../../webhooks/inbound/adapters/request.ts';

let fixture: ScimFixture;
beforeAll(async () => {
  fixture = await startScimFixture();
});
afterAll(() => fixture.stop());

const requestOf = (event: string, person: string) =>
  sample.request({ secret: PLAIN_SECRET, person, event, id: 'msg_1', source: sourceFor(scim), nowMs: 0 });

test.each([sample.defaultEvent, 'user.deleted'])(
  'a sample of %s revokes the grants of a mapped person',
  async (event) => {
    const principal = await fixture.newPrincipal();
    await fixture.map('entra', `Ann/${event}`, principal);
    const { path, method, headers, body } = await requestOf(event, `Ann/${event}`);
    const reply = await fixture.send(`/hooks/entra${path}`, { method, headers, body: body === '' ? undefined : body });
    expect(await fixture.jobOf(reply)).toMatchObject({ state: 'done', revoked: 1 });
  },
);

test('an event of SCIM without a sample is refused, and the error names those that have one', () => {
  expect(() => requestOf('user.created', 'ann')).toThrow('this kind can send: user.deactivated, user.deleted');
});
