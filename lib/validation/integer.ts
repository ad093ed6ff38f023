/** Returns a JSON number, or a string of 1 to 4 digits, as a number; undefined for anything else or out of bounds. */
export function parseInteger(input: unknown, { min, max }: { min: number; max: number }): number | undefined {
  const digits = typeof input === 'number' ? String(input) : input;
  if (typeof digits !== 'string' || !/^\d{1,4}$/.test(digits)) return undefined;
  const integer = Number(digits);
  return integer >= min && integer <= max ? integer : undefined;
}
