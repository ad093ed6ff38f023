/**
 * The kinds of sources that the function `webhook` receives. To add one, add its file under `adapters/`, and its name
 * here and in `hooks.ts`. The kinds `smn` and `sns` are in `notification-kinds.ts`; `scim` and `ssf` have paths of
 * their own. Each function has the code of its own kinds only, so that it loads fast.
 */
import { bearer } from './adapters/bearer.ts';
import { gitguardian } from './adapters/gitguardian.ts';
import { github } from './adapters/github.ts';
import { githubOrg } from './adapters/github-org.ts';
import { gitlab } from './adapters/gitlab.ts';
import { okta } from './adapters/okta.ts';
import { scim } from './adapters/scim.ts';
import { standard } from './adapters/standard.ts';
import { workos } from './adapters/workos.ts';
import { sourceKinds } from './sources.ts';

export const ADAPTERS = {
  standard,
  bearer,
  okta,
  workos,
  scim,
  github,
  'github-org': githubOrg,
  gitlab,
  gitguardian,
};

export const WEBHOOKS = sourceKinds(ADAPTERS);
