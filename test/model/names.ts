import { randomBytes } from 'node:crypto';
import { NOWHERE, PROJECTS } from './values.ts';

/** The shared names of keys, grants and projects, and what one system calls each. Projects are new in every history. */
export interface Names {
  /** `own` is what the system answered; only the first name counts. */
  learn(shared: string, own: string): void;
  /** A copy of any value with every name replaced; what has no name stays as it is. */
  toOwn<T>(value: T): T;
  toShared<T>(value: T): T;
}

export function newNames(): Names {
  const projects = PROJECTS.map((name) => [name, randomBytes(16).toString('hex')] as const);
  const own = new Map<string, string>([...NOWHERE.key, ...NOWHERE.grant, ...projects]);
  const shared = new Map([...own].map(([name, id]) => [id, name]));
  return {
    learn(name, id) {
      if (shared.has(id)) return;
      own.set(name, id);
      shared.set(id, name);
    },
    toOwn: (value) => renamed(value, own),
    toShared: (value) => renamed(value, shared),
  };
}

function renamed<T>(value: T, names: Map<string, string>): T {
  if (typeof value === 'string') return (names.get(value) ?? value) as T;
  if (Array.isArray(value)) return value.map((item) => renamed(item, names)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, renamed(item, names)])) as T;
}
