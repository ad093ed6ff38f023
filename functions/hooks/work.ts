import { workOf } from '../../lib/hooks/work.ts';
import { queued } from '../../lib/queued.ts';

/** Does what hooks have started, and tells others of what has changed. */
export const handler = queued('work', (services, taken, isOver) => workOf(services).work(taken, isOver));
