/** The OpenAPI document, compared with the service on SQLite by random requests. */
import { randomRequests } from './random-requests.ts';
import { PHASES } from './schemathesis.ts';

randomRequests(() => ({}), PHASES);
