/** How every KMS route parses and checks a request body, before the rules of the API itself apply. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { KMS_APIS, minimalBodies, NEED_SOURCES, permittedUser, STRICT_APIS } from '../support/apis.ts';
import { expectError } from '../support/expect-error.ts';
import { type RequestOptions, startService, type TestService } from '../support/service.ts';
import { storedRows } from '../support/stored-rows.ts';

const NOT_JSON: [number, string] = [400, 'KMS.0202'];
const TOO_LONG: [number, string] = [400, 'KMS.0203'];
const MISSING: [number, string] = [400, 'KMS.0204'];
const BAD_SEQUENCE: [number, string] = [400, 'KMS.0206'];

const SEQUENCE = '919c82d4-8046-4722-9094-35c3c6524cff';

let service: TestService;
let bodies: Record<string, Record<string, unknown>>;
let rows: Record<string, unknown[]>;

beforeAll(async () => {
  service = await startService();
  bodies = await minimalBodies(service);
  await service.token(service.administrator);
  rows = await storedRows(service);
});
afterAll(() => service.stop());

// RFC 8259, section 8.1: a parser may ignore a byte order mark.
test('a byte order mark before the JSON of a body is skipped', async () => {
  const { status } = await service.kms(permittedUser(service, 'list-keys'), 'list-keys', '\ufeff{"limit":"1"}');
  expect(status).toBe(200);
});

describe.each(KMS_APIS)('%s', (name) => {
  const send = (body: RequestOptions['body']) => service.kms(permittedUser(service, name), name, body);
  /** Returns the valid body of the API as JSON, with these members in front. */
  const withMembers = (members: string) => {
    const json = JSON.stringify(bodies[name]);
    return json === '{}' ? `{${members}}` : `{${members},${json.slice(1)}`;
  };

  afterEach(async () => {
    expect(await storedRows(service)).toEqual(rows);
  });

  test('refuses a body that is not JSON: KMS.0202', async () => {
    const json = JSON.stringify(bodies[name]);
    for (const body of [
      ' ',
      'key_id=x',
      '{',
      `${json}}`,
      `${json}${json}`,
      json.slice(0, -1),
      `[${json}`,
      "{'limit':'1'}",
      '{limit:1}',
      '{"limit":1,}',
      '{"limit":NaN}',
      '{"limit":01}',
      '{"limit":"1" /* */}',
      '{"name":"a\nb"}',
      '{"name":"\\x41"}',
      `\ufeff\ufeff${json}`,
    ]) {
      expectError(await send(body), NOT_JSON);
    }
  });

  test('refuses JSON that is not an object: KMS.0202', async () => {
    const json = JSON.stringify(bodies[name]);
    for (const body of [`[${json}]`, '[]', '"text"', JSON.stringify(json), 'null', 'true', '0', '1e3']) {
      expectError(await send(body), NOT_JSON);
    }
  });

  test('refuses invalid UTF-8, inside a string or at the end: KMS.0202', async () => {
    // A lone continuation byte, an overlong "/", a surrogate, a code point above U+10FFFF, a truncated sequence.
    for (const invalid of ['80', 'c0af', 'eda080', 'f4908080', 'e282']) {
      for (const json of [withMembers('"note":"@"'), `${withMembers('"note":1')}@`]) {
        const [head = '', tail = ''] = json.split('@');
        const body = Buffer.concat([Buffer.from(head), Buffer.from(invalid, 'hex'), Buffer.from(tail)]);
        expectError(await send(body), NOT_JSON);
      }
    }
    expectError(await send(Buffer.from(JSON.stringify(bodies[name]), 'utf16le')), NOT_JSON);
  });

  test('refuses a duplicate key, also an escaped or nested one: KMS.0202', async () => {
    for (const members of [
      '"limit":"1","limit":"1"',
      '"limit":"1","\\u006cimit":"2"',
      '"\\u006c\\u0069mit":"1","limit" : "2"',
      '"a\\/b":1,"a/b":2',
      '"note":{"a":1,"b":{},"a":1}',
      '"note":[[{"a":1},{"a":1,"\\u0061":1}]]',
      '"":1,"":2',
      '"a\\"":1,"a\\u0022":2',
      '"note":"}","note":"{"',
      `"key_id":"${'0'.repeat(36)}","key_id":"${'0'.repeat(36)}"`,
    ]) {
      expectError(await send(withMembers(members)), NOT_JSON);
    }
  });

  test('refuses the key __proto__, also an escaped or nested one: KMS.0202', async () => {
    for (const members of [
      '"__proto__":{}',
      '"__proto__":null',
      '"\\u005f_proto__":{"limit":"1"}',
      '"note":{"__proto__":1}',
      '"note":[{"a":[{"_\\u005fproto__":1}]}]',
    ]) {
      expectError(await send(withMembers(members)), NOT_JSON);
    }
  });

  test('refuses a body of 1 MiB: KMS.0203', async () => {
    const filler = (bytes: number) => withMembers(`"note":"${'x'.repeat(bytes)}"`);
    expectError(await send(filler(1024 * 1024)), TOO_LONG);
    expectError(await send(Buffer.alloc(1024 * 1024, 0x20)), TOO_LONG);
    expectError(await send(Buffer.alloc(1024 * 1024, 0xff)), TOO_LONG);
  });

  test('refuses a body of 3 MiB: 413', async () => {
    expectError(await send(Buffer.alloc(3 * 1024 * 1024, 0x20)), [413, 'APIGW.0201']);
  });

  test('reports a missing or null required field, KMS.0204, even if another field is malformed', async () => {
    const required = requiredOf(name);
    for (const field of required) {
      const { [field]: _, ...others } = bodies[name] ?? {};
      const malformed = Object.fromEntries(Object.keys(others).map((other) => [other, 0]));
      // Strict APIs refuse null in every field with KMS.0308: ignoring it could change more than requested.
      const withNull = STRICT_APIS.includes(name) ? [] : [{ ...others, [field]: null }];
      for (const body of [others, ...withNull, malformed, { ...others, sequence: 'x' }]) {
        const answer = await send(body);
        expectError(answer, MISSING);
        expect(answer.body.error_msg).toBe(`Parameters missing in the request message. ${field} is required.`);
      }
    }
    if (required.length === 0) return;
    for (const empty of [undefined, '', {}]) expectError(await send(empty), MISSING);
  });

  test('refuses a malformed sequence: KMS.0206', async () => {
    const short = SEQUENCE.slice(1);
    for (const sequence of [
      ...['x', short, `${SEQUENCE}0`, `${short} `, `${short}_`, `${short}\n`, `${short}é`, ' '],
      ...[0, 919, true, false, [], [SEQUENCE], {}],
    ]) {
      expectError(await send({ ...bodies[name], sequence }), BAD_SEQUENCE);
    }
  });

  test('refuses a required field of a wrong type with the code of the field', async () => {
    for (const field of requiredOf(name)) {
      for (const value of [true, {}, { length: 1 }, 1.5, -1, '']) {
        const { status, body } = await send({ ...bodies[name], [field]: value });
        expect([field, value, status]).toEqual([field, value, 400]);
        expect(CODES[field]).toBe(body.error_code);
      }
    }
  });
});

