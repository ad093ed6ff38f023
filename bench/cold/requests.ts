/** A successful request for each function, with all of its calls to the table. */
import { randomUUID } from 'node:crypto';
import { signWebhook } from '../../lib/signing/standard-webhooks.ts';
import { DEMO_CHAT_SOURCE } from '../../local/demo-chat.ts';
import { type Bundle, CHAT_PREVIEW } from './bundles.ts';

/** The data that requests use. Each `new…` function creates an item that no other request uses. */
export interface Fixture {
  projectId: string;
  granteeId: string;
  /** A token of the key's creator for the project. */
  token: string;
  administratorToken: string;
  login: { userId: string; password: string };
  /** The webhook source. */
  webhook: { source: string; secret: string };
  /** The secret of the chat source of kind bot, through which the key's creator sends commands. */
  chatSecret: string;
  /** A job that has ended. */
  jobId: string;
  /** A key that has grants. */
  keyId: string;
  newKey(state: 'enabled' | 'disabled' | 'pending deletion'): Promise<string>;
  newGrant(): Promise<{ key_id: string; grant_id: string }>;
}

interface RequestParts {
  /** For a function with several routes; by default its first one. */
  route?: string;
  body?: object | string;
  /** Path parameters, besides project_id. */
  params?: Record<string, string>;
  headers?: Record<string, string>;
}

const REQUESTS: Record<string, (fixture: Fixture) => RequestParts | Promise<RequestParts>> = {
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

  webhook: ({ webhook: { source, secret }, granteeId }) => {
    const body = JSON.stringify({ type: 'principal.disabled', data: { grantee_principal: granteeId } });
    const message = { id: randomUUID(), timestampSeconds: Math.floor(Date.now() / 1000), body };
    return { body, params: { source }, headers: signWebhook(message, [secret]) };
  },
  chat: (fixture) => chatRequest(fixture, `list ${fixture.keyId}`),
  [CHAT_PREVIEW]: async (fixture) => {
    const { key_id, grant_id } = await fixture.newGrant();
    return chatRequest(fixture, `revoke ${key_id} ${grant_id}`);
  },
  job: ({ jobId, projectId }) => ({ params: { id: jobId }, headers: { 'x-project-id': projectId } }),
};

function chatRequest({ chatSecret }: Fixture, command: string): RequestParts {
  const body = JSON.stringify({ command, actor: 'creator' });
  const message = { id: randomUUID(), timestampSeconds: Math.floor(Date.now() / 1000), body };
  return { route: `POST /hooks/${DEMO_CHAT_SOURCE}`, body, headers: signWebhook(message, [chatSecret]) };
}

/** Whether the function gets a request that succeeds; any other function gets one that it rejects. */
export const hasRequest = ({ api }: Bundle) => api in REQUESTS;

/** Whether the reply tells a person in chat that the command was refused; its status is 200. */
export const isChatRefusal = (body = '') => body.includes('"tone":"bad"');

/** Returns the event that API Gateway, SQS or the scheduler would send to the function. */
export async function eventFor({ api, route: firstRoute }: Bundle, fixture: Fixture): Promise<object> {
  if (firstRoute === undefined) return api === 'work' ? sqsEvent(fixture) : scheduledEvent();
  const request = (await REQUESTS[api]?.(fixture)) ?? {};
  const { route = firstRoute } = request;
  const [method = '', pattern = ''] = route === '*' ? ['POST', '/v1.0/nothing'] : route.split(' ');
  const params: Record<string, string> = { project_id: fixture.projectId, ...request.params };
  const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
  const body = typeof request.body === 'string' ? request.body : JSON.stringify(request.body ?? {});
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
      'x-auth-token': fixture.token,
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      ...request.headers,
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

/** A message about a job that has ended. Source: Lambda Developer Guide, "Using Lambda with Amazon SQS". */
function sqsEvent({ jobId }: Fixture): object {
  const record = {
    messageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
    receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
    body: JSON.stringify({ kind: 'job', jobId }),
    attributes: { ApproximateReceiveCount: '1' },
  };
  return { Records: [record] };
}

/** Source: EventBridge User Guide, "Scheduled events". */
function scheduledEvent(): object {
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
