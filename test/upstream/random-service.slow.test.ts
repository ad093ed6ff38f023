/** Random operations under random faults, with a backend that signs with its own AK/SK. */

import { testRandomFaults } from './random-test.ts';
import { service } from './service.ts';

testRandomFaults(1_500, service().options);
