/** The limit of one exchange holds to the last byte, also when memory is tidied up while it goes on. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sendRequest } from '../../lib/clients/http.ts';
import { delayAfter, drip } from './faults.ts';
import { type FaultProxy, startProxy } from './proxy.ts';
import { type Elsewhere, startElsewhere } from './remote-processes.ts';

const LIMIT_MS = 300;
/** Long before the other side is done, however crowded this machine is. */
const FAULT_MS = 20_000;
const LATE_MS = 10_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let cloud: Elsewhere;
let proxy: FaultProxy;

beforeAll(async () => {
  cloud = await startElsewhere();
  proxy = await startProxy(cloud.url);
});
afterAll(async () => {
  await Promise.all([proxy.stop(), cloud.stop()]);
});

test.each([
  { fault: delayAfter(FAULT_MS), isCollecting: false },
  { fault: delayAfter(FAULT_MS), isCollecting: true },
  { fault: drip(FAULT_MS), isCollecting: false },
  { fault: drip(FAULT_MS), isCollecting: true },
])('$fault.name, garbage collected: $isCollecting', async ({ fault, isCollecting }) => {
  proxy.choose = () => fault;
  const startMs = performance.now();
  const timer = isCollecting ? setInterval(collectGarbage, 50) : undefined;
  const request = { method: 'POST', url: `${proxy.url}/v1.0/p/kms/list-grants`, headers: {}, body: '{}' } as const;
  try {
    await expect(sendRequest(request, LIMIT_MS)).rejects.toMatchObject({ failing: 'late' });
  } finally {
    clearInterval(timer);
  }
  expect(performance.now() - startMs).toBeLessThan(LATE_MS);
});
