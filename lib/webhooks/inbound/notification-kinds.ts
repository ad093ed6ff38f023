/**
 * The kinds of sources that the function `notification` receives: notification services of clouds. A source of these
 * kinds has one of the names in NOTIFICATION_ROUTE_NAMES, or any name on one machine (`local-kinds.ts`).
 */
import { smn } from './adapters/smn.ts';
import { sns } from './adapters/sns.ts';
import { sourceKinds } from './sources.ts';

export const NOTIFICATION_ADAPTERS = { smn, sns };

export const NOTIFICATIONS = sourceKinds(NOTIFICATION_ADAPTERS);
