/** A running service with sources of the kind `scim`, and a client of the SCIM server. */
import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { grantIdsOn, newGrant, newKey } from '../support/create.ts';
import {
  ALL_ACTIONS,
  PLAIN_SECRET,
  startWebhookFixture,
  type WebhookFixture,
  type WebhookResponse,
} from '../webhooks/fixture.ts';

export const PRINCIPAL_SCHEMA = 'urn:ietf:params:scim:schemas:extension:kms-grants:2.0:User';
export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

export interface ScimFixture extends WebhookFixture {
  /** Sends a request to the source, by default `entra`, with its token. @param path such as `Users?count=1` */
  scim(method: string, path: string, body?: object, options?: ScimOptions): Promise<WebhookResponse>;
  /** Creates a principal with one grant. */
  newPrincipal(): Promise<string>;
  /** Whether the principal has a grant. */
  hasGrant(principal: string): Promise<boolean>;
  /** Waits for the end of the job that a reply names. */
  jobOf(response: WebhookResponse): Promise<WebhookResponse['body']>;
  map(source: string, identity: string, grantee: string): Promise<void>;
}

interface ScimOptions {
  source?: string;
  headers?: Record<string, string>;
}

/** Its sources: `entra` trusts the attribute of the principal, `okta-scim` trusts nothing, `mail` e-mail addresses. */
export async function startScimFixture(): Promise<ScimFixture> {
  const fixture = await startWebhookFixture();
  const { service } = fixture;
  const common = { kind: 'scim', secrets: [PLAIN_SECRET], projects: [service.demo.project_id], actions: ALL_ACTIONS };
  fixture.setSources({
    entra: { ...common, principal_attribute: true },
    'okta-scim': common,
    mail: { ...common, trust_email: true },
    narrow: { ...common, actions: ['grant.revoke'] },
    hr: { ...common, kind: 'standard', secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] },
  });
  const keyId = await newKey(service);
  const grants = new Map<string, string>();
  return {
    ...fixture,
    scim: (method, path, body, { source = 'entra', headers = {} } = {}) =>
      fixture.send(`/hooks/${source}/${path}`, {
        method,
        headers: { authorization: `Bearer ${PLAIN_SECRET}`, ...headers },
        body,
      }),
    async newPrincipal() {
      const principal = randomUUID().replaceAll('-', '');
      grants.set(principal, await newGrant(service, keyId, { grantee_principal: principal }));
      return principal;
    },
    hasGrant: async (principal) => (await grantIdsOn(service, keyId)).includes(grants.get(principal) ?? ''),
    jobOf({ headers }) {
      const jobId = headers.get('x-job-id') ?? '';
      expect(jobId).toMatch(/^[0-9a-f]{32}$/);
      return fixture.endedJob(jobId);
    },
    map: (source, identity, grantee) => service.services.store.mappings.put({ source, identity, grantee }),
  };
}
