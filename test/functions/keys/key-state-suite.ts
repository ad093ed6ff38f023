/** The tests that enable-key, disable-key, schedule-key-deletion and cancel-key-deletion share, as one table. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { resultCodes, sendConcurrently } from '../../support/concurrent-requests.ts';
import { newKey, okBody, type User } from '../../support/create.ts';
import { expectErrorAndNoWrite } from '../../support/expect-error.ts';
import { type ApiResponse, startService, type TestService } from '../../support/service.ts';
import { storedRows } from '../../support/stored-rows.ts';

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';
const ABSENT_KEY = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
const ONE_WEEK = { pending_days: '7' };

type State = 'enabled' | 'disabled' | 'pending deletion';

/** How a new key, which is enabled, gets into each state. */
const CALLS_TO_REACH: Record<State, [name: string, fields?: object][]> = {
  enabled: [],
  disabled: [['disable-key']],
  'pending deletion': [['schedule-key-deletion', ONE_WEEK]],
};

interface KeyStateApi {
  /** Required fields besides `key_id`. */
  fields: object;
  /** The states in which the call succeeds. */
  from: State[];
  /** The new state, as the API names it. */
  to: '2' | '3' | '4';
  /** The error in any other state. */
  error: [number, string];
  isReplyNested: boolean;
}

/** Source: KMS API reference, section 1 "Key States", and the replies and error codes of each API. */
const APIS = {
  'enable-key': { fields: {}, from: ['disabled'], to: '2', error: [400, 'KMS.1201'], isReplyNested: true },
  'disable-key': { fields: {}, from: ['enabled'], to: '3', error: [400, 'KMS.1301'], isReplyNested: true },
  'schedule-key-deletion': {
    fields: ONE_WEEK,
    from: ['enabled', 'disabled'],
    to: '4',
    error: [400, 'KMS.1402'],
    isReplyNested: false,
  },
  'cancel-key-deletion': {
    fields: {},
    from: ['pending deletion'],
    to: '3',
    error: [400, 'KMS.1501'],
    isReplyNested: false,
  },
} satisfies Record<string, KeyStateApi>;

interface KeyStateFixture {
  service: TestService;
  /** The id of the test's own key, which is enabled. */
  keyId: string;
  /** Calls an API with the test's key. */
  call(name: string, fields?: object, user?: User): Promise<ApiResponse>;
  /** @returns the test's key as describe-key shows it */
  // biome-ignore lint/suspicious/noExplicitAny: tests read the fields that they need
  describeKey(): Promise<any>;
}

/**
 * Runs the shared tests of one API.
 * @returns the fixture, for tests that only this API has
 */
export function testKeyStateApi(name: keyof typeof APIS): KeyStateFixture {
  const { fields, from, to, error, isReplyNested }: KeyStateApi = APIS[name];
  const fixture = newFixture();
  const { call, describeKey } = fixture;
  const states = Object.keys(CALLS_TO_REACH) as State[];

  async function reach(state: State): Promise<void> {
    for (const [api, body] of CALLS_TO_REACH[state]) okBody(await call(api, body));
  }

  test.each(from)(`a key that is %s: 200 with its id and the state ${to}`, async (state) => {
    await reach(state);
    const changed = { key_id: fixture.keyId, key_state: to };
    const { status, body } = await call(name, fields);
    expect([status, body]).toEqual([200, isReplyNested ? { key_info: changed } : changed]);
    expect((await describeKey()).key_state).toBe(to);
  });

  test.each(states.filter((state) => !from.includes(state)))(
    `a key that is %s: ${error[1]}, and nothing is written`,
    async (state) => {
      await reach(state);
      const before = await describeKey();
      await expectErrorAndNoWrite(fixture.service, () => call(name, fields), error);
      expect(await describeKey()).toEqual(before);
    },
  );

  test(`16 concurrent calls: one 200, the others ${error[1]}`, async () => {
    await reach(from[0] as State);
    const { service, keyId } = fixture;
    const responses = await sendConcurrently(service, service.creator, name, { key_id: keyId, ...fields });
    expect(resultCodes(responses)).toEqual(['200', ...Array(15).fill(error[1])]);
  });

  test('any user whose role allows it may make the call, not only the creator of the key', async () => {
    await reach(from[0] as State);
    okBody(await call(name, fields, fixture.service.administrator));
  });

  test('a repeat with the same sequence gets the first answer, and nothing is written', async () => {
    await reach(from[0] as State);
    const first = okBody(await call(name, { ...fields, sequence: SEQUENCE }));
    const rows = await storedRows(fixture.service);
    expect(okBody(await call(name, { ...fields, sequence: SEQUENCE }))).toEqual(first);
    expect(await storedRows(fixture.service)).toEqual(rows);
  });

  describe('nothing is written', () => {
    test('for a malformed key_id: KMS.0205', async () => {
      for (const key_id of ['', 'x', fixture.keyId.toUpperCase(), 7]) {
        await expectErrorAndNoWrite(fixture.service, () => call(name, { ...fields, key_id }), [400, 'KMS.0205']);
      }
    });

    test('for a key that does not exist: 404 KMS.0207', async () => {
      const send = () => call(name, { ...fields, key_id: ABSENT_KEY });
      await expectErrorAndNoWrite(fixture.service, send, [404, 'KMS.0207']);
    });

    test('for a key of another project: 404 KMS.0207', async () => {
      const foreigner = await fixture.service.foreignUser();
      await fixture.service.token(foreigner, foreigner.project_id);
      await expectErrorAndNoWrite(fixture.service, () => call(name, fields, foreigner), [404, 'KMS.0207']);
    });
  });

  return fixture;
}

/** A service for the tests of one file, and a new key for each test. */
function newFixture(): KeyStateFixture {
  const fixture = {
    keyId: '',
    call: (name: string, fields: object = {}, user: User = fixture.service.creator) =>
      fixture.service.kms(user, name, { key_id: fixture.keyId, ...fields }, user.project_id),
    describeKey: async () => okBody(await fixture.call('describe-key')).key_info,
  } as KeyStateFixture;
  beforeAll(async () => {
    fixture.service = await startService();
    // A token is a stored row, so both are requested before a test compares rows.
    for (const user of [fixture.service.creator, fixture.service.administrator]) await fixture.service.token(user);
  });
  afterAll(() => fixture.service.stop());
  beforeEach(async () => {
    fixture.keyId = await newKey(fixture.service);
  });
  return fixture;
}
