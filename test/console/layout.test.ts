/** Tests console/graph/layout.ts. */
import { expect, test } from '@jest/globals';
import type { Grant } from '../../console/api/types.ts';
import { EDGES_MAX, type Edge, edgesOf, edgesToDraw, layoutOf, NODE } from '../../console/graph/layout.ts';

let grants = 0;
const grant = (issuing_principal: string | undefined, grantee_principal: string) =>
  ({ grant_id: String(++grants), issuing_principal, grantee_principal }) as Grant;
const edge = (from: string, to: string, grants = 1): Edge => ({ from, to, grants });
/** The columns of a layout by x, each with its principals from top to bottom. */
function columnsOf(edges: Edge[]): string[][] {
  const columns = new Map<number, { id: string; y: number }[]>();
  for (const { id, x, y } of layoutOf(edges).nodes) columns.set(x, [...(columns.get(x) ?? []), { id, y }]);
  return [...columns.entries()]
    .toSorted(([a], [b]) => a - b)
    .map(([, nodes]) => nodes.toSorted((a, b) => a.y - b.y).map(({ id }) => id));
}

test('several grants between the same two are one line with their number; a grant without issuer is in none', () => {
  const listedTwice = grant('b', 'c');
  expect(edgesOf([grant('a', 'b'), grant('a', 'b'), listedTwice, grant(undefined, 'd'), listedTwice])).toEqual([
    edge('a', 'b', 2),
    edge('b', 'c'),
  ]);
});

test('whoever got a grant from somebody is right of all of them', () => {
  expect(columnsOf([edge('a', 'b'), edge('a', 'c'), edge('b', 'c'), edge('c', 'd')])).toEqual([
    ['a'],
    ['b'],
    ['c'],
    ['d'],
  ]);
});

test('those who got grants from the same person are next to each other', () => {
  const edges = [edge('a', 'x'), edge('b', 'y'), edge('a', 'z')];
  expect(columnsOf(edges)).toEqual([
    ['a', 'b'],
    ['x', 'z', 'y'],
  ]);
});

test.each([
  ['a circle', [edge('a', 'b'), edge('b', 'a')]],
  ['a grant to oneself', [edge('a', 'a'), edge('a', 'b')]],
  ['a circle behind a start', [edge('a', 'b'), edge('b', 'c'), edge('c', 'b')]],
])('%s is drawn with every principal once and every line', (_name, edges) => {
  const { nodes, edges: lines } = layoutOf(edges);
  expect(nodes.map(({ id }) => id).toSorted()).toEqual(
    [...new Set(edges.flatMap(({ from, to }) => [from, to]))].toSorted(),
  );
  expect(lines).toHaveLength(edges.length);
});

test('no two principals overlap, and all are inside of the picture', () => {
  const edges = Array.from({ length: 12 }, (_, index) => edge(index < 4 ? 'a' : `n${index % 4}`, `n${index}`));
  const { nodes, width, height } = layoutOf(edges.filter(({ from, to }) => from !== to));
  for (const [index, one] of nodes.entries()) {
    expect(one.x + NODE.width).toBeLessThanOrEqual(width);
    expect(one.y + NODE.height).toBeLessThanOrEqual(height);
    for (const other of nodes.slice(index + 1))
      expect(Math.abs(one.x - other.x) >= NODE.width || Math.abs(one.y - other.y) >= NODE.height).toBe(true);
  }
});

test('a line that passes a layer runs between its principals, not through them', () => {
  const { nodes, edges } = layoutOf([edge('a', 'b'), edge('b', 'c'), edge('a', 'c')]);
  const middle = nodes.find(({ id }) => id === 'b');
  // The straight part of the path is where it passes the layer: its y is the last number before H.
  const y = Number(/([\d.]+)H/.exec(edges[2]?.path ?? '')?.[1]);
  expect(middle).toBeDefined();
  if (middle) expect(y < middle.y || y > middle.y + NODE.height).toBe(true);
});

test('of very many lines, those of the person and of longer chains are drawn', () => {
  const leaves = Array.from({ length: 100 }, (_, index) => edge('creator', `leaf${index}`, 5));
  const drawn = edgesToDraw([...leaves, edge('creator', 'middle'), edge('middle', 'end'), edge('other', 'me')], 'me');
  expect(drawn).toHaveLength(EDGES_MAX);
  expect(drawn.slice(0, 3)).toEqual([edge('other', 'me'), edge('creator', 'middle'), edge('middle', 'end')]);
});

test('the longest chain that is drawn has each principal once', () => {
  const chain = Array.from({ length: EDGES_MAX }, (_, index) => edge(`n${index}`, `n${index + 1}`));
  expect(layoutOf(chain).nodes).toHaveLength(EDGES_MAX + 1);
});
