/** What is asked of a KMS that keeps grants, and what it answers, in words that the model and every system share. */

export interface Page {
  limit: number;
  after?: string;
  offset?: number;
}

export type Ask =
  | { action: 'create-key'; alias: string; description: string; keySpec: string; keyUsage: string }
  | { action: 'describe-key' | 'enable-key' | 'disable-key' | 'cancel-key-deletion'; keyId: string }
  | { action: 'schedule-key-deletion'; keyId: string; pendingDays: number }
  | { action: 'list-keys'; state?: string; keySpec?: string; page: Page }
  | GrantAsk
  | { action: 'revoke-grant' | 'retire-grant'; keyId: string; grantId: string }
  | { action: 'list-grants'; keyId: string; grantee?: string; page: Page }
  | { action: 'list-retirable-grants'; page: Page }
  | { action: 'list-events'; keyId?: string; grantId?: string; limit: number }
  | { action: 'delete-due-keys' };

export interface GrantAsk {
  action: 'create-grant';
  keyId: string;
  grantee: string;
  granteeType: 'user' | 'domain';
  operations: string[];
  name?: string;
  retiringPrincipal?: string;
}

export interface Request {
  ask: Ask;
  user: string;
  domain: string;
  project: string;
  requestId: string;
  sequence?: string;
  signature?: string;
  /** White space at the end of the body: the same ask, but not the same bytes. */
  padding: string;
  nowMs: number;
  /** What a key or grant is to be called, should one be made. Ids sort in the order of their making. */
  newId: string;
}

export type Answer = { answer: unknown } | { refused: string };

export interface Quotas {
  grantsPerKey: number;
  keysPerProject: number;
}
