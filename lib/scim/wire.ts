/** A resource, or an object in one, in the form in which clients send and get it. */
export type Wire = Record<string, unknown>;

export const without = (object: Wire, name: string): Wire =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
