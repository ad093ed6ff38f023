/** Random operations between client and cloud in bad weather, signed with credentials of the backend's own. */
import { service } from './service.ts';
import { testInStorm } from './storm.ts';

testInStorm(1_500, service().options);
