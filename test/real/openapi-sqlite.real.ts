/** Sends random requests to the service on SQLite, and checks each reply against the OpenAPI document. */
import { randomRequests } from './random-requests.ts';
import { PHASES } from './schemathesis.ts';

randomRequests(() => ({}), PHASES);
