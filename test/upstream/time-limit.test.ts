/** The time limit of sendRequest covers the whole response, even if garbage is collected meanwhile. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sendRequest } from '../../lib/clients/http.ts';
import { delayAfter, drip } from './faults.ts';
import { type FaultProxy, startProxy } from './proxy.ts';
import { type RedirectTarget, startRedirectTarget } from './redirect-target.ts';

const LIMIT_MS = 300;
/** Much longer than the test waits, even on a busy machine. */
const FAULT_MS = 20_000;
const LATE_MS = 10_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let upstream: RedirectTarget;
let proxy: FaultProxy;

beforeAll(async () => {
  upstream = await startRedirectTarget();
  proxy = await startProxy(upstream.url);
});
afterAll(async () => {
  await Promise.all([proxy.stop(), upstream.stop()]);
});

test.each([
  { fault: delayAfter(FAULT_MS), isCollecting: false },
  { fault: delayAfter(FAULT_MS), isCollecting: true },
  { fault: drip(FAULT_MS), isCollecting: false },
  { fault: drip(FAULT_MS), isCollecting: true },
])(
  'a response that takes longer than the time limit is rejected in time: $fault.name, garbage collected: $isCollecting',
  async ({ fault, isCollecting }) => {
    proxy.choose = () => fault;
    const startMs = performance.now();
    const timer = isCollecting ? setInterval(collectGarbage, 50) : undefined;
    const request = { method: 'POST', url: `${proxy.url}/v1.0/p/kms/list-grants`, headers: {}, body: '{}' } as const;
    try {
      await expect(sendRequest(request, LIMIT_MS)).rejects.toMatchObject({ failure: 'late' });
    } finally {
      clearInterval(timer);
    }
    expect(performance.now() - startMs).toBeLessThan(LATE_MS);
  },
);
