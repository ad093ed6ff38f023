/** The sources of the kind `scim`, which the function `scim` serves. */
import { scim } from '../webhooks/inbound/adapters/scim.ts';
import { sourceKinds } from '../webhooks/inbound/sources.ts';

export const SCIM = sourceKinds({ scim });
