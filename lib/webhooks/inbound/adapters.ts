/**
 * The kinds of sources that send to `POST /hooks/{source}`. To add one, add its file under `adapters/`, and its name
 * here and in `hooks.ts`. The kinds `scim` and `ssf` have paths and functions of their own.
 */
import { bearer } from './adapters/bearer.ts';
import { gitguardian } from './adapters/gitguardian.ts';
import { github } from './adapters/github.ts';
import { githubOrg } from './adapters/github-org.ts';
import { gitlab } from './adapters/gitlab.ts';
import { okta } from './adapters/okta.ts';
import { scim } from './adapters/scim.ts';
import { smn } from './adapters/smn.ts';
import { sns } from './adapters/sns.ts';
import { standard } from './adapters/standard.ts';
import { workos } from './adapters/workos.ts';
import { sourceKinds } from './sources.ts';

export const WEBHOOKS = sourceKinds({
  standard,
  bearer,
  okta,
  workos,
  scim,
  github,
  'github-org': githubOrg,
  gitlab,
  gitguardian,
  smn,
  sns,
});
