/** Fields of the APIs of provisioned users. */
import { KEY_ID_PATTERN } from '../domain/ids.ts';
import { optionalText, text } from '../validation/field.ts';

/** Ids of provisioned users have the form of key ids: UUIDs that begin with the time. */
export const userId = text(
  KEY_ID_PATTERN,
  'KMS.0308',
  'user_id must be the id of a user as list-provisioned-users shows it.',
);

export const userMarker = optionalText(text(KEY_ID_PATTERN, 'KMS.1602', 'Pass next_marker of the page before.'));
