/** A KMS with keys and grants behind the scripted upstream. A test sets how the lists of single keys differ. */
import type { ServerResponse } from 'node:http';
import type { Reply, UpstreamFixture } from './scripted-upstream.ts';

export interface SimulatedKms {
  /** Rows of list-keys. */
  keys: object[];
  /** Rows of list-grants, of all keys. */
  grants: Record<string, unknown>[];
  /** Replies of list-grants for single keys, instead of their rows. */
  listReplies: Map<string, Reply>;
  /** Called after a revoke was received, before its reply. */
  onRevoke: (grantId: string) => void;
  /** Grants that a revoke reports as revoked although it leaves them. */
  ineffective: Set<string>;
}

export const keyRow = (key_id: string, more: object = {}) => ({
  key_id,
  domain_id: 'd0000000000000000000000000000001',
  key_alias: 'a-key',
  key_state: '2',
  ...more,
});

export const listOf = (grants: object[], more: object = {}) => ({
  grants,
  next_marker: '',
  truncated: 'false',
  total: grants.length,
  ...more,
});

/** Sends a reply of the upstream. */
export function send(response: ServerResponse, reply: Reply): void {
  if (typeof reply === 'function') return void reply(response);
  const [status, body] = reply;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'upstream' }).end(text);
}

export function simulateKms(fixture: UpstreamFixture, keyIds: readonly string[], grants: object[] = []): SimulatedKms {
  const kms: SimulatedKms = {
    keys: keyIds.map((id) => keyRow(id)),
    grants: grants as Record<string, unknown>[],
    listReplies: new Map(),
    onRevoke: () => undefined,
    ineffective: new Set(),
  };
  const fields = () => fixture.received.at(-1)?.fields ?? {};
  fixture.replies['list-keys'] = [
    (response) => {
      const body = { key_details: kms.keys, next_marker: '', truncated: 'false', total: kms.keys.length };
      send(response, [200, body]);
    },
  ];
  fixture.replies['list-grants'] = [
    (response) => {
      const { key_id } = fields();
      const rows = kms.grants.filter((grant) => grant['key_id'] === key_id);
      send(response, kms.listReplies.get(String(key_id)) ?? [200, listOf(rows)]);
    },
  ];
  fixture.replies['revoke-grant'] = [
    (response) => {
      const { grant_id } = fields();
      const isThere = kms.grants.some((grant) => grant['grant_id'] === grant_id);
      if (!kms.ineffective.has(String(grant_id))) {
        kms.grants = kms.grants.filter((grant) => grant['grant_id'] !== grant_id);
      }
      kms.onRevoke(String(grant_id));
      const error = { error_code: 'KMS.2501', error_msg: 'Invalid grant ID.' };
      send(response, isThere ? [200, {}] : [400, { error }]);
    },
  ];
  return kms;
}
