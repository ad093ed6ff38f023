/** Places who passed a grant on to whom in layers from left to right. Sizes are in px. */
import type { Grant } from '../api/types.ts';

export interface Edge {
  from: string;
  to: string;
  grants: number;
}

export interface Node {
  id: string;
  x: number;
  y: number;
}

export interface Layout {
  nodes: Node[];
  /** With the same ends as the nodes: a path of SVG, and where its number stands. */
  edges: (Edge & { path: string; x: number; y: number })[];
  width: number;
  height: number;
}

export const NODE = { width: 152, height: 32 } as const;
const GAP = { layer: 64, row: 12 } as const;
/** The row of a line that passes a layer. */
const LINE_HEIGHT = 12;
const MARGIN = 8;
/** More would be a picture that nobody can read. The table has them all. */
export const EDGES_MAX = 30;

/** Returns who issued how many of the grants to whom. A grant counts once; one without issuer is in none. */
export function edgesOf(grants: readonly Grant[]): Edge[] {
  const edges = new Map<string, Edge>();
  const counted = new Set<string>();
  for (const { grant_id, issuing_principal: from, grantee_principal: to } of grants) {
    if (!from || counted.has(grant_id)) continue;
    counted.add(grant_id);
    const edge = edges.get(`${from} ${to}`) ?? { from, to, grants: 0 };
    edges.set(`${from} ${to}`, { ...edge, grants: edge.grants + 1 });
  }
  return [...edges.values()];
}

/** Returns the edges to draw: first those in longer chains and those with more grants. */
export function edgesToDraw(edges: readonly Edge[], focus: string): Edge[] {
  const issuers = new Set(edges.map(({ from }) => from));
  const grantees = new Set(edges.map(({ to }) => to));
  const weightOf = ({ from, to }: Edge) =>
    (from === focus || to === focus ? 4 : 0) + (issuers.has(to) ? 2 : 0) + (grantees.has(from) ? 1 : 0);
  return edges.toSorted((a, b) => weightOf(b) - weightOf(a) || b.grants - a.grants).slice(0, EDGES_MAX);
}

/** Returns the layer of each principal: one more than that of the issuers. An edge that closes a circle counts not. */
function layersOf(edges: readonly Edge[]): Map<string, number> {
  const layers = new Map<string, number>();
  const path = new Set<string>();
  const visit = (id: string, layer: number) => {
    if (path.has(id) || (layers.get(id) ?? -1) >= layer) return;
    layers.set(id, layer);
    path.add(id);
    for (const edge of edges) if (edge.from === id) visit(edge.to, layer + 1);
    path.delete(id);
  };
  const grantees = new Set(edges.filter(({ from, to }) => from !== to).map(({ to }) => to));
  const ids = edges.flatMap(({ from, to }) => [from, to]);
  for (const id of ids) if (!grantees.has(id)) visit(id, 0);
  // What is left hangs on a circle, which has no first one.
  for (const id of ids) if (!layers.has(id)) visit(id, 0);
  return layers;
}

/** What has a row in a layer: a principal, or the way of a line between them. */
interface Item {
  id: string;
  isNode: boolean;
}

/** The lines, each as the items that it passes, from the issuer to the grantee. */
function waysOf(edges: readonly Edge[], layers: ReadonlyMap<string, number>): string[][] {
  return edges.map(({ from, to }) => {
    const [start, end] = [layers.get(from) ?? 0, layers.get(to) ?? 0];
    const between = Array.from({ length: Math.max(0, end - start - 1) }, (_, index) => `${from} ${to} ${index}`);
    return [from, ...between, to];
  });
}

