import { randomBytes } from 'node:crypto';

/** Key ids may have any lower-case letter, not only a to f. Source: KMS API reference, request tables, `key_id`. */
export const KEY_ID_PATTERN = /^[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{12}$/;

/** Clients may send upper case; grant ids are stored in lower case. Source: KMS API reference, revoke-grant. */
export const GRANT_ID_PATTERN = /^[A-Fa-f0-9]{64}$/;

export const EVENT_ID_PATTERN = /^[a-f0-9]{32}$/;

/** A user or a domain. Source: KMS API reference, create-grant, `grantee_principal`. */
export const PRINCIPAL_ID_PATTERN = /^[a-zA-Z0-9]{1,64}$/;

/** The longest token. Source: KMS API reference, `X-Auth-Token`. */
export const TOKEN_CHARACTERS_MAX = 32_768;

/** An id of a project, user or domain as IAM issues it: also with - and _, which PRINCIPAL_ID_PATTERN excludes. */
export const IAM_ID_PATTERN = /^[\w-]{1,64}$/;

/** Returns 64 lower-case hex digits: 12 of the time in ms, 4 of a counter, 48 random. Ids sort in order of creation. */
export function newGrantId(nowMs: number): string {
  return timePrefix(nowMs) + nextCount() + randomBytes(24).toString('hex');
}

/** Returns 32 lower-case hex digits: 12 of the time in ms, 4 of a counter, 16 random. */
export function newEventId(nowMs: number): string {
  return timePrefix(nowMs) + nextCount() + randomBytes(8).toString('hex');
}

/** Returns a UUID of version 7, which begins with the time, so that keys too are listed in order of creation. */
export function newKeyId(nowMs: number): string {
  const bytes = Buffer.concat([Buffer.from(timePrefix(nowMs), 'hex'), randomBytes(10)]);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

let count = 0;

/** Keeps ids that one process creates within the same millisecond in order. */
function nextCount(): string {
  count = (count + 1) % 0x10000;
  return count.toString(16).padStart(4, '0');
}

function timePrefix(nowMs: number): string {
  return nowMs.toString(16).padStart(12, '0');
}
