/** 10,000 random operations between client and cloud in bad weather, with the callers' own tokens: every answer is true. */
import { testInStorm } from './random-test.ts';

testInStorm(10_000, {});
