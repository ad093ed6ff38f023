/** Tests console/api/receipts.ts. */
import { expect, test } from '@jest/globals';
import { filterOf, isOfJob, markerBefore, readAll, receiptsPath } from '../../console/api/receipts.ts';
import type { EventPage, GrantEvent } from '../../console/api/types.ts';

test.each([
  ['01a222e2939e000e8bd8cc5e9e15a801', '01a222e2939e000e8bd8cc5e9e15a802'],
  ['00000000000000000000000000000000', '00000000000000000000000000000001'],
  ['01a222e2939e000e8bd8cc5e9e15afff', '01a222e2939e000e8bd8cc5e9e15b000'],
  ['0ffffffffffffffffffffffffffffffe', '0fffffffffffffffffffffffffffffff'],
  ['01A222E2939E000E8BD8CC5E9E15A80F', '01a222e2939e000e8bd8cc5e9e15a810'],
])('the marker that finds %s is %s', (id, marker) => {
  expect(markerBefore(id)).toBe(marker);
});

test.each(['', 'x', '01a222e2', `${'0'.repeat(33)}`, 'f'.repeat(32)])('no receipt has the id %j', (id) => {
  expect(markerBefore(id)).toBeUndefined();
});

test('the address of a filter leads back to the filter', () => {
  const filter = { key_id: 'k&1', grantee_principal: 'u1' };
  expect(receiptsPath(filter)).toBe('/receipts?person=u1&key=k%261');
  expect(filterOf(new URLSearchParams('person=u1&key=k%261'))).toEqual(filter);
  expect(receiptsPath({})).toBe('/receipts');
  expect(filterOf(new URLSearchParams('grant=+&q=1'))).toEqual({});
});

test.each([
  ['http', 'revoke-grant', false],
  ['http', 'create-revocation-job', true],
  ['webhook', 'principal.disabled', true],
  ['slack', 'revoke', true],
  ['deletion', 'delete-key', false],
] as const)('the request id of channel %s and action %s is that of a job: %s', (channel, action, expected) => {
  expect(isOfJob({ channel, action })).toBe(expected);
});

/** Pages of two receipts, until `count` are out. */
function pagesOf(count: number) {
  const markers: string[] = [];
  const readPage = async (marker: string): Promise<EventPage> => {
    markers.push(marker);
    const start = Number(marker);
    const ids = Array.from({ length: Math.min(2, count - start) }, (_, index) => String(start + index));
    const hasMore = start + 2 < count;
    return {
      events: ids.map((event_id) => ({ event_id }) as GrantEvent),
      next_marker: hasMore ? String(start + 2) : '',
      truncated: hasMore ? 'true' : 'false',
    };
  };
  return { readPage, markers };
}

test('an export reads every page once, in order, and tells how far it is', async () => {
  const { readPage, markers } = pagesOf(5);
  const progress: number[] = [];
  const { events, isCut } = await readAll(readPage, (read) => progress.push(read));
  expect(events.map(({ event_id }) => event_id)).toEqual(['0', '1', '2', '3', '4']);
  expect({ markers, progress, isCut }).toEqual({ markers: ['', '2', '4'], progress: [2, 4], isCut: false });
});

test.each([
  [5, 4, true],
  [5, 3, true],
  [4, 4, false],
])('an export of %i receipts with a limit of %i is cut: %s', async (count, max, expected) => {
  const { events, isCut } = await readAll(pagesOf(count).readPage, () => undefined, max);
  expect(events).toHaveLength(Math.min(count, max));
  expect(isCut).toBe(expected);
});
