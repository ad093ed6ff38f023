import type { Project } from '../../lib/domain/directory.ts';
import { KmsError } from '../../lib/errors.ts';
import { httpHandler } from '../../lib/handlers/http.ts';

/**
 * Lists the caller's projects; with `?name=`, the one of that name; or shows one, by id. SDKs find the project of a
 * region this way, and OpenStack clients the projects that they can get a token for. `openstack project show` looks the
 * project up by id, then by name.
 * Source: IAM API reference, "Querying Project Information Based on the Specified Criteria"; OpenStack Identity API v3,
 * "Get available project scopes", "List projects for user", "Show project details".
 * @throws KmsError APIGW.0302 for the projects of another user; Keystone.404:resource for the id of any other project
 */
export const handler = httpHandler({
  access: 'caller',
  name: 'projects',
  requiresDirectory: true,
  async handle({ context, params, request, store }) {
    const { id, user_id: userId = context.caller.userId } = params;
    if (userId !== context.caller.userId) throw new KmsError('APIGW.0302', { detail: 'List your own projects.' });
    const own = (await store.directory.projectsOf(context.caller.userId)).map(serializeProject);
    if (id !== undefined) {
      const project = own.find((project) => project.id === id);
      if (!project) throw new KmsError('Keystone.404:resource');
      return { project };
    }
    const name = new URLSearchParams(request.query).get('name');
    return {
      projects: own.filter((project) => name === null || project.name === name),
      links: { self: request.path, next: null, previous: null },
    };
  },
});

const serializeProject = ({ projectId, domainId, name }: Project) => ({
  id: projectId,
  name,
  domain_id: domainId,
  parent_id: domainId,
  is_domain: false,
  enabled: true,
  description: '',
  links: { self: `/v3/projects/${projectId}` },
});
