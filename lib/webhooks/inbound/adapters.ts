/** The kinds of webhook sources. To add one, add its file under `adapters/` its name here and in `hooks.ts`. */

import type { Kind } from '../hooks.ts';
import type { Adapter } from './adapter.ts';
import { github } from './adapters/github.ts';
import { okta } from './adapters/okta.ts';
import { scim } from './adapters/scim.ts';
import { standard } from './adapters/standard.ts';
import { workos } from './adapters/workos.ts';

export const ADAPTERS: Readonly<Record<Kind, Adapter>> = { standard, okta, workos, scim, github };
