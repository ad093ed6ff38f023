/**
 * The backend in front of a cloud that judges every caller's own token: three processes over real sockets. The test is
 * the client; the cloud is a standalone instance with the demo in it; the backend stands between them.
 */
import type { RunningService } from '../service.ts';
import { loginAt, withProcesses } from './processes.ts';

/** @param env settings of the cloud */
export function startForCaller(env: Record<string, string>): Promise<RunningService> {
  return withProcesses(async ({ clock, dirOf, start, open, stop }) => {
    const cloud = await start('cloud', [], env);
    const backend = await start('backend', ['--no-demo'], {
      AUTHORITY: 'upstream',
      KMS_CREDENTIALS: 'caller',
      KMS_ENDPOINT: cloud.url,
      KMS_RATE_PER_SECOND: '1000',
      IDENTITY: 'keystone',
      IAM_ENDPOINT: cloud.url,
      // The cloud's answer of this moment: tests take a user's rights away and ask again at once.
      TOKEN_CACHE_SECONDS: '0',
    });
    clock.nowMs = Date.now();
    const own = await open('backend');
    return {
      url: backend.url,
      dataDir: dirOf('cloud'),
      services: await open('cloud', env),
      receipts: own.store.events,
      isSigning: false,
      demo: cloud.demo(),
      clock,
      login: (login) => loginAt(cloud.url, login),
      stop,
    };
  });
}
