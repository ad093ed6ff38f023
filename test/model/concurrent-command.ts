/** What a few clients do at once: little of a kind, on one key that is nearly full, so that they get in each other's way. */
import * as fc from 'fast-check';
import type { Again, Command, Draft, Send } from './commands.ts';
import * as lines from './commands.ts';
import * as cast from './values.ts';

export interface AtOnce {
  /** One after the other, before the clients start. */
  before: Command[];
  /** What each client does, each after its answer before, and after so many turns of the event loop. */
  clients: { command: Send | Again; turns: number }[][];
  /** How many turns the first changes wait between what they were decided on and their write. */
  lags: number[];
}

const { some, draft, sent } = lines;
const { constant, constantFrom, nat, record } = fc;

const key = constant(0);
const grant = nat({ max: 3 });
const page = fc.oneof(constant({ limit: 10 }), lines.pageAfter(grant));
const create = draft('create-grant', { ...lines.grantTerms, key });
const revoke = draft('revoke-grant', { grant, key: constant('own') });
const retire = draft('retire-grant', { grant, key: constant('own') });
const listGrants = draft('list-grants', { key, page });
const listHeld = draft('list-grants', { key, page, grantee: constantFrom(...cast.PRINCIPALS) });
const listRetirable = draft('list-retirable-grants', { page });
const moves = [
  ...['disable-key', 'enable-key', 'cancel-key-deletion'].map((action) => some(1, draft(action, { key }))),
  some(1, draft('schedule-key-deletion', { key, pendingDays: constantFrom(...cast.PENDING_DAYS) })),
];
const newKey = draft('create-key', { ...lines.keyTerms, alias: constantFrom(...cast.ALIASES.slice(0, 4)) });
const listKeys = draft('list-keys', { page: lines.pageAfter(key) });

/** Of such a grant hangs what bob, or anyone of acme, may pass on. */
const delegate = draft('create-grant', {
  ...lines.grantTerms,
  key,
  grantee: constantFrom('bob', 'acme'),
  operations: constant(cast.OPERATIONS),
});
const by = { creator: constant('creator' as const), bob: constant(1) };

interface Theme {
  /** The grants that the key has before; the first is always there. */
  given: fc.Arbitrary<Draft>;
  givenMax: number;
  sends: fc.WeightedArbitrary<Send>[];
}

const LAST_PLACES = { given: create, givenMax: cast.QUOTAS.grantsPerKey };
const lists = sent([some(2, listGrants), some(1, listHeld), some(1, listRetirable)]);
const themes: Theme[] = [
  {
    ...LAST_PLACES,
    sends: [some(4, sent([some(1, create)])), some(4, sent([some(1, revoke), some(1, retire)])), some(3, lists)],
  },
  {
    given: delegate,
    givenMax: 2,
    sends: [
      some(3, sent([some(1, create)], by.bob)),
      some(2, sent([some(1, revoke)], by.creator)),
      some(2, sent([some(1, listGrants)])),
    ],
  },
  { given: create, givenMax: 2, sends: [some(3, sent([some(1, create)])), some(4, sent(moves)), some(2, lists)] },
  { given: create, givenMax: 1, sends: [some(4, sent([some(1, newKey)])), some(2, sent([some(1, listKeys)]))] },
  { ...LAST_PLACES, sends: [some(1, sent([...lines.changes, ...lines.lists]))] },
];

const again: fc.Arbitrary<Again> = record({ again: nat({ max: 2 }), via: nat({ max: 1 }) });
const lags = fc.array(nat({ max: 8 }), { minLength: 1, maxLength: 8, size: 'max' });
const upTo4 = <T>(arbitrary: fc.Arbitrary<T>, minLength: number) =>
  fc.array(arbitrary, { minLength, maxLength: 4, size: 'max' });

export const atOnce: fc.Arbitrary<AtOnce> = fc.oneof(
  ...themes.map((theme) => {
    const given = fc.array(sent([some(1, theme.given)], by.creator), {
      minLength: 1,
      maxLength: theme.givenMax,
      size: 'max',
    });
    const others = fc.array(sent(lines.changes), { maxLength: 2 });
    const before: fc.Arbitrary<Command[]> = fc.tuple(given, others).map((parts) => parts.flat());
    const command = fc.oneof(...theme.sends, some(1, again));
    const client = upTo4(record({ command, turns: nat({ max: 2 }) }), 1);
    return record({ before, clients: upTo4(client, 2), lags });
  }),
);
