/**
 * 10,000 random operations between client and upstream in bad weather, with the callers' own tokens: every answer is
 * true.
 */
import { testRandomFaults } from './random-test.ts';

testRandomFaults(10_000, {});
