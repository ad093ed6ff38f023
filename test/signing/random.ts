/** Random values that are the same in every run. */
export interface Random {
  /** At least 0 and below 1. */
  next(): number;
  /** A whole number, at least 0 and below `n`. */
  below(n: number): number;
  oneOf<T>(values: readonly T[]): T;
  /** `length` characters of the alphabet. */
  text(alphabet: readonly string[], length: number): string;
}

/** The generator Mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  const oneOf = <T>(values: readonly T[]) => values[below(values.length)] as T;
  const text = (alphabet: readonly string[], length: number) => Array.from({ length }, () => oneOf(alphabet)).join('');
  return { next, below, oneOf, text };
}
