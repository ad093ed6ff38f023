/**
 * Roles on every KMS route, in deployments where this service checks them: with AK/SK as with a token, and before the
 * body is parsed.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { DemoUser } from '../../local/demo.ts';
import { KMS_APIS, minimalBodies, PRIVILEGED_APIS, READER_APIS } from '../support/apis.ts';
import { expectError } from '../support/expect-error.ts';
import { sendSigned } from '../support/send-signed.ts';
import { startService, type TestService } from '../support/service.ts';
import { storedRows } from '../support/stored-rows.ts';

const OTHER_PROJECT: [number, string] = [403, 'KMS.0321'];
const NO_PERMISSION: [number, string] = [403, 'KMS.0307'];

let service: TestService;
let foreigner: DemoUser & { project_id: string };
let roleless: DemoUser;
/** Has a role that is not in the table of roles. */
let unknownRole: DemoUser;
/** Has a role of the table, without KMS permissions. */
let otherRole: DemoUser;
let bodies: Record<string, Record<string, unknown>>;
let rows: Record<string, unknown[]>;

beforeAll(async () => {
  service = await startService();
  const { accounts, store } = service.services;
  foreigner = await service.foreignUser();
  otherRole = await service.addUser('security', 'Security Administrator');
  const { project } = await accounts.createProject('second', 'demo');
  const createUserElsewhere = async (name: string): Promise<DemoUser> => {
    const user = await accounts.createUser(project.projectId, name, 'KMS Administrator');
    return { ...user, ...(await accounts.createAccessKey(user.user_id)) };
  };
  roleless = await createUserElsewhere('elsewhere');
  unknownRole = await createUserElsewhere('unknown');
  await store.directory.addRole(unknownRole.user_id, service.demo.project_id, 'KMS Nothing');
  for (const user of [service.creator, service.reader, unknownRole, otherRole]) await service.token(user);
  bodies = await minimalBodies(service);
  rows = await storedRows(service);
});
afterAll(() => service.stop());

describe.each(KMS_APIS)('%s', (name) => {
  const sendBy = (user: DemoUser) =>
    sendSigned(service, user, `/v1.0/${service.demo.project_id}/kms/${name}`, JSON.stringify(bodies[name]));

  afterEach(async () => {
    expect(await storedRows(service)).toEqual(rows);
  });

  test('refuses an AK/SK of a user without a role in the project: KMS.0321', async () => {
    for (const user of [foreigner, roleless]) expectError(await sendBy(user), OTHER_PROJECT);
  });

  test('refuses a role without the permission, with AK/SK and with a token, even if the body is malformed: KMS.0307', async () => {
    const users = [unknownRole, otherRole, ...(READER_APIS.includes(name) ? [] : [service.reader])];
    if (PRIVILEGED_APIS.includes(name)) users.push(service.creator);
    for (const user of users) {
      expectError(await sendBy(user), NO_PERMISSION);
      expectError(await service.kms(user, name, 'not JSON'), NO_PERMISSION);
    }
  });
});
