import { useId } from 'react';
import { shortId } from '../api/grants.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { passedOnWords } from '../words/passed-on.ts';
import styles from './graph.module.css';
import { type Edge, layoutOf, NODE } from './layout.ts';

const PADDING = 8;
/** Rough widths in px at the size of the text: of Latin and of other letters. */
const [NARROW, WIDE] = [6.6, 12];

/** Returns what fits into a node. The whole name is in its tooltip and in the table. */
function fitted(name: string): string {
  let room = NODE.width - 2 * PADDING;
  const letters = [...(name.length > 24 ? shortId(name) : name)];
  const end = letters.findIndex((letter) => {
    room -= letter < '\u2e80' ? NARROW : WIDE;
    return room < 0;
  });
  return end < 0 ? letters.join('') : `${letters.slice(0, end - 1).join('')}…`;
}

interface Props {
  edges: readonly Edge[];
  focus: string;
  nameOf(principalId: string): string;
}

/** Who issued a grant to whom, from left to right. */
export function Picture({ edges, focus, nameOf }: Props) {
  const words = useWords(passedOnWords);
  const { number } = useFormat();
  const tip = useId();
  const { nodes, edges: lines, width, height } = layoutOf(edges);
  const label = `${words.picture}. ${words.pictureText(number(nodes.length), number(lines.length))}`;
  return (
    <svg role="img" aria-label={label} width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
      <marker id={tip} viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">
        <path d="M0 0 8 4 0 8Z" className={styles.tip} />
      </marker>
      {lines.map(({ from, to, path }) => (
        <path key={`${from} ${to}`} d={path} className={styles.line} markerEnd={`url(#${tip})`} />
      ))}
      {nodes.map(({ id, x, y }) => (
        <g key={id} className={`${styles.node} ${id === focus ? styles.focus : ''}`}>
          <title>{nameOf(id)}</title>
          <rect x={x} y={y} width={NODE.width} height={NODE.height} rx="4" />
          <text x={x + PADDING} y={y + NODE.height / 2 + 4}>
            {fitted(nameOf(id))}
          </text>
        </g>
      ))}
      {lines.map(({ from, to, grants, x, y }) => (
        <text key={`${from} ${to}`} x={x} y={y + 4} className={styles.count}>
          {number(grants)}
        </text>
      ))}
    </svg>
  );
}
