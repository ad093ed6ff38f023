/** The search for a serial order: which answers have one, and which must not have one. */
import { expect, test } from '@jest/globals';
import { EMPTY, step } from './model.ts';
import type { Answer, Call, Request } from './request.ts';
import { type Served, serialOrder } from './serializability.ts';

const QUOTAS = { grantsPerKey: 1, keysPerProject: 100 };

function request(call: Call, newId = ''): Request {
  return { call, user: 'a', domain: 'acme', project: 'p', requestId: '', padding: '', nowMs: 0, newId };
}

const key: Call = { action: 'create-key', alias: 'orders', description: '', keySpec: 'AES_256', keyUsage: '' };
const [start] = step(EMPTY, request(key, 'key'), QUOTAS);
const terms = { grantee: 'b', granteeType: 'user', operations: ['describe-key'] } as const;
const create: Call = { action: 'create-grant', keyId: 'key', ...terms, operations: ['describe-key'] };
const revoke = (grantId: string): Call => ({ action: 'revoke-grant', keyId: 'key', grantId });
const list: Call = { action: 'list-grants', keyId: 'key', page: { limit: 10 } };

type Times = [beganAt: number, endedAt: number];
const served = (call: Call, answer: Answer, [beganAt, endedAt]: Times, newId = ''): Served => ({
  request: request(call, newId),
  answer,
  beganAt,
  endedAt,
});

const createDone = (id: string, times: Times) => served(create, { answer: { grant_id: id } }, times, id);
const createRefused = (times: Times) => served(create, { refused: 'KMS.2404' }, times);
const revokeDone = (id: string, times: Times) => served(revoke(id), { answer: {} }, times);
const listed = (times: Times, ids: string[], total = ids.length) => {
  const rows = ids.map((id) => ({
    key_id: 'key',
    grant_id: id,
    grantee_principal: 'b',
    grantee_principal_type: 'user',
    operations: ['describe-key'],
    issuing_principal: 'a',
    creation_date: '0',
  }));
  return served(list, { answer: { rows, total } }, times);
};
const orderOf = (clients: Served[][], after: Served[] = []) =>
  serialOrder({ start, clients, after }, QUOTAS)?.map((one) => clients.findIndex((client) => client.includes(one)));

test('overlapping requests are put into the order that explains their answers', () => {
  expect(orderOf([[listed([1, 6], ['g'])], [createRefused([2, 5])], [createDone('g', [3, 4])]])).toEqual([2, 0, 1]);
  expect(orderOf([[listed([1, 6], [])], [createDone('g', [2, 5])]], [listed([7, 8], ['g'])])).toEqual([0, 1]);
});

test('requests of one client keep their order', () => {
  expect(orderOf([[createDone('g', [0, 9])], [listed([1, 2], ['g']), listed([3, 4], [])]])).toBeUndefined();
  expect(orderOf([[createDone('g', [0, 9])], [listed([1, 2], []), listed([3, 4], ['g'])]])).toEqual([1, 0, 1]);
});

test('two creates that are both done within a quota of one have no order', () => {
  expect(orderOf([[createDone('g', [1, 3])], [createDone('h', [2, 4])]])).toBeUndefined();
});

test('two revokes of one grant that are both done have no order', () => {
  expect(orderOf([[createDone('g', [1, 2]), revokeDone('g', [3, 5])], [revokeDone('g', [4, 6])]])).toBeUndefined();
});

test('a list without a grant that was created before has no order; one that overlaps the create has', () => {
  expect(orderOf([[createDone('g', [1, 2])], [listed([3, 4], [])]])).toBeUndefined();
  expect(orderOf([[createDone('g', [1, 3])], [listed([2, 4], [])]])).toEqual([1, 0]);
});

test('a list whose total and rows are of different moments has no order', () => {
  expect(orderOf([[createDone('g', [1, 3])], [listed([2, 4], ['g'], 0)]])).toBeUndefined();
});

test('answers whose only order contradicts the final reads have no order', () => {
  const clients = [[createDone('g', [1, 3]), revokeDone('g', [4, 6])], [listed([2, 5], ['g'])]];
  expect(orderOf(clients, [listed([7, 8], [])])).toEqual([0, 1, 0]);
  expect(orderOf(clients, [listed([7, 8], ['g'])])).toBeUndefined();
});
