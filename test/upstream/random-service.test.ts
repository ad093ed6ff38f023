/** Random operations between client and cloud in bad weather, signed with credentials of the backend's own. */

import { testInStorm } from './random-test.ts';
import { service } from './service.ts';

testInStorm(1_500, service().options);
