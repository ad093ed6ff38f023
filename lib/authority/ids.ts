import { randomBytes } from 'node:crypto';

/** 64 lower-case hex: 12 for the time in ms, so that ids sort by time, and 208 random bits. */
export function newGrantId(nowMs: number): string {
  return timePrefix(nowMs) + randomBytes(26).toString('hex');
}

let eventsMade = 0;

/**
 * 32 lower-case hex: 12 for the time in ms, 4 that count on, so that the events of one millisecond keep their order, and
 * 64 random bits.
 */
export function newEventId(nowMs: number): string {
  eventsMade = (eventsMade + 1) % 0x10000;
  return timePrefix(nowMs) + eventsMade.toString(16).padStart(4, '0') + randomBytes(8).toString('hex');
}

/** A UUID of version 7: the time first, so that keys too are listed in the order in which they were made. */
export function newKeyId(nowMs: number): string {
  const bytes = Buffer.concat([Buffer.from(timePrefix(nowMs), 'hex'), randomBytes(10)]);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function timePrefix(nowMs: number): string {
  return nowMs.toString(16).padStart(12, '0');
}
