/** A platform shows an error 3 s after a command or a press, and the way there and back takes some of that. */

/** From the arrival of a press: a revocation that takes longer goes on in the worker. */
export const WORK_MS = 1_500;

/** For all calls of one delivery. */
export const DELIVERY_MS = 1_100;

/** From the arrival: a later answer is delivered instead of put into the reply. */
export const REPLY_MS = 2_500;
