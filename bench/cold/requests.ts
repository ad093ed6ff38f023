/** What each function is asked: something that it does, with the calls to the table that this takes. */
import { randomUUID } from 'node:crypto';
import { signWebhook } from '../../lib/signing/standard-webhooks.ts';
import type { Bundle } from './bundles.ts';

/** What requests are about. Each `new…` makes one that no other request has touched. */
export interface World {
  projectId: string;
  granteeId: string;
  /** Of the key's creator, good for the project. */
  token: string;
  administratorToken: string;
  login: { userId: string; password: string };
  /** Who may send hooks. */
  hook: { source: string; secret: string };
  /** What a hook has started. */
  jobId: string;
  /** A key that has grants. */
  keyId: string;
  newKey(state: 'enabled' | 'disabled' | 'pending deletion'): Promise<string>;
  newGrant(): Promise<{ key_id: string; grant_id: string }>;
}

interface Asked {
  body?: object | string;
  /** What the route names. */
  params?: Record<string, string>;
  headers?: Record<string, string>;
}

const ASKED: Record<string, (world: World) => Asked | Promise<Asked>> = {
  'list-grants': ({ keyId }) => ({ body: { key_id: keyId, limit: '100' } }),
  'list-retirable-grants': () => ({ body: { limit: '100' } }),
  'revoke-grant': async ({ newGrant }) => ({ body: await newGrant() }),
  'create-grant': async ({ newKey, granteeId }) => ({
    body: {
      key_id: await newKey('enabled'),
      grantee_principal: granteeId,
      operations: ['describe-key', 'decrypt-data'],
    },
  }),
  'retire-grant': async ({ newGrant }) => ({ body: await newGrant() }),

  'list-principal-grants': ({ granteeId }) => ({ body: { grantee_principal: granteeId, limit: '100' } }),
  'revoke-principal-grants': async ({ newGrant, granteeId, administratorToken }) => ({
    headers: { 'x-auth-token': administratorToken },
    body: { grantee_principal: granteeId, key_id: (await newGrant()).key_id },
  }),
  'list-grant-events': ({ granteeId }) => ({ body: { grantee_principal: granteeId, limit: '100' } }),

  'create-key': () => ({ body: { key_alias: `cold-${randomUUID()}` } }),
  'list-keys': () => ({ body: { limit: '10' } }),
  'describe-key': ({ keyId }) => ({ body: { key_id: keyId } }),
  'enable-key': async ({ newKey }) => ({ body: { key_id: await newKey('disabled') } }),
  'disable-key': async ({ newKey }) => ({ body: { key_id: await newKey('enabled') } }),
  'schedule-key-deletion': async ({ newKey }) => ({ body: { key_id: await newKey('enabled'), pending_days: '7' } }),
  'cancel-key-deletion': async ({ newKey }) => ({ body: { key_id: await newKey('pending deletion') } }),

  'create-token': ({ login, projectId }) => ({
    body: {
      auth: {
        identity: { methods: ['password'], password: { user: { id: login.userId, password: login.password } } },
        scope: { project: { id: projectId } },
      },
    },
  }),
  'check-token': ({ token }) => ({ headers: { 'x-subject-token': token } }),
  projects: () => ({}),

  webhook: ({ hook: { source, secret }, granteeId }) => {
    const body = JSON.stringify({ type: 'principal.disabled', data: { grantee_principal: granteeId } });
    const message = { id: randomUUID(), timestampSeconds: Math.floor(Date.now() / 1000), body };
    return { body, params: { source }, headers: signWebhook(message, [secret]) };
  },
  job: ({ jobId, projectId }) => ({ params: { id: jobId }, headers: { 'x-project-id': projectId } }),
};

/** Whether it is asked something that it serves; any other is only asked for a refusal. */
export const isServed = ({ api }: Bundle) => api in ASKED;

/** The event that API Gateway, or for what no request reaches the scheduler, would send it. */
export async function eventFor({ api, route }: Bundle, world: World): Promise<object> {
  if (route === undefined) return api === 'work' ? queued(world) : scheduled();
  const asked = (await ASKED[api]?.(world)) ?? {};
  const [method = '', pattern = ''] = route === '*' ? ['POST', '/v1.0/nothing'] : route.split(' ');
  const params: Record<string, string> = { project_id: world.projectId, ...asked.params };
  const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
  const body = typeof asked.body === 'string' ? asked.body : JSON.stringify(asked.body ?? {});
  return {
    version: '2.0',
    routeKey: route === '*' ? '$default' : route,
    rawPath: path,
    rawQueryString: '',
    headers: {
      accept: 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'content-type': 'application/json',
      host: 'kms.example.com',
      'user-agent': 'huaweicloud-usdk-python/3.0',
      'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678',
      'x-auth-token': world.token,
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      ...asked.headers,
    },
    pathParameters: params,
    requestContext: {
      accountId: '123456789012',
      apiId: 'api-id',
      domainName: 'kms.example.com',
      domainPrefix: 'kms',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'huaweicloud-usdk-python/3.0' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: route,
      stage: '$default',
      time: '22/Nov/2026:10:00:00 +0000',
      timeEpoch: 1_795_341_600_000,
    },
    body,
    isBase64Encoded: false,
  };
}

/** A job that has come to its end. Source: Lambda Developer Guide, "Using Lambda with Amazon SQS". */
function queued({ jobId }: World): object {
  const record = {
    messageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
    receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
    body: JSON.stringify({ kind: 'job', jobId }),
    attributes: { ApproximateReceiveCount: '1' },
  };
  return { Records: [record] };
}

/** Source: EventBridge User Guide, "Scheduled events". */
function scheduled(): object {
  return {
    version: '0',
    id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: '123456789012',
    time: '2026-11-22T10:00:00Z',
    region: 'eu-central-1',
    resources: [],
    detail: '{}',
  };
}
