/** The search for a serial order: what it must find, and what it must not explain away. */
import { expect, test } from '@jest/globals';
import { EMPTY, step } from './model.ts';
import type { Answer, Ask, Request } from './request.ts';
import { type Served, serialOrder } from './serializability.ts';

const QUOTAS = { grantsPerKey: 1, keysPerProject: 100 };

function request(ask: Ask, newId = ''): Request {
  return { ask, user: 'a', domain: 'acme', project: 'p', requestId: '', padding: '', nowMs: 0, newId };
}

const key: Ask = { action: 'create-key', alias: 'orders', description: '', keySpec: 'AES_256', keyUsage: '' };
const [start] = step(EMPTY, request(key, 'key'), QUOTAS);
const terms = { grantee: 'b', granteeType: 'user', operations: ['describe-key'] } as const;
const create: Ask = { action: 'create-grant', keyId: 'key', ...terms, operations: ['describe-key'] };
const revoke = (grantId: string): Ask => ({ action: 'revoke-grant', keyId: 'key', grantId });
const list: Ask = { action: 'list-grants', keyId: 'key', page: { limit: 10 } };

type Times = [beganAt: number, endedAt: number];
const served = (ask: Ask, answer: Answer, [beganAt, endedAt]: Times, newId = ''): Served => ({
  request: request(ask, newId),
  answer,
  beganAt,
  endedAt,
});

const made = (id: string, times: Times) => served(create, { answer: { grant_id: id } }, times, id);
const full = (times: Times) => served(create, { refused: 'KMS.2404' }, times);
const revoked = (id: string, times: Times) => served(revoke(id), { answer: {} }, times);
const told = (times: Times, ids: string[], total = ids.length) => {
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

test('what overlaps is put into the order that gives the answers', () => {
  expect(orderOf([[told([1, 6], ['g'])], [full([2, 5])], [made('g', [3, 4])]])).toEqual([2, 0, 1]);
  expect(orderOf([[told([1, 6], [])], [made('g', [2, 5])]], [told([7, 8], ['g'])])).toEqual([0, 1]);
});

test('a client sees its own requests in its own order', () => {
  expect(orderOf([[made('g', [0, 9])], [told([1, 2], ['g']), told([3, 4], [])]])).toBeUndefined();
  expect(orderOf([[made('g', [0, 9])], [told([1, 2], []), told([3, 4], ['g'])]])).toEqual([1, 0, 1]);
});

test('two creates done where there is room for one have no order', () => {
  expect(orderOf([[made('g', [1, 3])], [made('h', [2, 4])]])).toBeUndefined();
});

test('two revokes of one grant that are both answered as done have no order', () => {
  expect(orderOf([[made('g', [1, 2]), revoked('g', [3, 5])], [revoked('g', [4, 6])]])).toBeUndefined();
});

test('a list that misses a grant answered before it began has no order, one that overlaps it has', () => {
  expect(orderOf([[made('g', [1, 2])], [told([3, 4], [])]])).toBeUndefined();
  expect(orderOf([[made('g', [1, 3])], [told([2, 4], [])]])).toEqual([1, 0]);
});

test('a list whose total is of another moment than its rows has no order', () => {
  expect(orderOf([[made('g', [1, 3])], [told([2, 4], ['g'], 0)]])).toBeUndefined();
});

test('answers that have an order, but not one that ends as all ended, have none', () => {
  const clients = [[made('g', [1, 3]), revoked('g', [4, 6])], [told([2, 5], ['g'])]];
  expect(orderOf(clients, [told([7, 8], [])])).toEqual([0, 1, 0]);
  expect(orderOf(clients, [told([7, 8], ['g'])])).toBeUndefined();
});
