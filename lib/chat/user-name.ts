import type { Store } from '../store/store.ts';
import { NOTHING, shownText } from './text.ts';

/**
 * Returns the name of a user of the directory, as it may be shown to a group too.
 * @returns undefined for a principal that is no such user, and where the name is an e-mail address or shows nothing
 */
export async function userName(
  { directory }: Pick<Store, 'directory'>,
  principal: string,
): Promise<string | undefined> {
  const name = shownText((await directory.user(principal))?.name);
  return name === NOTHING || /[@＠]/.test(name) ? undefined : name;
}
