/** Generates random operations, from a pool of grants that can be removed. */
import { randomUUID } from 'node:crypto';
import type { DemoUser } from '../../local/demo.ts';
import type { Random } from '../signing/random.ts';
import type { UpstreamFixture } from './fixture.ts';
import type { Operation } from './history.ts';
import { createGrantAtUpstream, createGrantBody } from './upstream-state.ts';

export type OperationInput = Pick<Operation, 'user' | 'action' | 'keyId' | 'grantId' | 'body'>;

export interface OperationSource {
  /** @param n the operation's number, which becomes part of the name of a created grant */
  next(n: number): OperationInput;
  /** Adds a grant to the pool. */
  offer(keyId: string, grantId: string): void;
  /** Fills the pool with grants that are created at the upstream directly. */
  refill(): Promise<void>;
  /** Ids of the grants that `refill` has created. */
  directIds: Set<string>;
}

interface Target {
  keyId: string;
  grantId: string;
}

/** Size of the pool after `refill`. */
const POOL_SIZE = 200;
/** Number of recently removed grants that may be chosen again. */
const RECENT = 50;

export function operationSource(fixture: UpstreamFixture, keyIds: readonly string[], random: Random): OperationSource {
  const { creator, grantee, reader, administrator } = fixture;
  const directIds = new Set<string>();
  const pool: Target[] = [];
  const recent: Target[] = [];

  /** Returns a grant: mostly one from the pool, sometimes one that was chosen before or does not exist. */
  function target(): Target {
    const chance = random.below(100);
    if (chance < 3) return { keyId: random.oneOf(keyIds), grantId: random.text([...'0123456789abcdef'], 64) };
    if (chance < 12 && recent.length > 0) return random.oneOf(recent);
    const [chosen] = pool.splice(random.below(pool.length), 1);
    if (!chosen) throw new Error('the pool of grants is empty');
    recent.push(chosen);
    if (recent.length > RECENT) recent.shift();
    return chosen;
  }

  const sequence = () => (random.below(2) === 0 ? { sequence: randomUUID() } : {});

  function removal(user: DemoUser, action: 'revoke-grant' | 'retire-grant'): OperationInput {
    const { keyId, grantId } = target();
    return { user, action, keyId, grantId, body: { key_id: keyId, grant_id: grantId, ...sequence() } };
  }

  function creation(n: number): OperationInput {
    const keyId = random.oneOf(keyIds);
    const body = { ...createGrantBody(fixture, keyId, `op-${n}`, random.below(2) === 0), ...sequence() };
    return { user: creator, action: 'create-grant', keyId, body };
  }

  function list(): OperationInput {
    const keyId = random.oneOf(keyIds);
    const limit = random.below(5) === 0 ? '1000' : String(1 + random.below(50));
    return { user: random.oneOf([creator, reader]), action: 'list-grants', keyId, body: { key_id: keyId, limit } };
  }

  function retirable(): OperationInput {
    const body = { limit: String(1 + random.below(50)) };
    return { user: random.oneOf([creator, grantee]), action: 'list-retirable-grants', keyId: '', body };
  }

  return {
    directIds,
    next(n) {
      const chance = random.below(100);
      if (chance < 36) return removal(creator, 'revoke-grant');
      if (chance < 39) return removal(random.oneOf([reader, administrator, grantee]), 'revoke-grant');
      if (chance < 54) return removal(random.oneOf([creator, grantee]), 'retire-grant');
      if (chance < 76) return creation(n);
      return chance < 93 ? list() : retirable();
    },
    offer: (keyId, grantId) => void pool.push({ keyId, grantId }),
    async refill() {
      while (pool.length < POOL_SIZE) {
        const keyId = random.oneOf(keyIds.slice(0, 2));
        const grantId = await createGrantAtUpstream(fixture, keyId, 'direct', random.below(2) === 0);
        directIds.add(grantId);
        pool.push({ keyId, grantId });
      }
    },
  };
}
