/** The kinds of webhook sources. To add one, add its file under `adapters/` and its name here. */

import type { Adapter } from './adapter.ts';
import { github } from './adapters/github.ts';
import { okta } from './adapters/okta.ts';
import { scim } from './adapters/scim.ts';
import { standard } from './adapters/standard.ts';
import { workos } from './adapters/workos.ts';

export const ADAPTERS = { standard, okta, workos, scim, github } satisfies Record<string, Adapter>;
export type Kind = keyof typeof ADAPTERS;
