/** Tests console/api/jobs.ts. */
import { describe, expect, test } from '@jest/globals';
import { canRetry, canStop, isFinal, progressOf, remainingOf, shownState, statesOf } from '../../console/api/jobs.ts';
import type { JobState } from '../../console/api/types.ts';

const job = (
  state: JobState,
  parts: { revoked?: number; remaining?: number; unmapped?: string[]; unreadable?: number } = {},
) => ({
  state,
  revoked: 0,
  remaining: 0,
  unmapped: [],
  unreadable: 0,
  needs_person: 0,
  ...parts,
});

describe('a job is shown as done only when nothing is left', () => {
  test.each([
    ['done', {}, 'done'],
    ['done', { remaining: 1 }, 'leftovers'],
    ['done', { unmapped: ['a@example.com'] }, 'unmapped'],
    ['done', { unreadable: 1 }, 'unreadable'],
    ['done', { needs_person: 1 }, 'needs-person'],
    ['running', { remaining: 1 }, 'running'],
    ['stopped', {}, 'stopped'],
  ] as const)('%s with %j is shown as %s', (state, { ...parts }, shown) => {
    expect(shownState(job(state, { ...parts, unmapped: [...('unmapped' in parts ? parts.unmapped : [])] }))).toBe(
      shown,
    );
  });

  test.each(['queued', 'running', 'waiting', 'leftovers', 'stopped', 'unmapped', 'unreadable', 'paused'] as const)(
    'the bar of a job in the state %s is not full, even if all that were counted are revoked',
    (state) => {
      expect(progressOf({ ...job(state, { revoked: 10 }), total: 10 })).toBeUndefined();
      expect(progressOf({ ...job(state, { revoked: 12 }), total: 10 })).toBeUndefined();
    },
  );
});

test('the bar shows the revoked of those selected, or of those revoked and remaining', () => {
  expect(progressOf({ ...job('running', { revoked: 3 }), total: 10 })).toEqual({ value: 3, max: 10 });
  expect(progressOf(job('waiting', { revoked: 7, remaining: 3 }))).toEqual({ value: 7, max: 10 });
  expect(progressOf({ ...job('leftovers', { revoked: 7, remaining: 9 }), total: 10 })).toEqual({ value: 7, max: 16 });
  expect(progressOf(job('done', { revoked: 10 }))).toEqual({ value: 1, max: 1 });
  expect(progressOf(job('nothing-found'))).toBeUndefined();
});

test.each([
  ['running', { revoked: 3 }, 10, 7],
  ['stopped', { revoked: 3 }, 10, 7],
  ['running', { revoked: 3 }, undefined, undefined],
  ['stopped', { revoked: 12 }, 10, undefined],
  ['running', { revoked: 3, remaining: 2 }, undefined, 2],
  ['unmapped', { revoked: 9 }, 10, 0],
  ['done', { revoked: 9 }, 10, 0],
] as const)(
  'a job in the state %s with %j of %p selected has %p remaining grants',
  (state, parts, total, remaining) => {
    expect(remainingOf({ ...job(state, parts), total })).toBe(remaining);
  },
);

test.each([
  ['queued', false, true, false],
  ['running', false, true, false],
  ['waiting', true, true, false],
  ['done', false, false, true],
  ['leftovers', true, false, true],
  ['stopped', true, false, true],
  ['unmapped', true, false, true],
  ['unreadable', true, false, true],
  ['nothing-found', true, false, true],
  ['ignored', false, false, true],
] as const)('%s: try again %s, stop %s, ended %s', (state, retry, stop, final) => {
  expect([canRetry({ state }), canStop({ state }), isFinal({ state })]).toEqual([retry, stop, final]);
});

test('the list shows what is not done, unless the address names a state or all', () => {
  const notDone = [
    'queued',
    'running',
    'waiting',
    'leftovers',
    'unmapped',
    'unreadable',
    'needs-person',
    'paused',
    'stopped',
  ];
  expect(statesOf(null)).toEqual(notDone);
  expect(statesOf('nonsense')).toEqual(notDone);
  expect(statesOf('done')).toEqual(['done']);
  expect(statesOf('all')).toBeUndefined();
});
