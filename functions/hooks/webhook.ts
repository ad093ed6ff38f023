import { endpoint } from '../../lib/endpoint.ts';
import { hooksOf } from '../../lib/hooks/hooks.ts';

/** Takes what a source tells. Who it is, its signature tells; what it starts can be read by the answer's `job_id`. */
export const handler = endpoint({
  access: 'anyone',
  name: 'webhook',
  handle: (call) =>
    hooksOf(call).take({ name: call.params['source'] ?? '', request: call.request, trace: call.act.trace ?? {} }),
});
