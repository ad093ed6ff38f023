import { httpHandler } from '../../lib/handlers/http.ts';
import { Reply } from '../../lib/http/reply.ts';
import {
  digest,
  flag,
  operationsFilter,
  optionalKeyId,
  optionalPrincipal,
  reason,
  sequence,
} from '../../lib/validation/fields.ts';
import { grantIds } from '../../lib/validation/job-fields.ts';
import { createRevocationJob } from '../../lib/webhooks/jobs/create-revocation-job.ts';

/** Starts a job that revokes grants on keys of any creator, for administrators. With `dry_run` it only shows them. */
export const handler = httpHandler({
  access: 'kms:grant:revoke-any',
  isExtension: true,
  rejectsUnknownFields: true,
  fields: {
    grantee_principal: optionalPrincipal('grantee_principal'),
    key_id: optionalKeyId,
    operations: operationsFilter,
    grant_ids: grantIds,
    dry_run: flag('dry_run'),
    digest,
    reason,
    sequence,
  },
  async handle({ body, context, ...services }) {
    const { isCreated, body: reply } = await createRevocationJob(
      services,
      { ...context, reason: body.reason },
      {
        grantee: body.grantee_principal,
        keyId: body.key_id,
        operations: body.operations,
        grantIds: body.grant_ids,
        isDryRun: body.dry_run ?? false,
        digest: body.digest,
      },
    );
    return new Reply(reply, { status: isCreated ? 202 : 200 });
  },
});
