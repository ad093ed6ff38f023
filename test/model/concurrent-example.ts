/** Random examples of concurrent clients. Their requests conflict, as they go to one key that is near its quota. */
import * as fc from 'fast-check';
import type { CallTemplate, Command, ResendCommand, SendCommand } from './commands.ts';
import * as commands from './commands.ts';
import * as values from './values.ts';

export interface ConcurrentExample {
  /** Commands that run one after the other before the clients start. */
  before: Command[];
  /** The commands of each client. A client waits for each answer and then for `turns` turns of the event loop. */
  clients: { command: SendCommand | ResendCommand; turns: number }[][];
  /** How many turns of the event loop pass between the decision on a change and its commit, for each change in turn. */
  commitDelays: number[];
}

const { weighted, callTemplate, sendCommand } = commands;
const { constant, constantFrom, nat, record } = fc;

const key = constant(0);
const grant = nat({ max: 3 });
const page = fc.oneof(constant({ limit: 10 }), commands.pageAfter(grant));
const create = callTemplate('create-grant', { ...commands.grantTerms, key });
const revoke = callTemplate('revoke-grant', { grant, key: constant('own') });
const retire = callTemplate('retire-grant', { grant, key: constant('own') });
const listGrants = callTemplate('list-grants', { key, page });
const listHeld = callTemplate('list-grants', { key, page, grantee: constantFrom(...values.PRINCIPALS) });
const listRetirable = callTemplate('list-retirable-grants', { page });
const stateChanges = [
  ...['disable-key', 'enable-key', 'cancel-key-deletion'].map((action) => weighted(1, callTemplate(action, { key }))),
  weighted(1, callTemplate('schedule-key-deletion', { key, pendingDays: constantFrom(...values.PENDING_DAYS) })),
];
const newKey = callTemplate('create-key', { ...commands.keyTerms, alias: constantFrom(...values.ALIASES.slice(0, 4)) });
const listKeys = callTemplate('list-keys', { page: commands.pageAfter(key) });

/** A grant by which bob, or every user of the domain acme, may create grants. */
const delegate = callTemplate('create-grant', {
  ...commands.grantTerms,
  key,
  grantee: constantFrom('bob', 'acme'),
  operations: constant(values.OPERATIONS),
});
const sender = { creator: constant('creator' as const), bob: constant(1) };

/** What the clients of an example contend for. */
interface Scenario {
  /** Creates the grants that the key has at the start: at least one. */
  setup: fc.Arbitrary<CallTemplate>;
  setupMax: number;
  requests: fc.WeightedArbitrary<SendCommand>[];
}

const NEAR_QUOTA = { setup: create, setupMax: values.QUOTAS.grantsPerKey };
const lists = sendCommand([weighted(2, listGrants), weighted(1, listHeld), weighted(1, listRetirable)]);
const scenarios: Scenario[] = [
  {
    ...NEAR_QUOTA,
    requests: [
      weighted(4, sendCommand([weighted(1, create)])),
      weighted(4, sendCommand([weighted(1, revoke), weighted(1, retire)])),
      weighted(3, lists),
    ],
  },
  {
    setup: delegate,
    setupMax: 2,
    requests: [
      weighted(3, sendCommand([weighted(1, create)], sender.bob)),
      weighted(2, sendCommand([weighted(1, revoke)], sender.creator)),
      weighted(2, sendCommand([weighted(1, listGrants)])),
    ],
  },
  {
    setup: create,
    setupMax: 2,
    requests: [
      weighted(3, sendCommand([weighted(1, create)])),
      weighted(4, sendCommand(stateChanges)),
      weighted(2, lists),
    ],
  },
  {
    setup: create,
    setupMax: 1,
    requests: [weighted(4, sendCommand([weighted(1, newKey)])), weighted(2, sendCommand([weighted(1, listKeys)]))],
  },
  { ...NEAR_QUOTA, requests: [weighted(1, sendCommand([...commands.changes, ...commands.lists]))] },
];

const resend: fc.Arbitrary<ResendCommand> = record({ resend: nat({ max: 2 }), instance: nat({ max: 1 }) });
const commitDelays = fc.array(nat({ max: 8 }), { minLength: 1, maxLength: 8, size: 'max' });
const upTo4 = <T>(arbitrary: fc.Arbitrary<T>, minLength: number) =>
  fc.array(arbitrary, { minLength, maxLength: 4, size: 'max' });

export const concurrentExample: fc.Arbitrary<ConcurrentExample> = fc.oneof(
  ...scenarios.map((scenario) => {
    const setup = fc.array(sendCommand([weighted(1, scenario.setup)], sender.creator), {
      minLength: 1,
      maxLength: scenario.setupMax,
      size: 'max',
    });
    const others = fc.array(sendCommand(commands.changes), { maxLength: 2 });
    const before: fc.Arbitrary<Command[]> = fc.tuple(setup, others).map((parts) => parts.flat());
    const command = fc.oneof(...scenario.requests, weighted(1, resend));
    const client = upTo4(record({ command, turns: nat({ max: 2 }) }), 1);
    return record({ before, clients: upTo4(client, 2), commitDelays });
  }),
);
