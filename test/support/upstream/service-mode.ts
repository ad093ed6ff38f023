/**
 * The backend in front of an upstream KMS, where it signs with its own credentials and decides itself who may do what.
 * Three processes: the test is the client, the upstream is a standalone instance, the backend stands between them.
 *
 * The backend starts with a copy of the upstream's database: the same users and grants, and events that say who
 * created each key. Its credentials are those of the demo's creator, who owns the keys at the upstream.
 */
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../../lib/config.ts';
import type { ChangeEvent } from '../../../lib/domain/events.ts';
import type { Services } from '../../../lib/services.ts';
import { createDemoOnFirstStart, type Demo } from '../../../local/demo.ts';
import type { RunningService } from '../service.ts';
import { logIn, withProcesses } from './processes.ts';

/** @param env settings of the upstream */
export function startServiceMode(env: Record<string, string>): Promise<RunningService> {
  return withProcesses(async ({ clock, dataDirOf, start, openServicesOf, stop }) => {
    const demo = (await createDemoOnFirstStart(parseConfig({ ...env, DATA_DIR: dataDirOf('upstream') }))) as Demo;
    mkdirSync(dataDirOf('backend'));
    for (const file of ['kms-grants.db', 'root.key']) {
      copyFileSync(join(dataDirOf('upstream'), file), join(dataDirOf('backend'), file));
    }
    const [{ access_key = '', secret_key = '', user_id = '' } = {}] = demo.users;
    const credentialsFile = join(dataDirOf('backend'), 'credentials.json');
    writeFileSync(credentialsFile, JSON.stringify({ access_key, secret_key }), { mode: 0o600 });

    const upstream = await start('upstream', [], env);
    const backend = await start('backend', ['--no-demo'], {
      AUTHORITY: 'upstream',
      KMS_CREDENTIALS: `file:${credentialsFile}`,
      KMS_ENDPOINT: upstream.url,
      KMS_RATE_PER_SECOND: '1000',
    });
    clock.nowMs = Date.now();
    const upstreamServices = await openServicesOf('upstream', env);
    const { store, accounts } = await openServicesOf('backend');
    for (const { key_id } of demo.keys) {
      await store.events.append(createKeyEvent(demo.project_id, key_id, user_id), []);
    }
    return {
      url: backend.url,
      dataDir: dataDirOf('upstream'),
      services: {
        ...upstreamServices,
        store: { ...upstreamServices.store, directory: store.directory },
        accounts: { ...accounts, createProject: createProjectInBoth(accounts, upstreamServices, user_id) },
      },
      events: store.events,
      signsUpstreamCalls: true,
      demo,
      clock,
      login: (login) => logIn(backend.url, login),
      stop,
    };
  });
}

/** The event of a key that was created through the backend. */
function createKeyEvent(projectId: string, keyId: string, actor: string): ChangeEvent {
  return {
    eventId: randomBytes(16).toString('hex'),
    atMs: 0,
    action: 'create-key',
    projectId,
    keyId,
    actor,
    channel: 'http',
    requestId: 'demo',
    upstreamRequestId: '',
  };
}

/** Creates each project at the upstream too, with a role there for the user whose credentials the backend has. */
function createProjectInBoth(
  accounts: Services['accounts'],
  upstream: Services,
  userId: string,
): Services['accounts']['createProject'] {
  return async (...args) => {
    const created = await accounts.createProject(...args);
    const { directory } = upstream.store;
    const isKnownDomain = (await directory.domain(created.domain.domainId)) !== undefined;
    await directory.addProject(created.project, isKnownDomain ? undefined : created.domain);
    await directory.addRole(userId, created.project.projectId, 'KMS Administrator');
    return created;
  };
}