/** create-revocation-job requires one of two fields; its own test covers them. */
const requiredOf = (name: string) => (name === 'create-revocation-job' ? [] : Object.keys(bodies[name] ?? {}));

/** The code that each required field fails with. Source: KMS API reference, "Error Codes". */
const CODES: Record<string, string> = {
  key_id: 'KMS.0205',
  grant_id: 'KMS.2501',
  issuing_principal: 'KMS.2402',
  principals: 'KMS.2402',
  query: 'KMS.0308',
  job_id: 'KMS.0308',
  grantee_principal: 'KMS.2402',
  operations: 'KMS.0308',
  source: 'KMS.0308',
  user_id: 'KMS.0308',
  identity: 'KMS.0308',
  key_alias: 'KMS.1101',
  pending_days: 'KMS.1401',
};

test('list-retirable-grants and list-keys without a body, or with an empty one, return the first page', async () => {
  for (const name of ['list-retirable-grants', 'list-keys']) {
    const whole = await service.kms(permittedUser(service, name), name, {});
    for (const body of [undefined, '', new Uint8Array()]) {
      const answer = await service.kms(permittedUser(service, name), name, body);
      expect([answer.status, answer.body]).toEqual([200, whole.body]);
    }
  }
});

test('a key that could change a prototype is refused and changes nothing, at any depth', async () => {
  const body = '{"note":[{"constructor":{"prototype":{"polluted":true}}}]}';
  const answer = await service.kms(service.creator, 'list-keys', body);
  expect([answer.status, answer.body.error_code]).toEqual([400, 'KMS.0202']);
  expect(answer.body.error_msg).toContain('The key constructor.prototype is not allowed.');
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('unknown fields are ignored at any depth, except in strict APIs, and an empty sequence counts as absent', async () => {
  const unknown = {
    sequence: '',
    enterprise_project_id: '0',
    note: { constructor: {}, list: [[], [{}]] },
    toString: 'x',
    'key_id ': 7,
  };
  for (const name of KMS_APIS.filter((name) => ![...STRICT_APIS, ...NEED_SOURCES].includes(name))) {
    const { status, body } = await service.kms(permittedUser(service, name), name, { ...unknown, ...bodies[name] });
    expect([name, status, body.error_code]).toEqual([name, 200, undefined]);
  }
  // Strict APIs refuse unknown fields: a misspelt filter of a bulk revoke would revoke more than requested.
  for (const name of STRICT_APIS) {
    for (const more of [{ dryRun: true }, { keyId: 'x' }, { key_id: null }, { digest: null }]) {
      const answer = await service.kms(permittedUser(service, name), name, { ...bodies[name], ...more });
      expectError(answer, [400, 'KMS.0308']);
    }
  }
});

test('a JSON body is accepted under any Content-Type', async () => {
  const token = await service.token(service.reader);
  for (const type of ['application/json', 'application/json;charset=UTF-8', 'text/plain', 'multipart/form-data']) {
    const { status, body } = await service.send(`/v1.0/${service.demo.project_id}/kms/list-grants`, {
      headers: { 'X-Auth-Token': token, 'content-type': type },
      body: JSON.stringify(bodies['list-grants']),
    });
    expect([type, status, body.truncated]).toEqual([type, 200, 'false']);
  }
});

test('field names may have any script, and a body may have up to 64 KiB', async () => {
  const list = (length: number) => {
    const head = '{"备注":"授权","fill":"';
    const fill = 'x'.repeat(length - Buffer.byteLength(head) - 2);
    return service.kms(service.reader, 'list-keys', `${head}${fill}"}`);
  };
  expect((await list(64 * 1024)).status).toBe(200);
  expectError(await list(64 * 1024 + 1), TOO_LONG);
});