/** Returns the items by layer, each near those that it is linked with. */
function orderedLayers(layers: ReadonlyMap<string, number>, ways: readonly string[][]): Item[][] {
  const columns: Item[][] = [];
  const add = (layer: number, item: Item) => {
    columns[layer] = [...(columns[layer] ?? []), item];
  };
  for (const [id, layer] of layers) add(layer, { id, isNode: true });
  for (const [from = '', ...way] of ways)
    for (const [index, id] of way.slice(0, -1).entries())
      add((layers.get(from) ?? 0) + index + 1, { id, isNode: false });
  const rows = new Map<string, number>();
  for (const column of columns) {
    const wanted = new Map(column.map(({ id }) => [id, meanRowBefore(id, ways, rows)]));
    column.sort((a, b) => (wanted.get(a.id) ?? 0) - (wanted.get(b.id) ?? 0));
    for (const [row, { id }] of column.entries()) rows.set(id, row);
  }
  return columns;
}

function meanRowBefore(id: string, ways: readonly string[][], rows: ReadonlyMap<string, number>): number {
  const before = ways.flatMap((way) => rows.get(way[way.indexOf(id, 1) - 1] ?? '') ?? []);
  return before.length === 0 ? 0 : before.reduce((sum, row) => sum + row, 0) / before.length;
}

const heightOf = ({ isNode }: Item) => (isNode ? NODE.height : LINE_HEIGHT);
const columnHeightOf = (column: readonly Item[]) =>
  column.reduce((sum, item) => sum + heightOf(item), 0) + Math.max(0, column.length - 1) * GAP.row;

export function layoutOf(edges: readonly Edge[]): Layout {
  const layers = layersOf(edges);
  const ways = waysOf(edges, layers);
  const columns = orderedLayers(layers, ways);
  const innerHeight = Math.max(0, ...columns.map(columnHeightOf));
  const places = new Map<string, Place>();
  for (const [layer, column] of columns.entries()) {
    let y = MARGIN + (innerHeight - columnHeightOf(column)) / 2;
    for (const item of column) {
      places.set(item.id, { ...item, x: MARGIN + layer * (NODE.width + GAP.layer), y });
      y += heightOf(item) + GAP.row;
    }
  }
  const hasLineBack = edges.some(({ from, to }) => (layers.get(to) ?? 0) <= (layers.get(from) ?? 0));
  return {
    nodes: [...places.values()].flatMap(({ id, isNode, x, y }) => (isNode ? [{ id, x, y }] : [])),
    edges: edges.map((edge, index) => ({
      ...edge,
      ...curveOf((ways[index] ?? []).flatMap((id) => places.get(id) ?? [])),
    })),
    width: 2 * MARGIN + columns.length * NODE.width + Math.max(0, columns.length - 1) * GAP.layer,
    height: 2 * MARGIN + innerHeight + (hasLineBack ? 2 * GAP.row : 0),
  };
}

type Place = Item & { x: number; y: number };

/** From the right side of the issuer to the left side of the grantee; backwards, below both. */
function curveOf(way: readonly Place[]): { path: string; x: number; y: number } {
  const [from, to] = [way[0], way.at(-1)];
  if (!from || !to) return { path: '', x: 0, y: 0 };
  if (to.x <= from.x) return curveBack(from, to);
  const middleOf = (place: Place) => place.y + heightOf(place) / 2;
  let path = `M${from.x + NODE.width} ${middleOf(from)}`;
  for (const [index, place] of way.slice(1).entries()) {
    const before = way[index] ?? from;
    const [x, half] = [before.x + NODE.width, GAP.layer / 2];
    path += `C${x + half} ${middleOf(before)} ${x + half} ${middleOf(place)} ${place.x} ${middleOf(place)}`;
    if (!place.isNode) path += `H${place.x + NODE.width}`;
  }
  const last = way.at(-2) ?? from;
  return { path, x: to.x - GAP.layer / 2, y: (middleOf(last) + middleOf(to)) / 2 };
}

function curveBack(from: Place, to: Place): { path: string; x: number; y: number } {
  const [right, left] = [from.x + NODE.width * 0.7, to.x + NODE.width * 0.3];
  const low = Math.max(from.y, to.y) + NODE.height + 2 * GAP.row;
  const path = `M${right} ${from.y + NODE.height}C${right} ${low} ${left} ${low} ${left} ${to.y + NODE.height}`;
  return { path, x: (left + right) / 2, y: low - GAP.row * 0.6 };
}
