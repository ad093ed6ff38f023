import { httpHandler } from '../../lib/handlers/http.ts';
import { publicUrlOf } from '../../lib/http/public-url.ts';
import { kmsVersion } from '../../lib/http/serialize-version.ts';

/** Describes the KMS API. Source: KMS API reference, "Querying a Specified Version". */
export const handler = httpHandler({
  access: 'anyone',
  name: 'kms-version',
  async handle({ config, request }) {
    return { version: kmsVersion(publicUrlOf(config, request)) };
  },
});
