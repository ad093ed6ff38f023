/** Tests the model: it is short, shares no code with the service, and gives the documented answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { EMPTY, type State, step } from './model.ts';
import type { Answer, Call, Request } from './request.ts';

const QUOTAS = { grantsPerKey: 100, keysPerProject: 100 };
const sourceOf = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8');
const importsOf = (file: string) => [...sourceOf(file).matchAll(/from '([^']+)'/g)].map(([, target]) => target);

test('the model has under 220 lines and imports only the types of requests', () => {
  expect(sourceOf('model.ts').split('\n').length).toBeLessThan(220);
  expect(importsOf('model.ts')).toEqual(['./request.ts']);
  expect(importsOf('request.ts')).toEqual([]);
});

/** Runs the calls, a millisecond apart. The n-th call creates the id `id n`. */
function answersTo(calls: [user: string, call: Call, over?: Partial<Request>][]): Answer[] {
  let state: State = EMPTY;
  return calls.map(([user, call, over], index) => {
    const request = { call, user, domain: 'acme', project: 'p', requestId: '', padding: '', nowMs: index };
    const [next, answer] = step(state, { ...request, newId: `id ${index}`, ...over }, QUOTAS);
    state = next;
    return answer;
  });
}

const key: Call = { action: 'create-key', alias: 'orders', description: '', keySpec: 'AES_256', keyUsage: '' };
const onKey = { keyId: 'id 0' };
const grant: Call = {
  ...onKey,
  action: 'create-grant',
  grantee: 'b',
  granteeType: 'user',
  operations: ['describe-key', 'retire-grant'],
  retiringPrincipal: 'c',
};
const retire: Call = { ...onKey, action: 'retire-grant', grantId: 'id 1' };
const revoke: Call = { ...onKey, action: 'revoke-grant', grantId: 'id 1' };
const list: Call = { ...onKey, action: 'list-grants', page: { limit: 2 } };

// Source: KMS API reference, retire-grant, note: A grants B and lets C retire; A, B and C can retire it.
test.each(['a', 'b', 'c'])('%s may retire a grant that a created for b with c as retiring principal', (user) => {
  const answers = answersTo([
    ['a', key],
    ['a', grant],
    [user, retire],
  ]);
  expect(answers.at(-1)).toEqual({ answer: {} });
});

// Source: KMS API reference, revoke-grant: only the user who created the key.
test.each(['b', 'c'])('%s may retire a grant of a on its key, but a revoke by %s is KMS.0306', (user) => {
  expect(
    answersTo([
      ['a', key],
      ['a', grant],
      [user, revoke],
    ]).at(-1),
  ).toEqual({ refused: 'KMS.0306' });
});

// Source: KMS API reference, error codes 2404, 2501 and 1104; the quota of grants per key is 100.
test('the 101st grant is KMS.2404, a second revoke of one grant KMS.2501, a second key with one alias KMS.1104', () => {
  const hundred = Array.from({ length: 100 }, (): [string, Call] => ['a', grant]);
  const answers = answersTo([['a', key], ...hundred, ['a', grant], ['a', revoke], ['a', revoke], ['a', key]]);
  const refused = answers.map((answer) => ('refused' in answer ? answer.refused : ''));
  expect(refused.filter((code) => code !== '')).toEqual(['KMS.2404', 'KMS.2501', 'KMS.1104']);
});

test('a page continues after the last id of the page before, up to the last page', () => {
  const three: [string, Call][] = [
    ['a', key],
    ['a', grant],
    ['a', grant],
    ['a', grant],
  ];
  const [first, second] = answersTo([
    ...three,
    ['a', list],
    ['a', { ...list, page: { limit: 2, after: 'id 2' } }],
  ]).slice(4);
  expect(first).toMatchObject({
    answer: { rows: [{ grant_id: 'id 1' }, { grant_id: 'id 2' }], total: 3, next: 'id 2' },
  });
  expect(second).toMatchObject({ answer: { rows: [{ grant_id: 'id 3' }], total: 3, next: undefined } });
});

// Source: docs/api.md, "Retries".
test('a repeated sequence and body gets the first answer for an hour, and then a new one', () => {
  const sequence = '919c82d4-8046-4722-9094-35c3c6524cff';
  const answers = answersTo([
    ['a', key],
    ['a', grant, { sequence }],
    ['a', grant, { sequence, nowMs: 1 + 3_599_999 }],
    ['a', grant, { sequence, nowMs: 1 + 3_600_000 }],
  ]);
  expect(answers.slice(1)).toEqual(['id 1', 'id 1', 'id 3'].map((grant_id) => ({ answer: { grant_id } })));
});

// Source: docs/api.md, "Retries".
test('a repeated sequence whose grant was revoked creates a new grant', () => {
  const sequence = '919c82d4-8046-4722-9094-35c3c6524cff';
  const answers = answersTo([
    ['a', key],
    ['a', grant, { sequence }],
    ['a', revoke],
    ['a', grant, { sequence }],
  ]);
  expect(answers.at(-1)).toEqual({ answer: { grant_id: 'id 3' } });
});

// Source: docs/api.md, "Retries".
test('a repeated signature is a separate request for 2 s, and then gets the first answer while that is true', () => {
  const signature = 'a'.repeat(64);
  const answers = answersTo([
    ['a', key],
    ['a', grant, { signature }],
    ['a', grant, { signature, nowMs: 1 + 1_999 }],
    ['a', grant, { signature, nowMs: 1 + 2_000 }],
    ['a', revoke],
    ['a', grant, { signature, nowMs: 1 + 2_001 }],
  ]);
  expect(answers.slice(1)).toEqual([
    ...['id 1', 'id 2', 'id 1'].map((grant_id) => ({ answer: { grant_id } })),
    { answer: {} },
    { refused: 'APIGW.0301' },
  ]);
});
