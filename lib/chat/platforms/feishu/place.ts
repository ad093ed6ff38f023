/**
 * Places of Feishu, and what the buttons of a card there bring back. In a group, a message for the asker alone goes to
 * the direct chat of the asker and the bot. A press there still belongs to the group where the person asked, so that
 * what everyone may see is shown in the group.
 */
import * as z from 'zod/mini';
import type { Place } from '../../platform.ts';

interface Extra {
  /** The open_id of the person who asked or pressed. */
  userId: string;
  /** The id of the message or press that is answered. */
  about: string;
  /** The message with the asker's own card, in the direct chat. */
  askerCard?: string | undefined;
}

interface At {
  channelId: string;
  userId: string;
  about: string;
}

export const directPlace = ({ channelId, ...extra }: At): Place => ({ channelId, isDirect: true, extra });
export const groupPlace = ({ channelId, ...extra }: At): Place => ({ channelId, isDirect: false, extra });

export const extraOf = ({ extra }: Place): Partial<Extra> => extra ?? {};

/** The value of a button. It comes back in a press, signed by Feishu; only this app makes cards with its buttons. */
export const VALUE = z.object({
  button: z.string(),
  request: z.string().check(z.maxLength(128)),
  /** Of a card in a direct chat where the person asked. */
  direct: z.optional(z.literal(true)),
  /** Of a card in the direct chat for a question that was asked in a group: the group, and the asker. */
  group: z.optional(z.string().check(z.regex(/^oc_\w{1,64}$/))),
  for: z.optional(z.string()),
});

type Value = z.output<typeof VALUE>;

/** What tells a press where its card belongs. @param isAskerCard whether the card is the asker's own */
export function scopeOf(place: Place, isAskerCard: boolean): Omit<Value, 'button' | 'request'> {
  const { userId } = extraOf(place);
  if (place.isDirect) return { direct: true };
  return isAskerCard && userId !== undefined ? { group: place.channelId, for: userId } : {};
}

/** Returns the place of a press. @param at where the pressed card is */
export function placeOfValue({ direct, group }: Value, { messageId, ...at }: At & { messageId: string }): Place {
  if (group === undefined) return { ...(direct ? directPlace : groupPlace)(at), messageId };
  const { extra, ...place } = groupPlace({ ...at, channelId: group });
  return { ...place, extra: { ...extra, askerCard: messageId } };
}
