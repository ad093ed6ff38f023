/**
 * The kinds of sources that send to `POST /hooks/{source}`. To add one, add its file under `adapters/`, and its name
 * here and in `hooks.ts`. The kinds `scim` and `ssf` have paths and functions of their own.
 */
import { github } from './adapters/github.ts';
import { okta } from './adapters/okta.ts';
import { standard } from './adapters/standard.ts';
import { workos } from './adapters/workos.ts';
import { sourceKinds } from './sources.ts';

export const WEBHOOKS = sourceKinds({ standard, okta, workos, github });
