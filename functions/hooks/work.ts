import { hooksOf } from '../../lib/hooks/hooks.ts';
import { queued } from '../../lib/queued.ts';

/** Does what hooks have started, and tells others of what has changed. */
export const handler = queued('work', (services, taken, isOver) => hooksOf(services).work(taken, isOver));
