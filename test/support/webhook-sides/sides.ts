import { bearer, gitguardian, githubOrg, gitlab } from './code-hosts.ts';
import { smn, sns } from './notifications.ts';
import { github } from './public-key.ts';
import { okta, standard, workos } from './shared-secret.ts';
import type { WebhookSide } from './side.ts';
import { ssf } from './ssf.ts';

/** Every kind of webhook source, apart from `scim`, which has a protocol of its own (`test/scim/`). */
export const SIDES: readonly WebhookSide[] = [
  standard,
  bearer,
  okta,
  workos,
  github,
  githubOrg,
  gitlab,
  gitguardian,
  smn,
  sns,
  ssf,
];
