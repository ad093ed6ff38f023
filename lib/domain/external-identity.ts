/** When two identities mean the same person. */
import { CHAT_CHANNELS } from './events.ts';
import type { ExternalIdentity } from './job.ts';

/** Identities of chat: a person acts by one, so it must not stand for another that only looks similar. */
const CHAT_IDENTITY = new RegExp(`^(?:${CHAT_CHANNELS.join('|')}):`);

/**
 * Returns the form in which a mapping holds the identity: one of chat unchanged, any other normalised by Unicode,
 * because systems send the same name composed or decomposed, and e-mail addresses in lower case.
 * Source: Unicode Standard Annex 15, NFC.
 */
export function normalizeIdentity(identity: ExternalIdentity): ExternalIdentity {
  if (CHAT_IDENTITY.test(identity)) return identity;
  return identity.includes('@') ? foldIdentity(identity) : identity.normalize('NFC');
}

/** Returns the same text for all identities that differ only in case or in their Unicode normalisation. */
export function foldIdentity(identity: ExternalIdentity): string {
  // Lower case of a composed character may be decomposed, so the result is normalised again.
  return identity.normalize('NFC').toLowerCase().normalize('NFC');
}

/** @param isCaseInsensitive whether the attribute is compared without regard to case, as its schema says */
export function isSameIdentity(one: ExternalIdentity, other: ExternalIdentity, isCaseInsensitive: boolean): boolean {
  const form = isCaseInsensitive ? foldIdentity : normalizeIdentity;
  return form(one) === form(other);
}
