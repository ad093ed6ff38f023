/**
 * A refusal may be decided on two reads, with changes by others in between. Some serial order must explain its code.
 * Random concurrent clients produce these cases only now and then on DynamoDB; here they are deterministic.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Store } from '../../lib/store/store.ts';
import { SQLITE } from './engines.ts';
import { newNames } from './names.ts';
import type { Answer, Call } from './request.ts';
import { execute, openSystem, type System, systemOver } from './system-under-test.ts';
import { QUOTAS } from './values.ts';

let system: System;
const names = newNames();
let requests = 0;

beforeEach(async () => {
  system = await openSystem(SQLITE);
});
afterEach(() => system.store.close());

function send(call: Call, user = 'ann', on = system): Promise<Answer> {
  requests += 1;
  const request = { call, user, domain: 'acme', project: 'project a', requestId: `request ${requests}` };
  return execute(on, names, { ...request, padding: '', nowMs: 1_795_327_200_000 + requests, newId: '' }, 0);
}

/** Returns the system with a store that runs `meanwhile` before the first read with this method. */
function withChangesBefore(read: 'keyCount' | 'heldOperations', meanwhile: () => Promise<void>): System {
  let hasRun = false;
  const { grants } = system.store;
  const delayed = async (...args: never[]) => {
    if (!hasRun) {
      hasRun = true;
      await meanwhile();
    }
    return (grants[read] as (...args: never[]) => Promise<unknown>)(...args);
  };
  const store = { ...system.store, grants: { ...grants, [read]: delayed } } as Store;
  return systemOver(system, store);
}

const newKey = (alias: string): Call => ({
  action: 'create-key',
  alias,
  description: '',
  keySpec: 'SM4',
  keyUsage: '',
});

test('create-key is refused with KMS.1104 if another request takes the alias and the last key of the quota meanwhile', async () => {
  for (let n = 1; n < QUOTAS.keysPerProject; n += 1) await send(newKey(`other-${n}`));
  const delayedSystem = withChangesBefore('keyCount', async () => {
    expect(await send(newKey('orders'))).toHaveProperty('answer');
  });
  expect(await send(newKey('orders'), 'ann', delayedSystem)).toEqual({ refused: 'KMS.1104' });
});

test('create-grant is refused with KMS.0209 if the key is disabled and then the delegation revoked meanwhile', async () => {
  const created = (await send(newKey('orders'))) as { answer: { keyId: string } };
  const { keyId } = created.answer;
  const terms = { keyId, grantee: 'bob', granteeType: 'user', operations: ['create-grant', 'encrypt-data'] } as const;
  const grant: Call = { action: 'create-grant', ...terms, operations: [...terms.operations] };
  const { answer } = (await send(grant)) as { answer: { grant_id: string } };
  const delayedSystem = withChangesBefore('heldOperations', async () => {
    expect(await send({ action: 'disable-key', keyId })).toHaveProperty('answer');
    expect(await send({ action: 'revoke-grant', keyId, grantId: answer.grant_id })).toEqual({ answer: {} });
  });
  expect(await send(grant, 'bob', delayedSystem)).toEqual({ refused: 'KMS.0209' });
});
