/**
 * The backend in front of an upstream KMS to which it passes the caller's own token. Three processes: the test is the
 * client, the upstream is a standalone instance with the demo project, and the backend stands between them.
 */
import type { RunningService } from '../service.ts';
import { logIn, withProcesses } from './processes.ts';

/** @param env settings of the upstream */
export function startCallerMode(env: Record<string, string>): Promise<RunningService> {
  return withProcesses(async ({ clock, dataDirOf, start, openServicesOf, stop }) => {
    const upstream = await start('upstream', [], env);
    const backend = await start('backend', ['--no-demo'], {
      AUTHORITY: 'upstream',
      KMS_CREDENTIALS: 'caller',
      KMS_ENDPOINT: upstream.url,
      KMS_RATE_PER_SECOND: '1000',
      IDENTITY: 'keystone',
      IAM_ENDPOINT: upstream.url,
      // Tests take away a user's role and expect the next request to be refused.
      TOKEN_CACHE_SECONDS: '0',
    });
    clock.nowMs = Date.now();
    const { store } = await openServicesOf('backend');
    return {
      url: backend.url,
      dataDir: dataDirOf('upstream'),
      services: await openServicesOf('upstream', env),
      events: store.events,
      signsUpstreamCalls: false,
      demo: upstream.demo(),
      clock,
      login: (login) => logIn(upstream.url, login),
      stop,
    };
  });
}
