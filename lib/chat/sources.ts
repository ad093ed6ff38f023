import type { ChatDependencies } from './dependencies.ts';
import type { ChatSource } from './source.ts';

/** Returns a function that reads the chat sources of the setting HOOKS, by name. */
export function chatSourcesOf(_dependencies: ChatDependencies): () => Promise<ReadonlyMap<string, ChatSource>> {
  throw new Error('not built');
}
