import { expect, test } from '@jest/globals';
import { ROUTE_KEYS } from '../../lib/handlers/routes.ts';
import { readRoutes } from '../../local/routes.ts';

test('the routes that 405 replies know are those of serverless.yml', () => {
  const deployed = readRoutes().flatMap(({ key }) => (key === '*' ? [] : [key]));
  expect([...ROUTE_KEYS].sort()).toEqual(deployed.sort());
});
