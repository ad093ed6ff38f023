/**
 * What every kind of webhook source does alike: verification, replay, order of checks, batches, sizes and limits. The
 * sources `smn` and `sns` have routes of their own.
 * Also tests: functions/hooks/notification.ts.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { WEBHOOK_KINDS } from '../../../lib/webhooks/hooks.ts';
import { newGrant, newKey, okBody } from '../../support/create.ts';
import type { RequestOptions } from '../../support/service.ts';
import type { WebhookSide } from '../../support/webhook-sides/side.ts';
import { SIDES } from '../../support/webhook-sides/sides.ts';
import { startWebhookFixture, type WebhookFixture, type WebhookResponse } from '../fixture.ts';

const BODY_BYTES_MAX = 1024 * 1024;

let fixture: WebhookFixture;
let keyId: string;
beforeAll(async () => {
  fixture = await startWebhookFixture();
  keyId = await newKey(fixture.service);
  const common = { projects: [fixture.service.demo.project_id], actions: ['principal.disabled'] };
  fixture.setSources(
    Object.fromEntries(
      SIDES.flatMap(({ kind, entry }) => [
        [kind, { kind, ...common, ...entry }],
        [`${kind}-observer`, { kind, ...common, ...entry, mode: 'observe' }],
        [`${kind}-limited`, { kind, ...common, ...entry, maxPrincipals: 1 }],
      ]),
    ),
  );
});
afterAll(() => fixture.stop());

const newId = () => randomUUID().replaceAll('-', '');

/** Returns a new principal with one grant. @param source maps the person to it, where the kind needs that */
async function newPerson({ namesPrincipal, identityOf = (person) => person }: WebhookSide, source: string) {
  const grantee = newId();
  await newGrant(fixture.service, keyId, { grantee_principal: grantee });
  const { mappings } = fixture.service.services.store;
  if (!namesPrincipal) await mappings.put({ source, identity: identityOf(grantee), grantee });
  return grantee;
}

async function grantCountOf(grantee: string): Promise<number> {
  const { service } = fixture;
  const reply = await service.kms(service.creator, 'list-principal-grants', { grantee_principal: grantee });
  return okBody(reply).grants.length;
}

const jobCount = async () => (await fixture.service.services.store.jobs.list(10_000)).length;

test('every kind of webhook source passes this contract, except scim, which has a protocol of its own', () => {
  const tested = SIDES.map(({ kind }) => kind);
  expect([...tested, 'scim'].sort()).toEqual([...WEBHOOK_KINDS].sort());
});

