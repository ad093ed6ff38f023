/** Requests and answers in the common form of the model and the systems under test. */

export interface Page {
  limit: number;
  after?: string;
  offset?: number;
}

export type Call =
  | { action: 'create-key'; alias: string; description: string; keySpec: string; keyUsage: string }
  | { action: 'describe-key' | 'enable-key' | 'disable-key' | 'cancel-key-deletion'; keyId: string }
  | { action: 'schedule-key-deletion'; keyId: string; pendingDays: number }
  | { action: 'list-keys'; state?: string; keySpec?: string; page: Page }
  | CreateGrantCall
  | { action: 'revoke-grant' | 'retire-grant'; keyId: string; grantId: string }
  | { action: 'list-grants'; keyId: string; grantee?: string; page: Page }
  | { action: 'list-retirable-grants'; page: Page }
  | { action: 'list-events'; keyId?: string; grantId?: string; limit: number }
  | { action: 'delete-due-keys' };

export interface CreateGrantCall {
  action: 'create-grant';
  keyId: string;
  grantee: string;
  granteeType: 'user' | 'domain';
  operations: string[];
  name?: string;
  retiringPrincipal?: string;
}

export interface Request {
  call: Call;
  user: string;
  domain: string;
  project: string;
  requestId: string;
  sequence?: string;
  signature?: string;
  /** White space at the end of the body: the same call in different bytes. */
  padding: string;
  nowMs: number;
  /** The name of the key or grant that the request creates, if any. Names sort in order of creation. */
  newId: string;
}

/** `refused` is an error code. */
export type Answer = { answer: unknown } | { refused: string };

export interface Quotas {
  grantsPerKey: number;
  keysPerProject: number;
}
