/** `npm run -s openapi`: prints the OpenAPI document. */
import { openapiDocument } from './document.ts';

// A reader such as head may close the pipe before the end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.stdout.write(`${JSON.stringify(await openapiDocument(), null, 2)}\n`);
