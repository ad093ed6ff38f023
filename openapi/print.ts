/** `npm run -s openapi`: prints the OpenAPI document. */
import { openapiDocument } from './document.ts';

process.stdout.write(`${JSON.stringify(await openapiDocument(), null, 2)}\n`);
