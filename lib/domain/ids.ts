import { randomBytes } from 'node:crypto';

/** 64 lower-case hex: 12 for the time in ms, 4 that count on, 192 random bits. Ids sort in the order of their making. */
export function newGrantId(nowMs: number): string {
  return timePrefix(nowMs) + nextCount() + randomBytes(24).toString('hex');
}

/** 32 lower-case hex: 12 for the time in ms, 4 that count on, 64 random bits. */
export function newEventId(nowMs: number): string {
  return timePrefix(nowMs) + nextCount() + randomBytes(8).toString('hex');
}

/** A UUID of version 7: the time first, so that keys too are listed in the order in which they were made. */
export function newKeyId(nowMs: number): string {
  const bytes = Buffer.concat([Buffer.from(timePrefix(nowMs), 'hex'), randomBytes(10)]);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

let made = 0;

/** Keeps the order of what one process makes within one millisecond. */
function nextCount(): string {
  made = (made + 1) % 0x10000;
  return made.toString(16).padStart(4, '0');
}

function timePrefix(nowMs: number): string {
  return nowMs.toString(16).padStart(12, '0');
}
