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
const GAP = { layer: 72, row: 14 } as const;
const MARGIN = 8;
/** More would be a picture that nobody can read. The table has them all. */
export const EDGES_MAX = 30;

/** Returns who issued how many of the grants to whom. A grant without issuer is in none. */
export function edgesOf(grants: readonly Grant[]): Edge[] {
  const edges = new Map<string, Edge>();
  for (const { issuing_principal: from, grantee_principal: to } of grants) {
    if (!from) continue;
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

/** Returns the layers with their principals, each near those that it is linked with. */
function orderedLayers(edges: readonly Edge[]): string[][] {
  const layers: string[][] = [];
  for (const [id, layer] of layersOf(edges)) layers[layer] = [...(layers[layer] ?? []), id];
  const rows = new Map<string, number>();
  for (const ids of layers) {
    const rowOf = (id: string) => {
      const before = edges.filter(({ to }) => to === id).flatMap(({ from }) => rows.get(from) ?? []);
      return before.length === 0 ? 0 : before.reduce((sum, row) => sum + row, 0) / before.length;
    };
    const wanted = new Map(ids.map((id) => [id, rowOf(id)]));
    ids.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
    for (const [row, id] of ids.entries()) rows.set(id, row);
  }
  return layers;
}

export function layoutOf(edges: readonly Edge[]): Layout {
  const layers = orderedLayers(edges);
  const rowsMax = Math.max(0, ...layers.map((ids) => ids.length));
  const heightOf = (rows: number) => rows * NODE.height + Math.max(0, rows - 1) * GAP.row;
  const places = new Map<string, Node>();
  layers.forEach((ids, layer) => {
    const top = MARGIN + (heightOf(rowsMax) - heightOf(ids.length)) / 2;
    ids.forEach((id, row) => {
      places.set(id, {
        id,
        x: MARGIN + layer * (NODE.width + GAP.layer),
        y: top + row * (NODE.height + GAP.row),
      });
    });
  });
  return {
    nodes: [...places.values()],
    edges: edges.flatMap((edge) => {
      const [from, to] = [places.get(edge.from), places.get(edge.to)];
      return from && to ? [{ ...edge, ...curveOf(from, to) }] : [];
    }),
    width: 2 * MARGIN + layers.length * NODE.width + Math.max(0, layers.length - 1) * GAP.layer,
    height: 2 * MARGIN + heightOf(rowsMax) + (edges.some(({ from, to }) => from === to) ? GAP.row : 0),
  };
}

/** From the right side of the issuer to the left side of the grantee; backwards, around both. */
function curveOf(from: Node, to: Node): { path: string; x: number; y: number } {
  const start = { x: from.x + NODE.width, y: from.y + NODE.height / 2 };
  const end = { x: to.x, y: to.y + NODE.height / 2 };
  if (end.x > start.x) {
    const middle = (start.x + end.x) / 2;
    const path = `M${start.x} ${start.y}C${middle} ${start.y} ${middle} ${end.y} ${end.x} ${end.y}`;
    return { path, x: middle, y: (start.y + end.y) / 2 };
  }
  const [left, right] = [from.x + NODE.width / 2, to.x + NODE.width / 2];
  const low = Math.max(from.y, to.y) + NODE.height + GAP.row;
  const path = `M${left} ${from.y + NODE.height}C${left} ${low} ${right} ${low} ${right} ${to.y + NODE.height}`;
  return { path, x: (left + right) / 2, y: low - 4 };
}
