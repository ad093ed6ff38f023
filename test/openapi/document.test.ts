/**
 * The OpenAPI document has everything that the service has. The lists come from serverless.yml, functions/ and lib/,
 * and the samples from the KMS API reference.
 * Also tests: openapi/.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { ERRORS } from '../../lib/errors.ts';
import type { Api } from '../../lib/handlers/api.ts';
import { type OpenApiOperation, openapiDocument } from '../../openapi/document.ts';

const document = await openapiDocument();
const operations = Object.values(document.paths).flatMap((item) => Object.values(item));

const { functions } = parse(readFileSync('serverless.yml', 'utf8')) as {
  functions: Record<string, { handler: string; events: { httpApi?: string }[] }>;
};
const routes = Object.values(functions).flatMap(({ handler, events }) =>
  events.flatMap(({ httpApi }) => (httpApi && httpApi !== '*' ? [{ key: httpApi, handler }] : [])),
);

/** OpenAPI has no parameters that contain slashes. */
const documented = (key: string) => key.replace('+}', '}');

/** The API as its file in functions/ describes it. */
async function apiOf(handler: string): Promise<Api> {
  const module = (await import(`../../${handler.replace(/\.handler$/, '.ts')}`)) as { handler: { api: Api } };
  return module.handler.api;
}

const operationOf = (key: string): OpenApiOperation | undefined => {
  const [method = '', path = ''] = documented(key).split(' ');
  return document.paths[path]?.[method.toLowerCase()];
};

function kmsBody(name: string) {
  const schema = operationOf(`POST /v1.0/{project_id}/kms/${name}`)?.requestBody?.content['application/json']?.schema;
  if (!schema) throw new Error(`${name} has no body`);
  return schema as { properties: Record<string, object>; additionalProperties?: boolean };
}

/** Whether the body is one that the document allows for this API. */
function isValid(name: string, body: unknown): boolean {
  const ajv = new Ajv2020({ strict: false });
  return ajv.validate(kmsBody(name), body);
}

test('every route of serverless.yml is an operation, and there is no other one', () => {
  expect(routes.length).toBeGreaterThan(30);
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual(routes.map(({ key }) => documented(key)).sort());
});

test('every field of every API is in its request body, with a description in both languages', async () => {
  const fieldNames = new Set<string>();
  for (const { key, handler } of routes) {
    const { fields } = await apiOf(handler);
    if (!fields) continue;
    const schema = operationOf(key)?.requestBody?.content['application/json']?.schema as {
      properties: Record<string, object>;
    };
    expect([key, Object.keys(schema.properties)]).toEqual([key, Object.keys(fields)]);
    for (const [name, property] of Object.entries(schema.properties)) {
      fieldNames.add(name);
      expect(property).toMatchObject({
        description: expect.stringMatching(/^[A-Z"].*\.$/),
        'x-zh': { description: expect.stringMatching(/\p{sc=Han}.*。$/u) },
      });
    }
  }
  expect(fieldNames.size).toBeGreaterThan(15);
});

test('every code of the error table is in a reply', () => {
  const coded = JSON.stringify([document.paths, document['x-unmatched-responses'], document.components]);
  const missing = Object.entries(ERRORS).filter(([code, { status, text }]) => {
    const sent = code.replace(/:.*/, '');
    // Errors in Keystone's form are sent without a code.
    const sign = code.startsWith('Keystone.') ? JSON.stringify(text).slice(1, -1) : `"${sent}"`;
    return !coded.includes(sign) || !coded.includes(`"${status}":`);
  });
  expect(missing).toEqual([]);
});

test('every operation has texts in both languages, and an id of its own', () => {
  for (const operation of operations) {
    expect(operation).toMatchObject({
      summary: expect.stringMatching(/^[A-Z]/),
      description: expect.stringMatching(/^[A-Z].*\.$/s),
      'x-zh': { summary: expect.stringMatching(/\p{sc=Han}/u), description: expect.stringMatching(/。$/) },
    });
  }
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
});

test('both credentials are accepted wherever the service needs one of them', async () => {
  for (const { key, handler } of routes) {
    const { access } = await apiOf(handler);
    if (access !== 'anyone') expect(operationOf(key)?.['security']).toEqual([{ Token: [] }, { AccessKey: [] }]);
  }
  expect(operationOf('GET /')?.['security']).toEqual([]);
});

// Source: KMS API reference, the example requests of each API.
test.each([
  [
    'revoke-grant',
    {
      key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f',
      grant_id: '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d',
    },
  ],
  [
    'retire-grant',
    {
      key_id: 'bb6a3d22-dc93-47ac-b5bd-88df7ad35f1e',
      grant_id: '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d',
      sequence: '919c82d4-8046-4722-9094-35c3c6524cff',
    },
  ],
  ['list-grants', { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f' }],
  ['list-grants', { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f', limit: '100', marker: '10' }],
  ['list-retirable-grants', { limit: '', marker: '' }],
])('the documented request of %s is valid: %j', (name, body) => {
  expect(isValid(name, body)).toBe(true);
});

// Source: docs/api.md, "Rules for all APIs" and the tables of the extensions.
test.each([
  ['list-grants', { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f', limit: 0 }, false],
  ['list-grants', { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f', limit: '1e3' }, false],
  ['list-grants', { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f', limit: 2000 }, true],
  ['list-grants', { key_id: '0D0466B0-E727-4D9C-B35D-F84BB474A37F' }, false],
  ['list-grants', {}, false],
  ['list-grants', { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f', limit: null, other: 1 }, true],
  ['create-key', { key_alias: 'orders/default' }, false],
  ['create-key', { key_alias: 'orders' }, true],
  ['schedule-key-deletion', { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f', pending_days: '6' }, false],
  ['schedule-key-deletion', { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f', pending_days: '1096' }, true],
  ['schedule-key-deletion', { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f', pending_days: '1097' }, false],
  ['schedule-key-deletion', { key_id: '0d0466b0-e727-4d9c-b35d-f84bb474a37f', pending_days: 7 }, true],
  ['revoke-principal-grants', { grantee_principal: 'a', dry_run: 'true', reason: { ticket: 7 } }, true],
  ['revoke-principal-grants', { grantee_principal: 'a', key_id: null }, false],
  ['revoke-principal-grants', { grantee_principal: 'a', dry: true }, false],
  ['list-grant-events', { marker: '10' }, false],
])('%s with %j: valid %j', (name, body, expected) => {
  expect(isValid(name, body)).toBe(expected);
});

test('a list says what is odd on the wire: a string that tells whether there is more, and a number', () => {
  expect(document.components['schemas']?.['GrantPage']).toMatchObject({
    properties: { truncated: { type: 'string', enum: ['true', 'false'] }, total: { type: 'integer' } },
  });
  expect(document.components['schemas']?.['Grant']).toMatchObject({
    properties: { creation_date: { type: 'string', pattern: '^[0-9]{13}$' } },
  });
});
