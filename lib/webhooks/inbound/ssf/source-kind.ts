/** The kind of sources that send to `POST /hooks/{source}/events`, in a function of its own: it brings a library along. */
import { ssf } from '../adapters/ssf.ts';
import { sourceKinds } from '../sources.ts';

export const SSF = sourceKinds({ ssf });
