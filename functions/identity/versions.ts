import { httpHandler } from '../../lib/handlers/http.ts';
import { publicUrlOf } from '../../lib/http/public-url.ts';
import { Reply } from '../../lib/http/reply.ts';
import { identityVersion, kmsVersion } from '../../lib/http/serialize-version.ts';

/**
 * Lists the API versions. The KMS and the IAM document `GET /` in different forms. This is the form of the IAM, because
 * OpenStack clients read it to find the token API.
 * Source: IAM API reference, "Querying the Version Information of Keystone APIs".
 */
export const handler = httpHandler({
  access: 'anyone',
  name: 'versions',
  async handle({ config, request }) {
    const url = publicUrlOf(config, request);
    const values = [...(config.keystone ? [] : [identityVersion(url)]), kmsVersion(url)];
    return new Reply({ versions: { values } }, { status: 300 });
  },
});
