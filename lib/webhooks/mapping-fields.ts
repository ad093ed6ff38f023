/** Fields of the APIs of mappings. */
import * as z from 'zod/mini';
import { normalizeIdentity } from '../domain/external-identity.ts';
import type { Mapping } from '../domain/job.ts';
import { parseJson } from '../util/json.ts';
import { field, optionalText, parsed } from '../validation/field.ts';
import { IDENTITY_CHARACTERS_MAX, SOURCE_OF_MAPPING_PATTERN } from './mappings.ts';

export const source = field(z.string().check(z.regex(SOURCE_OF_MAPPING_PATTERN)), {
  code: 'KMS.0308',
  detail: 'source must be * or the name of a source: 1 to 64 characters of a-z, 0-9 and -, and - not first.',
});

/**
 * Lone surrogates are refused: no store could return them as they were sent. The stored form has the same limit, so
 * that a client can send back every identity that list-mappings shows.
 */
export const identity = field(
  z.string().check(
    z.minLength(1),
    z.maxLength(IDENTITY_CHARACTERS_MAX),
    z.refine((text) => text.isWellFormed() && normalizeIdentity(text).length <= IDENTITY_CHARACTERS_MAX),
  ),
  { code: 'KMS.0308', detail: `identity must be 1 to ${IDENTITY_CHARACTERS_MAX} characters.` },
);

/** The last mapping of a page, as the client sends it back. */
export const mappingMarker = optionalText(parsed(parseMarker, 'KMS.1602', 'Pass next_marker of the page before.'));

export const markerOf = ({ identity, source, grantee }: Mapping): string =>
  Buffer.from(JSON.stringify([identity, source, grantee])).toString('base64url');

function parseMarker(input: unknown): Mapping | undefined {
  if (typeof input !== 'string') return undefined;
  const { success, data } = MARKER.safeParse(parseJson(Buffer.from(input, 'base64url').toString()));
  return success ? { identity: data[0], source: data[1], grantee: data[2] } : undefined;
}

const MARKER = z.tuple([z.string(), z.string(), z.string()]);
