import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Grant } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import styles from '../graph/graph.module.css';
import { type Edge, edgesOf, edgesToDraw } from '../graph/layout.ts';
import { Picture } from '../graph/picture.tsx';
import { passedOnWords } from '../words/passed-on.ts';
import { type Column, DataTable } from './table.tsx';

interface Props {
  /** Grants that link their issuer to their grantee. */
  grants: readonly Grant[];
  /** The principal or key that the page is about. */
  focus: string;
  /** Returns the name of a principal, or its id. */
  nameOf(principalId: string): string;
  /** How many grants there are, if not all of them are loaded. */
  total?: number | undefined;
}

const sumOf = (edges: readonly Edge[]) => edges.reduce((sum, { grants }) => sum + grants, 0);

/** Who passed a grant on to whom: as a picture of layers, and the same facts as a table. */
export function PassedOnGraph({ grants, focus, nameOf, total }: Props) {
  const words = useWords(passedOnWords);
  const { number } = useFormat();
  const edges = edgesOf(grants);
  const drawn = edgesToDraw(edges, focus);
  const all = new Set(grants.map(({ grant_id }) => grant_id)).size;
  const link = (id: string): ReactNode => (
    <Link href={`/principals/${id}`} title={id}>
      {nameOf(id)}
    </Link>
  );
  const columns: Column<Edge>[] = [
    { id: 'from', header: words.from, isHeading: true, cell: ({ from }) => link(from) },
    { id: 'to', header: words.to, cell: ({ to }) => link(to) },
    { id: 'grants', header: words.grants, isNumber: true, cell: (edge) => number(edge.grants) },
  ];
  if (edges.length === 0) return <p className={styles.text}>{words.none}</p>;
  return (
    <>
      <p className={styles.text} data-graph-count>
        {words.shows(number(sumOf(drawn)), number(all))}{' '}
        {sumOf(edges) < all && words.withoutIssuer(number(all - sumOf(edges)))}{' '}
        {total !== undefined && total > all && words.loadedOf(number(all), number(total))}
      </p>
      <div className={styles.both}>
        {/* biome-ignore-start lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it */}
        <section className={styles.picture} tabIndex={0} aria-label={words.pictureArea}>
          <Picture edges={drawn} focus={focus} nameOf={nameOf} />
        </section>
        <section className={styles.table} tabIndex={0} aria-label={words.table}>
          <DataTable
            caption={words.table}
            isCaptionHidden
            columns={columns}
            rows={edges}
            keyOf={({ from, to }) => `${from} ${to}`}
          />
        </section>
        {/* biome-ignore-end lint/a11y/noNoninteractiveTabindex: as above */}
      </div>
    </>
  );
}
