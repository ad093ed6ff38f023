/** A service with two domains, each with an administrator, and with sources of both. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DemoUser } from '../../../local/demo.ts';
import { newDataDir } from '../../support/process.ts';
import { startService, type TestService } from '../../support/service.ts';

export type Tenant = DemoUser & { project_id: string };

export interface DirectoryService extends TestService {
  /** te_admin of the demo's project. */
  tenant: DemoUser;
  /** te_admin of a project in another domain. */
  stranger: Tenant;
  /** Replaces the document of HOOKS, or writes a text that is none. */
  setSources(document: object | string): void;
}

/** Starts the service with a HOOKS document without sources. */
export async function startDirectoryService(): Promise<DirectoryService> {
  const folder = newDataDir();
  const path = join(folder, 'hooks.json');
  const setSources = (document: object | string) =>
    writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
  setSources({});
  const service = await startService({ HOOKS: `file:${path}` });
  // Of the demo's users, none is te_admin here.
  const { demo, administrator, services } = service;
  await services.accounts.addRole(administrator.user_id, demo.project_id, 'KMS Administrator');
  await services.accounts.removeRole(administrator.user_id, demo.project_id, 'te_admin');
  const tenant = await service.addUser('tenant', 'te_admin');
  const stranger = await service.foreignUser('te_admin');
  // A login writes a token, so all are issued before the tests compare the stored rows.
  for (const user of [tenant, service.creator, service.administrator]) await service.token(user);
  await service.token(stranger, stranger.project_id);
  const stop = async () => {
    await service.stop();
    rmSync(folder, { recursive: true });
  };
  return { ...service, tenant, stranger, setSources, stop };
}

/** A HOOKS document with the source `idp` of the demo's domain, and `theirs` of the other one. */
export function sourcesOfBoth({ demo, stranger }: DirectoryService) {
  const sourceOf = (projectId: string) => ({
    kind: 'standard',
    // A test value only.
    secrets: ['whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz'],
    projects: [projectId],
    actions: ['principal.disabled'],
  });
  return { idp: sourceOf(demo.project_id), theirs: sourceOf(stranger.project_id) };
}

/** Sends a GET, PATCH or PUT with a token of the user. */
export async function sendAs(
  service: TestService,
  user: DemoUser & { project_id?: string },
  request: string,
  body?: object | string,
) {
  const [method = '', path = ''] = request.split(' ');
  const headers = { 'X-Auth-Token': await service.token(user, user.project_id) };
  return service.send(path, { method, headers, body });
}
