/** The kind of sources that send to `POST /hooks/{source}/events`: a function of its own, as only it needs `jose`. */
import { ssf } from '../adapters/ssf.ts';
import { sourceKinds } from '../sources.ts';

export const SSF = sourceKinds({ ssf });
