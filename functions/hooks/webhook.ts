import { endpoint } from '../../lib/endpoint.ts';
import { takeHook } from '../../lib/hooks/door.ts';

/** Takes what a source tells. Who it is, its signature tells; what it starts can be read by the answer's `job_id`. */
export const handler = endpoint({
  access: 'anyone',
  name: 'webhook',
  handle: (call) =>
    takeHook(call, { name: call.params['source'] ?? '', request: call.request, trace: call.act.trace ?? {} }),
});
