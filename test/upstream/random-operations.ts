/** What somebody wants next: random, from grants that are kept ready to be removed. */
import { randomUUID } from 'node:crypto';
import type { DemoUser } from '../../local/demo.ts';
import type { Random } from '../signing/random.ts';
import { createAt, grantAsk } from './actual-state.ts';
import type { World } from './fixture.ts';
import type { Operation } from './history.ts';

export type Wish = Pick<Operation, 'user' | 'action' | 'keyId' | 'grantId' | 'body'>;

export interface Wishes {
  /** @param n the operation's number, by which a grant that it makes is known */
  next(n: number): Wish;
  /** A grant that may be asked to be removed from now on. */
  offer(keyId: string, grantId: string): void;
  /** Makes grants past the backend, where too few are ready. */
  refill(): Promise<void>;
  /** Those made so. */
  givenIds: Set<string>;
}

interface Target {
  keyId: string;
  grantId: string;
}

/** So many grants are kept ready. */
const READY = 200;
/** So many of those asked for lately may be asked for again. */
const RECENT = 50;

export function wishesOf(world: World, keyIds: readonly string[], random: Random): Wishes {
  const { creator, grantee, reader, administrator } = world;
  const givenIds = new Set<string>();
  const ready: Target[] = [];
  const recent: Target[] = [];

  /** Mostly one that nobody asked for yet; sometimes one that others ask for, or that never was. */
  function target(): Target {
    const chance = random.below(100);
    if (chance < 3) return { keyId: random.oneOf(keyIds), grantId: random.text([...'0123456789abcdef'], 64) };
    if (chance < 12 && recent.length > 0) return random.oneOf(recent);
    const [taken] = ready.splice(random.below(ready.length), 1);
    if (!taken) throw new Error('no grant is ready to be removed');
    recent.push(taken);
    if (recent.length > RECENT) recent.shift();
    return taken;
  }

  const sequence = () => (random.below(2) === 0 ? { sequence: randomUUID() } : {});

  function removal(user: DemoUser, action: 'revoke-grant' | 'retire-grant'): Wish {
    const { keyId, grantId } = target();
    return { user, action, keyId, grantId, body: { key_id: keyId, grant_id: grantId, ...sequence() } };
  }

  function creation(n: number): Wish {
    const keyId = random.oneOf(keyIds);
    const body = { ...grantAsk(world, keyId, `op-${n}`, random.below(2) === 0), ...sequence() };
    return { user: creator, action: 'create-grant', keyId, body };
  }

  function list(): Wish {
    const keyId = random.oneOf(keyIds);
    const limit = random.below(5) === 0 ? '1000' : String(1 + random.below(50));
    return { user: random.oneOf([creator, reader]), action: 'list-grants', keyId, body: { key_id: keyId, limit } };
  }

  function retirable(): Wish {
    const body = { limit: String(1 + random.below(50)) };
    return { user: random.oneOf([creator, grantee]), action: 'list-retirable-grants', keyId: '', body };
  }

  return {
    givenIds,
    next(n) {
      const chance = random.below(100);
      if (chance < 36) return removal(creator, 'revoke-grant');
      if (chance < 39) return removal(random.oneOf([reader, administrator, grantee]), 'revoke-grant');
      if (chance < 54) return removal(random.oneOf([creator, grantee]), 'retire-grant');
      if (chance < 76) return creation(n);
      return chance < 93 ? list() : retirable();
    },
    offer: (keyId, grantId) => void ready.push({ keyId, grantId }),
    async refill() {
      while (ready.length < READY) {
        const keyId = random.oneOf(keyIds.slice(0, 2));
        const grantId = await createAt(world, keyId, 'given', random.below(2) === 0);
        givenIds.add(grantId);
        ready.push({ keyId, grantId });
      }
    },
  };
}