describe.each(SIDES)('a source of the kind $kind', (side) => {
  const { kind, path = '', acceptedStatus = 200, refusedStatus = 401 } = side;
  let id: string;
  beforeEach(() => {
    id = `delivery-${newId()}`;
  });

  const sign = async (body: string, deliveryId = id) =>
    side.sign({ body, id: deliveryId, atMs: fixture.service.clock.nowMs });
  const send = (request: RequestOptions, source = kind) => fixture.send(`/hooks/${source}${path}`, request);
  const jobIdOf = ({ headers, body }: WebhookResponse): string => headers.get('x-job-id') ?? body.job_id;

  /** Sends a signed body, which is accepted. @returns its job at the end */
  async function endedJobOf(body: string, source = kind) {
    const response = await send(await sign(body), source);
    expect(response.status).toBe(acceptedStatus);
    return fixture.endedJob(jobIdOf(response));
  }

  test('an event that a person has left revokes the grants of that person, and of nobody else', async () => {
    const [leaver, colleague] = [await newPerson(side, kind), await newPerson(side, kind)];
    const job = await endedJobOf(side.departureOf(leaver));
    expect(job).toMatchObject({ source: kind, state: 'done', revoked: 1, unmapped: [], leftovers: [] });
    expect(job.delivery_id).toEqual(expect.any(String));
    expect(job.tasks).toEqual([expect.objectContaining({ type: 'principal.disabled' })]);
    expect([await grantCountOf(leaver), await grantCountOf(colleague)]).toEqual([0, 1]);
  });

  test('a repeat of a delivery gets the same reply, and the job runs once', async () => {
    const leaver = await newPerson(side, kind);
    const request = await sign(side.departureOf(leaver));
    const first = await send(request);
    await fixture.endedJob(jobIdOf(first));
    const jobs = await jobCount();
    const second = await send(request);
    expect(second.status).toBe(acceptedStatus);
    expect([second.text, jobIdOf(second), await jobCount()]).toEqual([first.text, jobIdOf(first), jobs]);
  });

  test('another event under a used delivery id is another delivery, or refused where the vendor sends it again', async () => {
    const [first, second] = [await newPerson(side, kind), await newPerson(side, kind)];
    await endedJobOf(side.departureOf(first));
    const request = await sign(side.departureOf(second));
    const response = await send(request);
    if (side.refusesUsedIds) {
      expect([response.status, await grantCountOf(second)]).toEqual([400, 1]);
      return;
    }
    expect(response.status).toBe(acceptedStatus);
    expect(await fixture.endedJob(jobIdOf(response))).toMatchObject({ state: 'done', revoked: 1 });
    const jobs = await jobCount();
    expect(jobIdOf(await send(request))).toBe(jobIdOf(response));
    expect([await grantCountOf(second), await jobCount()]).toEqual([0, jobs]);
  });

  test('a request that the source did not send is refused like one for an unknown source, and stores nothing', async () => {
    const leaver = await newPerson(side, kind);
    const jobs = await jobCount();
    const delivery = { body: side.departureOf(leaver), id, atMs: fixture.service.clock.nowMs };
    const unknown = await send(await sign(delivery.body), 'nobody');
    expect(unknown.status).toBe(refusedStatus);
    const withoutId = ({ body }: WebhookResponse) => ({ ...body, request_id: undefined });
    for (const [what, request] of await side.forge(delivery)) {
      const response = await send(request);
      expect([what, response.status, withoutId(response)]).toEqual([what, refusedStatus, withoutId(unknown)]);
    }
    expect([await grantCountOf(leaver), await jobCount()]).toEqual([1, jobs]);
  });

  test('the signature is checked before the body is parsed, and the size before the signature', async () => {
    const jobs = await jobCount();
    for (const [, request] of await side.forge({ body: '{"not', id, atMs: fixture.service.clock.nowMs })) {
      expect((await send(request)).status).toBe(refusedStatus);
    }
    const huge = await send({ headers: {}, body: ' '.repeat(BODY_BYTES_MAX + 1) });
    expect([huge.status, huge.text]).toEqual([400, expect.stringContaining('Request message too long.')]);
    expect(await jobCount()).toBe(jobs);
  });

  test.each(side.malformed)('the signed body %s revokes nothing, and is refused or kept for a person', async (body) => {
    const jobs = await jobCount();
    const response = await send(await sign(body));
    if (!side.isSentOnce) {
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      expect(await jobCount()).toBe(jobs);
      return;
    }
    expect(response.status).toBe(acceptedStatus);
    expect(await fixture.endedJob(jobIdOf(response))).toMatchObject({ state: 'unreadable', revoked: 0 });
  });

  const { unknownEvent, batchOf, oddBatchOf } = side;
  if (unknownEvent !== undefined) {
    test('an event that the kind does not act on is recorded as ignored', async () => {
      expect(await endedJobOf(unknownEvent)).toMatchObject({ state: 'ignored', revoked: 0 });
    });
  }

  if (batchOf) {
    test('a batch revokes the grants of everybody in it', async () => {
      const people = [await newPerson(side, kind), await newPerson(side, kind), await newPerson(side, kind)];
      expect(await endedJobOf(batchOf(people))).toMatchObject({ state: 'done', revoked: 3 });
      for (const person of people) expect(await grantCountOf(person)).toBe(0);
    });
  }

  if (oddBatchOf) {
    test('of a batch with one event that cannot be read, the others are done and the odd one is named', async () => {
      const people = [await newPerson(side, kind), await newPerson(side, kind)];
      const job = await endedJobOf(oddBatchOf(people));
      expect(job).toMatchObject({ state: 'unreadable', revoked: 2, unreadable: 1 });
      expect(job.tasks).toContainEqual(
        expect.objectContaining({ reason: expect.any(String), projects: expect.any(Array) }),
      );
    });
  }

  if (!side.namesPrincipal) {
    test('a person without a mapping ends the job as unmapped, and nothing is revoked', async () => {
      const job = await endedJobOf(side.departureOf(newId()));
      expect(job).toMatchObject({ state: 'unmapped', revoked: 0 });
      expect(job.unmapped.length).toBeGreaterThan(0);
    });
  }

  test('a source that only observes records what it would revoke', async () => {
    const source = `${kind}-observer`;
    const leaver = await newPerson(side, source);
    const job = await endedJobOf(side.departureOf(leaver), source);
    expect(job).toMatchObject({ state: 'observed', mode: 'observe', would_revoke: 1, revoked: 0 });
    expect(await grantCountOf(leaver)).toBe(1);
  });

  test('a source that exceeds its limit of principals is paused until a person approves', async () => {
    const source = `${kind}-limited`;
    const people = [await newPerson(side, source), await newPerson(side, source)];
    const states: string[] = [];
    for (const person of people) {
      id = `delivery-${newId()}`;
      states.push((await endedJobOf(side.departureOf(person), source)).state);
    }
    expect(states).toEqual(['done', 'paused']);
    expect(await Promise.all(people.map(grantCountOf))).toEqual([0, 1]);
  });
});
