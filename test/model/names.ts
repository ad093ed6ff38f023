import { randomBytes } from 'node:crypto';
import { PROJECTS, UNKNOWN_IDS } from './values.ts';

/** Translates shared names of keys, grants and projects to ids of one system and back. Projects are new each time. */
export interface Names {
  /** Adds the name of an id that the system has returned. An id keeps its first name. */
  learn(shared: string, own: string): void;
  /** Returns a copy of the value with every shared name replaced by the system's id. Other texts stay. */
  toOwn<T>(value: T): T;
  /** The reverse of `toOwn`. */
  toShared<T>(value: T): T;
}

export function newNames(): Names {
  const projects = PROJECTS.map((name) => [name, randomBytes(16).toString('hex')] as const);
  const own = new Map<string, string>([...UNKNOWN_IDS.key, ...UNKNOWN_IDS.grant, ...projects]);
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
