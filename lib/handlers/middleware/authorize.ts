import { KmsError } from '../../errors.ts';
import { isAllowed } from '../../identity/roles.ts';
import { services } from '../../services.ts';
import type { Api } from '../api.ts';
import type { HttpMiddleware } from '../http-context.ts';

/** Checks the project and the caller's role. @throws KmsError KMS.0321, KMS.0307 */
export function authorize({ access, isExtension }: Api): HttpMiddleware {
  return {
    before({ context: { http } }) {
      if (access === 'anyone' || access === 'caller') return;
      const { config, checksRoles } = services();
      const { caller, projectId } = http;
      if (projectId === undefined || caller?.projectId !== projectId) throw new KmsError('KMS.0321');
      if (config.projects && !config.projects.includes(projectId)) {
        throw new KmsError('KMS.0321', { detail: 'This service does not serve that project.' });
      }
      // An upstream that checks the caller's role itself does not know the extensions.
      if ((checksRoles || isExtension) && !isAllowed(caller.roles, access)) {
        throw new KmsError('KMS.0307', { detail: `The role lacks ${access}.` });
      }
    },
  };
}
