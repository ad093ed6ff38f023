import { KmsError } from '../../errors.ts';
import { services } from '../../services.ts';
import { signedProject } from '../../signing/sdk-hmac.ts';
import type { Api } from '../api.ts';
import type { HttpMiddleware } from '../http-context.ts';

/**
 * Authenticates the caller, over the bytes received and before the body is parsed.
 * @throws KmsError as `Authenticator.authenticate`; APIGW.0101 for an API of the directory when an IAM replaces it
 */
export function authenticate({ access, requiresDirectory, usesCallerProject }: Api): HttpMiddleware {
  return {
    async before({ context: { http } }) {
      const { authenticator, config, now } = services();
      http.arrivedAtMs = now();
      if (requiresDirectory && config.keystone) {
        throw new KmsError('APIGW.0101', { detail: 'Get tokens and projects from the IAM at IAM_ENDPOINT.' });
      }
      if (access === 'anyone') return;
      const projectId = usesCallerProject ? signedProject(http.request) : http.projectId;
      http.caller = await authenticator.authenticate(http.request, projectId, http.sourceIp);
      if (usesCallerProject) http.projectId = http.caller.projectId;
    },
  };
}
