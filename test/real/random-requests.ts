/**
 * The tests that send random requests to the service and check each reply against the OpenAPI document. Each store has
 * a test file that calls them, so that jest runs the stores at the same time.
 */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newDataDir, type ServiceProcess, startProcess } from '../support/process.ts';
import { type Authentication, findFaults, type Phase } from './schemathesis.ts';

/** Large enough that random requests do not use up a quota. */
const QUOTAS = { GRANTS_PER_KEY: '100000', KEYS_PER_PROJECT: '100000' };

/** @param storeSettings returns the settings that select the store; it is called before the first test */
export function randomRequests(storeSettings: () => Record<string, string>, phases: readonly Phase[]): void {
  let service: ServiceProcess;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = newDataDir();
    service = await startProcess(dataDir, [], { ...QUOTAS, ...storeSettings() });
  });
  afterAll(async () => {
    await service?.stop();
    rmSync(dataDir, { recursive: true });
  });

  test.each<Authentication>(['token', 'signature', 'nothing'])(
    'random requests authenticated with %s get only replies that the document describes, and no invalid one is accepted',
    async (authentication) => {
      const administrator = service.demo().users.at(-1);
      if (!administrator) throw new Error('the demo has no users');
      expect(await findFaults(service, authentication, administrator, phases)).toBeUndefined();
    },
    600_000,
  );
}
