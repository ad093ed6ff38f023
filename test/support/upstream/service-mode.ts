/**
 * The backend in front of a cloud, where it signs with credentials of its own and itself says who may do what: three
 * processes over real sockets. Its directory and receipts are a copy of the cloud's, as of one who was the authority
 * before and has handed the keys over; it has old rows of the keys that nothing may be answered from, and receipts of
 * their making through it, so that it knows their creator. Its credentials are the demo's creator's: at the cloud the keys are that user's.
 */
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../../lib/config.ts';
import type { ChangeEvent } from '../../../lib/domain/events.ts';
import type { Services } from '../../../lib/services.ts';
import { createDemoOnFirstStart, type Demo } from '../../../local/demo.ts';
import type { RunningService } from '../service.ts';
import { loginAt, withProcesses } from './processes.ts';

/** @param env settings of the cloud */
export function startForService(env: Record<string, string>): Promise<RunningService> {
  return withProcesses(async ({ clock, dirOf, start, open, stop }) => {
    const demo = (await createDemoOnFirstStart(parseConfig({ ...env, DATA_DIR: dirOf('cloud') }))) as Demo;
    mkdirSync(dirOf('backend'));
    for (const file of ['kms-grants.db', 'root.key']) {
      copyFileSync(join(dirOf('cloud'), file), join(dirOf('backend'), file));
    }
    const [{ access_key = '', secret_key = '', user_id = '' } = {}] = demo.users;
    const keys = join(dirOf('backend'), 'credentials.json');
    writeFileSync(keys, JSON.stringify({ access_key, secret_key }), { mode: 0o600 });

    const cloud = await start('cloud', [], env);
    const backend = await start('backend', ['--no-demo'], {
      AUTHORITY: 'upstream',
      KMS_CREDENTIALS: `file:${keys}`,
      KMS_ENDPOINT: cloud.url,
      KMS_RATE_PER_SECOND: '1000',
    });
    clock.nowMs = Date.now();
    const [there, own] = [await open('cloud', env), await open('backend')];
    for (const { key_id } of demo.keys) await own.store.events.append(making(demo.project_id, key_id, user_id), []);
    return {
      url: backend.url,
      dataDir: dirOf('cloud'),
      services: {
        ...there,
        store: { ...there.store, directory: own.store.directory },
        tokens: own.tokens,
        accounts: { ...own.accounts, createProject: createProjectOn(own, there, user_id) },
      },
      receipts: own.store.events,
      isSigning: true,
      demo,
      clock,
      login: (login) => loginAt(backend.url, login),
      stop,
    };
  });
}

/** The receipt of a key that was made through the backend. */
function making(projectId: string, keyId: string, actor: string): ChangeEvent {
  const eventId = randomBytes(16).toString('hex');
  const told = { atMs: 0, action: 'create-key', channel: 'http', requestId: 'demo', upstreamRequestId: '' } as const;
  return { eventId, projectId, keyId, actor, ...told };
}

/** A project that the backend is to work in must be there at the cloud too, with a role for its credentials' user. */
function createProjectOn(own: Services, there: Services, userId: string): Services['accounts']['createProject'] {
  return async (...args) => {
    const made = await own.accounts.createProject(...args);
    const { directory } = there.store;
    const known = await directory.domain(made.domain.domainId);
    await directory.addProject(made.project, known ? undefined : made.domain);
    await directory.addRole(userId, made.project.projectId, 'KMS Administrator');
    return made;
  };
}
