/** How much `npm run bench` measures, in full and with `--quick`. */
import type { ChatPlan } from './chat.ts';
import type { ConsolePlan } from './console.ts';
import type { WebhookPlan } from './webhook.ts';

export interface Plan {
  rounds: number;
  /** Duration of each measurement. */
  seconds: number;
  pageRounds: number;
  pageSeconds: number;
  /** Number of grants of each key whose pages are read; LIST_GRANTS must be among them. */
  pageGrants: number[];
  /** Number of grants of the key of each round, to be revoked. */
  revokeGrants: number;
  /** Of these, the most that are revoked at 1 connection; the others are revoked at 16. */
  revokeAtOneConnection: number;
  /** Number of grants to revoke in each round, half of them directly at the upstream KMS. */
  upstreamGrants: number;
  upstreamSeconds: number;
  warmUpSeconds: number;
  webhook: WebhookPlan;
  /** Rate limit of the upstream KMS while a webhook revokes 200 grants there. */
  limitPerSecond: number;
  chat: ChatPlan;
  console: ConsolePlan;
}

export const LIST_GRANTS = 10_000;

export const FULL: Plan = {
  rounds: 5,
  seconds: 0.9,
  pageRounds: 8,
  pageSeconds: 0.25,
  pageGrants: [1_000, LIST_GRANTS, 100_000],
  revokeGrants: 10_000,
  revokeAtOneConnection: 3_000,
  upstreamGrants: 2_000,
  upstreamSeconds: 0.8,
  warmUpSeconds: 0.7,
  webhook: { keys: 200, each: 50, others: 6_000 },
  limitPerSecond: 20,
  chat: { rounds: 5, seconds: 0.9, grants: 1_000 },
  console: { rounds: 5, grants: 100_000 },
};

export const QUICK: Plan = {
  rounds: 3,
  seconds: 0.2,
  pageRounds: 3,
  pageSeconds: 0.1,
  pageGrants: [1_000, LIST_GRANTS],
  revokeGrants: 1_500,
  revokeAtOneConnection: 500,
  upstreamGrants: 400,
  upstreamSeconds: 0.2,
  warmUpSeconds: 0.3,
  webhook: { keys: 20, each: 50, others: 1_000 },
  limitPerSecond: 50,
  chat: { rounds: 2, seconds: 0.2, grants: 1_000 },
  console: { rounds: 1, grants: 1_000 },
};
