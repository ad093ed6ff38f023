/** The table that the functions are started on, and what is in it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseConfig } from '../../lib/config.ts';
import type { RequestContext } from '../../lib/domain/request-context.ts';
import type { Services } from '../../lib/services.ts';
import { signWebhook } from '../../lib/signing/standard-webhooks.ts';
import { receiveWebhook } from '../../lib/webhooks/inbound/receive.ts';
import { createDemoOnFirstStart, type Demo, type DemoUser } from '../../local/demo.ts';
import { openServices } from '../../local/open-services.ts';
import { startKeeper, stopKeeper } from '../../test/support/dynamodb/keeper-process.ts';
import type { World } from './requests.ts';
import { openFront } from './tls.ts';
import { openHookParts } from './webhooks.ts';

export interface Opened {
  world: World;
  /** Whether requests are served; without DynamoDB Local they are refused after their first call. */
  isServing: boolean;
  /** What answers as DynamoDB. */
  what: string;
  /** The environment of a function that is deployed on it. */
  env: Record<string, string>;
  close(): Promise<void>;
}

const TABLE = 'cold-start';

/**
 * DynamoDB Local with the demo project in it; where it cannot start, a server that says of every item that it is not
 * there.
 */
export async function openWorld(folder: string): Promise<Opened> {
  try {
    const endpoint = await startKeeper();
    return await onTable(endpoint, folder);
  } catch (error) {
    await stopKeeper();
    if (!(error instanceof Error) || !error.message.includes('Java')) throw error;
    return onNothing(error.message, folder);
  }
}

async function onTable(endpoint: string, folder: string): Promise<Opened> {
  const env = { ...deployed(endpoint), KEYS_PER_PROJECT: '1000000' };
  const config = parseConfig({ ...env, ROOT_KEY_SECRET: '', DATA_DIR: join(folder, 'data') });
  const demo = (await createDemoOnFirstStart(config)) as Demo;
  const [creator, grantee, , administrator] = demo.users as [DemoUser, DemoUser, DemoUser, DemoUser];
  const hooks = await openHookParts(folder, demo.project_id);
  const services = await openServices(
    parseConfig({ ...env, ...hooks.env, ROOT_KEY_SECRET: '', DATA_DIR: config.dataDir }),
  );
  const { authority, tokens, store } = services;
  const front = await openFront(endpoint, folder);
  const requestContext = (action: string) => contextOf(demo, creator, action);
  const { user_id: userId, password } = creator;
  const login = async ({ user_id: id, password }: DemoUser) =>
    (await tokens.issue({ user: { id }, password, project: { id: demo.project_id } })).token;

  const newKey: World['newKey'] = async (state) => {
    const ask = { alias: `cold-${randomUUID()}`, description: '', keySpec: 'AES_256', keyUsage: 'ENCRYPT_DECRYPT' };
    const { keyId } = await authority.createKey(requestContext('create-key'), ask);
    if (state === 'disabled') await authority.disableKey(requestContext('disable-key'), keyId);
    if (state === 'pending deletion')
      await authority.scheduleKeyDeletion(requestContext('schedule-key-deletion'), keyId, 7);
    return keyId;
  };
  const world: World = {
    projectId: demo.project_id,
    granteeId: grantee.user_id,
    token: await login(creator),
    administratorToken: await login(administrator),
    login: { userId, password },
    hook: hooks.hook,
    jobId: await endedJob(services, hooks.hook),
    keyId: demo.keys[0]?.key_id ?? '',
    newKey,
    async newGrant() {
      const keyId = await newKey('enabled');
      const ask = {
        keyId,
        grantee: grantee.user_id,
        granteeType: 'user' as const,
        operations: ['decrypt-data' as const],
      };
      const { grant_id } = await authority.createGrant(requestContext('create-grant'), ask);
      return { key_id: keyId, grant_id };
    },
  };
  return {
    world,
    isServing: true,
    what: 'DynamoDB Local over TLS',
    env: { ...env, ...hooks.env, DYNAMODB_ENDPOINT: front.endpoint, NODE_EXTRA_CA_CERTS: front.certificate },
    async close() {
      await front.close();
      await hooks.close();
      await store.close();
      await stopKeeper();
    },
  };
}

async function onNothing(why: string, folder: string): Promise<Opened> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/x-amz-json-1.0').end('{"Items":[],"Count":0}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const id = () => randomBytes(16).toString('hex');
  const projectId = id();
  const hooks = await openHookParts(folder, projectId);
  return {
    world: {
      projectId,
      granteeId: id(),
      token: randomBytes(32).toString('base64url'),
      administratorToken: randomBytes(32).toString('base64url'),
      login: { userId: id(), password: id() },
      hook: hooks.hook,
      jobId: id(),
      keyId: randomUUID(),
      newKey: async () => randomUUID(),
      newGrant: async () => ({ key_id: randomUUID(), grant_id: randomBytes(32).toString('hex') }),
    },
    isServing: false,
    what: `a server without items, so requests are refused after their first call (${why.split('\n')[0]})`,
    env: { ...deployed(`http://127.0.0.1:${port}`), ...hooks.env },
    close: async () => {
      await hooks.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A hook that there was nothing to be done for. @returns the id of its job */
async function endedJob(services: Services, { source: name, secret }: World['hook']): Promise<string> {
  const body = Buffer.from(JSON.stringify({ type: 'user.greeted', data: {} }));
  const message = { id: randomUUID(), timestampSeconds: Math.floor(Date.now() / 1000), body };
  const headers = { 'content-type': 'application/json', ...signWebhook(message, [secret]) };
  const request = { method: 'POST', path: `/hooks/${name}`, query: '', headers, body };
  const { job_id } = (await receiveWebhook(services, { name, request, trace: {} })) as { job_id: string };
  return job_id;
}

/** As a stack sets it. The secret is not read: no request here is signed. */
const deployed = (endpoint: string) => ({
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
