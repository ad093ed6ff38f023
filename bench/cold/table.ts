/** The table that the measured functions use, and its data. */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseConfig } from '../../lib/config.ts';
import type { RequestContext } from '../../lib/domain/request-context.ts';
import { tokensOf } from '../../lib/identity/tokens.ts';
import type { Services } from '../../lib/services.ts';
import { signWebhook } from '../../lib/signing/standard-webhooks.ts';
import { WEBHOOKS } from '../../lib/webhooks/inbound/local-kinds.ts';
import { receiveWebhook } from '../../lib/webhooks/inbound/receive.ts';
import { createDemoOnFirstStart, type Demo, type DemoUser } from '../../local/demo.ts';
import { openServices } from '../../local/open-services.ts';
import { startKeeper, stopKeeper } from '../../test/support/dynamodb/keeper-process.ts';
import type { Fixture } from './requests.ts';
import { openTlsProxy } from './tls.ts';
import { openWebhookFixture } from './webhooks.ts';

export interface BenchTable {
  fixture: Fixture;
  /** False for the server without items: functions reject requests after their first call. */
  hasItems: boolean;
  /** Names the server in the report. */
  description: string;
  /** The environment of a function that uses the table. */
  env: Record<string, string>;
  close(): Promise<void>;
}

const TABLE = 'cold-start';

/**
 * Opens DynamoDB Local with the demo project; without Java, a server that replies to every read that there is no item.
 */
export async function openTable(folder: string): Promise<BenchTable> {
  try {
    const endpoint = await startKeeper();
    return await openDynamodbLocal(endpoint, folder);
  } catch (error) {
    await stopKeeper();
    if (!(error instanceof Error) || !error.message.includes('Java')) throw error;
    return openEmptyServer(error.message, folder);
  }
}

async function openDynamodbLocal(endpoint: string, folder: string): Promise<BenchTable> {
  const env = { ...functionSettings(endpoint), KEYS_PER_PROJECT: '1000000' };
  const config = parseConfig({ ...env, ROOT_KEY_SECRET: '', DATA_DIR: join(folder, 'data') });
  const demo = (await createDemoOnFirstStart(config)) as Demo;
  const [creator, grantee, , administrator] = demo.users as [DemoUser, DemoUser, DemoUser, DemoUser];
  const webhooks = await openWebhookFixture(folder, demo.project_id);
  const services = await openServices(
    parseConfig({ ...env, ...webhooks.env, ROOT_KEY_SECRET: '', DATA_DIR: config.dataDir }),
  );
  const { authority, store } = services;
  const proxy = await openTlsProxy(endpoint, folder);
  const requestContext = (action: string) => contextOf(demo, creator, action);
  const { user_id: userId, password } = creator;
  const login = async ({ user_id: id, password }: DemoUser) =>
    (await tokensOf(services).issue({ user: { id }, password, project: { id: demo.project_id } })).token;

  const newKey: Fixture['newKey'] = async (state) => {
    const keyFields = {
      alias: `cold-${randomUUID()}`,
      description: '',
      keySpec: 'AES_256',
      keyUsage: 'ENCRYPT_DECRYPT',
    };
    const { keyId } = await authority.createKey(requestContext('create-key'), keyFields);
    if (state === 'disabled') await authority.disableKey(requestContext('disable-key'), keyId);
    if (state === 'pending deletion')
      await authority.scheduleKeyDeletion(requestContext('schedule-key-deletion'), keyId, 7);
    return keyId;
  };
  const fixture: Fixture = {
    projectId: demo.project_id,
    granteeId: grantee.user_id,
    token: await login(creator),
    administratorToken: await login(administrator),
    login: { userId, password },
    webhook: webhooks.source,
    chatSecret: webhooks.chatSecret,
    jobId: await createEndedJob(services, webhooks.source),
    keyId: demo.keys[0]?.key_id ?? '',
    newKey,
    async newGrant() {
      const keyId = await newKey('enabled');
      const grant = {
        keyId,
        grantee: grantee.user_id,
        granteeType: 'user' as const,
        operations: ['decrypt-data' as const],
      };
      const { grant_id } = await authority.createGrant(requestContext('create-grant'), grant);
      return { key_id: keyId, grant_id };
    },
  };
  return {
    fixture,
    hasItems: true,
    description: 'DynamoDB Local over TLS',
    env: { ...env, ...webhooks.env, DYNAMODB_ENDPOINT: proxy.endpoint, NODE_EXTRA_CA_CERTS: proxy.certificate },
    async close() {
      await proxy.close();
      await webhooks.close();
      await store.close();
      await stopKeeper();
    },
  };
}

/** @param reason why DynamoDB Local cannot run */
async function openEmptyServer(reason: string, folder: string): Promise<BenchTable> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/x-amz-json-1.0').end('{"Items":[],"Count":0}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const id = () => randomBytes(16).toString('hex');
  const projectId = id();
  const webhooks = await openWebhookFixture(folder, projectId);
  return {
    fixture: {
      projectId,
      granteeId: id(),
      token: randomBytes(32).toString('base64url'),
      administratorToken: randomBytes(32).toString('base64url'),
      login: { userId: id(), password: id() },
      webhook: webhooks.source,
      chatSecret: webhooks.chatSecret,
      jobId: id(),
      keyId: randomUUID(),
      newKey: async () => randomUUID(),
      newGrant: async () => ({ key_id: randomUUID(), grant_id: randomBytes(32).toString('hex') }),
    },
    hasItems: false,
    description: `a server without items, so functions reject requests after their first call (${reason.split('\n')[0]})`,
    env: { ...functionSettings(`http://127.0.0.1:${port}`), ...webhooks.env },
    close: async () => {
      await webhooks.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends a webhook with an unknown event, whose job ends immediately. @returns the id of the job */
async function createEndedJob(services: Services, { source: name, secret }: Fixture['webhook']): Promise<string> {
  const body = Buffer.from(JSON.stringify({ type: 'user.greeted', data: {} }));
  const message = { id: randomUUID(), timestampSeconds: Math.floor(Date.now() / 1000), body };
  const headers = { 'content-type': 'application/json', ...signWebhook(message, [secret]) };
  const request = { method: 'POST', path: `/hooks/${name}`, query: '', headers, body };
  const { job_id } = (await receiveWebhook(services, WEBHOOKS, { name, request, trace: {} })) as { job_id: string };
  return job_id;
}

/** Settings as in a deployed stack. Functions never read the secret, because no request here is signed. */
const functionSettings = (endpoint: string) => ({
  STORE: 'dynamodb',
  TABLE,
  DYNAMODB_ENDPOINT: endpoint,
  ROOT_KEY_SECRET: 'cold-start',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
});

function contextOf(
  { project_id: projectId }: Demo,
  { user_id: userId, domain_id: domainId, role }: DemoUser,
  action: string,
): RequestContext {
  return {
    caller: { userId, domainId, projectId, roles: [role] },
    projectId,
    channel: 'admin',
    requestId: randomUUID(),
    action,
    body: new Uint8Array(),
  };
}
