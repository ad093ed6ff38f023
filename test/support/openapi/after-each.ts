/** Fails the test, or the file, in which a reply of the service was not as the OpenAPI document says. */
import { afterAll, afterEach } from '@jest/globals';
import { assertNoViolations } from './violations.ts';

afterEach(assertNoViolations);
afterAll(assertNoViolations);
