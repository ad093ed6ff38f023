/** Which command somebody meant who mistyped one. */

/**
 * Returns the name that the typed word most likely stands for: one that it is the beginning of, else the one that takes
 * the fewest changes, if those are few.
 */
export function nearestName<N extends string>(typed: string, names: readonly N[]): N | undefined {
  const word = typed.slice(0, WORD_CHARACTERS_MAX);
  const completed = word.length >= 2 ? names.filter((name) => name.startsWith(word)) : [];
  const byLength = completed.sort((one, other) => one.length - other.length);
  if (byLength[0] !== undefined) return byLength[0];
  let nearest: N | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const changes = editDistance(word, name);
    const isNear = changes <= Math.max(1, Math.floor(name.length / 3));
    if (isNear && changes < fewest) [nearest, fewest] = [name, changes];
  }
  return nearest;
}

/** No command is longer; a longer word is cut, as the time that a comparison takes grows with its length. */
const WORD_CHARACTERS_MAX = 20;

/**
 * How many characters must be inserted, removed, replaced or swapped with their neighbour to get from one text to the
 * other: the Damerau-Levenshtein distance (optimal string alignment).
 */
function editDistance(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, index) => index)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= one.length; i += 1) {
    rows[i] = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = at(i - 1, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const isSwap = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swapped = isSwap ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      (rows[i] as number[])[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped);
    }
  }
  return at(one.length, other.length);
}
