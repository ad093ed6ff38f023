import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  FOREIGN_PROJECT,
  grantInput,
  keyInput,
  openStandaloneFixture,
  PROJECT,
  requestContext,
  type StandaloneFixture,
} from '../../authority/standalone/fixture.ts';
import {
  KEY,
  kmsError,
  OTHER_KEY,
  openUpstreamFixture,
  type UpstreamFixture,
} from '../../authority/upstream/scripted-upstream.ts';
import { keyRow, simulateKms } from '../../authority/upstream/simulated-kms.ts';
import { ask, contextIn } from '../fixture.ts';

describe('with the standalone authority', () => {
  let fixture: StandaloneFixture;
  beforeEach(async () => {
    fixture = await openStandaloneFixture();
  });
  afterEach(() => fixture.close());

  async function newKey(alias: string, projectId = PROJECT): Promise<string> {
    // Keys of one millisecond are listed in any order.
    fixture.clock.nowMs += 1;
    return (await fixture.authority.createKey(requestContext('create-key', { projectId }), keyInput(alias))).keyId;
  }

  test('an empty list says so', async () => {
    const view = await ask(fixture, 'keys');
    expect(view).toMatchObject({ title: 'Keys', tone: 'neutral', sentences: ['There are no keys.'], rows: [] });
  });

  test('shows alias, id, state and number of grants of each key', async () => {
    const orders = await newKey('orders');
    const invoices = await newKey('invoices');
    await fixture.authority.createGrant(requestContext('create-grant'), grantInput(orders));
    await fixture.authority.disableKey(requestContext('disable-key'), invoices);
    const view = await ask(fixture, 'keys');
    expect(view.sentences).toEqual([]);
    expect(view.rows).toEqual([
      { title: 'orders', details: ['enabled', '1 grant'], id: orders },
      { title: 'invoices', details: ['disabled', '0 grants'], id: invoices },
    ]);
    expect(view.data).toMatchObject({
      projects: [
        { project_id: PROJECT, keys: [orders, invoices], key_details: [{ key_alias: 'orders' }, {}], total: 2 },
      ],
    });
  });

  test('names the project of each key to a person with several, and nothing of the others', async () => {
    await newKey('orders');
    await newKey('invoices', FOREIGN_PROJECT);
    const both = await ask(fixture, 'keys', { contexts: [contextIn(PROJECT), contextIn(FOREIGN_PROJECT)] });
    expect(both.rows.map(({ title, details }) => [title, details[2]])).toEqual([
      ['orders', `Project: ${PROJECT}`],
      ['invoices', `Project: ${FOREIGN_PROJECT}`],
    ]);
    const own = await ask(fixture, 'keys');
    expect(own.rows.map(({ title }) => title)).toEqual(['orders']);
  });

  test('shows ten of many keys, counts the others, and names the API that lists all', async () => {
    for (let n = 0; n < 13; n += 1) await newKey(`key-${n}`);
    const view = await ask(fixture, 'keys');
    expect([view.rows.length, view.moreRows]).toEqual([10, 3]);
    expect(view.sentences).toEqual(['The HTTP API list-keys lists all.']);
  });
});

describe('with an upstream', () => {
  let fixture: UpstreamFixture;
  beforeEach(async () => {
    fixture = await openUpstreamFixture();
  });
  afterEach(() => fixture.close());
  const keys = (options = {}) => ask({ authority: fixture.openAuthority(), store: fixture.store }, 'keys', options);

  test('aliases are shown as text, and states and keys that this service does not know as they are', async () => {
    const kms = simulateKms(fixture, [KEY, OTHER_KEY]);
    kms.keys[0] = keyRow(KEY, { key_alias: 'a\n<!channel>\u202e', key_state: '9' });
    kms.keys[1] = keyRow(OTHER_KEY, { key_alias: undefined });
    expect((await keys()).rows).toEqual([
      { title: 'a <!channel>', details: ['9'], id: KEY },
      { title: OTHER_KEY, details: ['enabled'], id: OTHER_KEY },
    ]);
  });

  test('an id with other letters than hexadecimal digits is a detail of its row', async () => {
    const id = 'zzzzzzzz-dc93-47ac-b5bd-88df7ad35f1e';
    simulateKms(fixture, [id]);
    expect((await keys()).rows).toEqual([{ title: 'a-key', details: ['enabled', id] }]);
  });

  test('a row that cannot be read is said, and the others are shown', async () => {
    const kms = simulateKms(fixture, [KEY, OTHER_KEY]);
    kms.keys[1] = { key_state: '2' };
    const view = await keys();
    expect(view.tone).toBe('warning');
    expect(view.sentences[0]).toBe('This is incomplete: 1 item could not be read: a list (APIGW.0201).');
    expect(view.rows).toHaveLength(1);
  });

  test('a refusal of the upstream is answered with its code, never as an empty list', async () => {
    fixture.replies['list-keys'] = [kmsError(403, 'KMS.0307')];
    const view = await keys();
    expect(view).toMatchObject({ title: 'This could not be read', tone: 'bad', data: { error_code: 'KMS.0307' } });
    expect(view.sentences[0]).toMatch(/^KMS\.0307: /);
  });

  test('one project that cannot be read does not hide the keys of the other', async () => {
    const page = { key_details: [keyRow(KEY)], next_marker: '', truncated: 'false', total: 1 };
    fixture.replies['list-keys'] = [[200, page], kmsError(403, 'KMS.0307')];
    const view = await keys({ contexts: [contextIn(PROJECT), contextIn(FOREIGN_PROJECT)] });
    expect(view.rows).toHaveLength(1);
    expect(view.sentences[0]).toBe('This is incomplete: 1 item could not be read: a list (KMS.0307).');
  });
});
