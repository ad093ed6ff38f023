import { httpHandler } from '../../lib/handlers/http.ts';
import { publicUrlOf } from '../../lib/http/public-url.ts';
import { identityVersion } from '../../lib/http/serialize-version.ts';

/** Describes the token API. Source: IAM API reference, "Querying Information About Keystone API 3.0". */
export const handler = httpHandler({
  access: 'anyone',
  name: 'identity-version',
  requiresDirectory: true,
  async handle({ config, request }) {
    return { version: identityVersion(publicUrlOf(config, request)) };
  },
});
