import { expect, test } from '@jest/globals';
import { pageRequestOf } from '../../lib/validation/pagination.ts';

test('without limit and marker a list starts at the beginning with a page of 1000', () => {
  expect(pageRequestOf({})).toEqual({ limit: 1000 });
});

test('a page starts after the id or at the offset of its marker', () => {
  expect(pageRequestOf({ limit: 10, marker: { after: 'id' } })).toEqual({ limit: 10, after: 'id' });
  expect(pageRequestOf({ limit: 10, marker: { offset: 20 } })).toEqual({ limit: 10, offset: 20 });
});
