/**
 * Creates a value once for each open store and returns the same one afterwards.
 * @param make gets the services of the first call
 */
export function memoizeByStore<S extends { store: object }, T>(make: (services: S) => T): (services: S) => T {
  const values = new WeakMap<object, { value: T }>();
  return (services) => {
    const entry = values.get(services.store) ?? { value: make(services) };
    values.set(services.store, entry);
    return entry.value;
  };
}
