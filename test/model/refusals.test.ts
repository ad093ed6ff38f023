/**
 * A refusal decided on two reads, with changes of others in between: its code too must be one that some order gives.
 * What random clients at once find now and then on DynamoDB, made to happen.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Store } from '../../lib/store/store.ts';
import { newNames } from './names.ts';
import type { Answer, Ask } from './request.ts';
import { openStage, perform, type Stage, stageOver } from './scenario.ts';
import { SQLITE } from './systems.ts';
import { QUOTAS } from './values.ts';

let stage: Stage;
const names = newNames();
let requests = 0;

beforeEach(async () => {
  stage = await openStage(SQLITE);
});
afterEach(() => stage.store.close());

function ask(what: Ask, user = 'ann', on = stage): Promise<Answer> {
  requests += 1;
  const request = { ask: what, user, domain: 'acme', project: 'project a', requestId: `request ${requests}` };
  return perform(on, names, { ...request, padding: '', nowMs: 1_795_327_200_000 + requests, newId: '' }, 0);
}

/** The stage as one finds it whose second read, of this name, comes after what others did since the first. */
function withReadDelayed(read: 'keyCount' | 'heldOperations', meanwhile: () => Promise<void>): Stage {
  let isPastDeadline = false;
  const { grants } = stage.store;
  const delayed = async (...asked: never[]) => {
    if (!isPastDeadline) {
      isPastDeadline = true;
      await meanwhile();
    }
    return (grants[read] as (...asked: never[]) => Promise<unknown>)(...asked);
  };
  const store = { ...stage.store, grants: { ...grants, [read]: delayed } } as Store;
  return stageOver(stage, store);
}

const newKey = (alias: string): Ask => ({ action: 'create-key', alias, description: '', keySpec: 'SM4', keyUsage: '' });

test('a key whose alias another takes meanwhile, with the last place, is refused for its alias', async () => {
  for (let n = 1; n < QUOTAS.keysPerProject; n += 1) await ask(newKey(`other-${n}`));
  const late = withReadDelayed('keyCount', async () => {
    expect(await ask(newKey('orders'))).toHaveProperty('answer');
  });
  expect(await ask(newKey('orders'), 'ann', late)).toEqual({ refused: 'KMS.1104' });
});

test('a grant passed on while the key is disabled and then the right to it revoked is refused for the key', async () => {
  const made = (await ask(newKey('orders'))) as { answer: { keyId: string } };
  const { keyId } = made.answer;
  const terms = { keyId, grantee: 'bob', granteeType: 'user', operations: ['create-grant', 'encrypt-data'] } as const;
  const grant: Ask = { action: 'create-grant', ...terms, operations: [...terms.operations] };
  const { answer } = (await ask(grant)) as { answer: { grant_id: string } };
  const late = withReadDelayed('heldOperations', async () => {
    expect(await ask({ action: 'disable-key', keyId })).toHaveProperty('answer');
    expect(await ask({ action: 'revoke-grant', keyId, grantId: answer.grant_id })).toEqual({ answer: {} });
  });
  expect(await ask(grant, 'bob', late)).toEqual({ refused: 'KMS.0209' });
});
