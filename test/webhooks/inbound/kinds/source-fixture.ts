import { expect } from '@jest/globals';
import { grantsHeldBy, newGrantee, newKey, okBody } from '../../../support/create.ts';
import type { ApiResponse, RequestOptions } from '../../../support/service.ts';
import { startWebhookFixture, type WebhookFixture } from '../../fixture.ts';

export interface SourceFixture extends WebhookFixture {
  /** Creates a principal with one grant, and maps an identity of the source to it. @returns the principal */
  newMappedPrincipal(source: string, identity: string): Promise<string>;
  /** Sends a delivery that gets 200. @returns its job at the end, as `GET /hooks/jobs/{id}` shows it */
  deliver(source: string, delivery: RequestOptions): Promise<ApiResponse['body']>;
  /** Expects that the principal has no grants, and that the revoke has an event of the source and the job. */
  expectRevokedBy(job: ApiResponse['body'], principal: string): Promise<void>;
  /** Expects that the principal still has the grant. */
  expectNotRevoked(principal: string): Promise<void>;
}

/** @param entries the entries of sources in HOOKS, without the projects */
export async function startSourceFixture(entries: Record<string, object>): Promise<SourceFixture> {
  const fixture = await startWebhookFixture();
  const { service } = fixture;
  const projects = [service.demo.project_id];
  fixture.setSources(
    Object.fromEntries(
      Object.entries(entries).map(([name, entry]) => [name, { actions: ['principal.disabled'], projects, ...entry }]),
    ),
  );
  const keyId = await newKey(service);
  const call = async (api: string, body: object) => okBody(await service.kms(service.creator, api, body));

  return {
    ...fixture,
    async newMappedPrincipal(source, identity) {
      const grantee = await newGrantee(service, keyId);
      await service.services.store.mappings.put({ source, identity, grantee });
      return grantee;
    },
    async deliver(source, delivery) {
      const response = await fixture.send(`/hooks/${source}`, delivery);
      return fixture.endedJob(okBody(response).job_id);
    },
    async expectRevokedBy(job, principal) {
      expect(job).toMatchObject({ state: 'done', revoked: 1, leftovers: [], unmapped: [], unreadable: 0 });
      expect(await grantsHeldBy(service, principal)).toEqual([]);
      const { events } = await call('list-grant-events', { grantee_principal: principal });
      const [revoked] = events.filter((event: { request_id: string }) => event.request_id === job.job_id);
      expect(revoked).toMatchObject({ actor: `hook:${job.source}`, channel: 'webhook', action: 'principal.disabled' });
    },
    async expectNotRevoked(principal) {
      expect(await grantsHeldBy(service, principal)).toHaveLength(1);
    },
  };
}
