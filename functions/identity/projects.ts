import { KmsError } from '../../lib/errors.ts';
import { httpHandler } from '../../lib/handlers/http.ts';

/**
 * Lists the caller's projects; with `?name=`, the one of that name. SDKs find the project of a region this way, and
 * OpenStack clients the projects that they can get a token for.
 * Source: IAM API reference, "Querying Project Information Based on the Specified Criteria"; OpenStack Identity API v3,
 * "Get available project scopes", "List projects for user".
 * @throws KmsError APIGW.0302 for the projects of another user
 */
export const handler = httpHandler({
  access: 'caller',
  requiresDirectory: true,
  async handle({ context, params, request, store }) {
    const { user_id: userId = context.caller.userId } = params;
    if (userId !== context.caller.userId) throw new KmsError('APIGW.0302', { detail: 'List your own projects.' });
    const name = new URLSearchParams(request.query).get('name');
    const projects = await store.directory.projectsOf(context.caller.userId);
    return {
      projects: projects
        .filter((project) => name === null || project.name === name)
        .map((project) => ({
          id: project.projectId,
          name: project.name,
          domain_id: project.domainId,
          parent_id: project.domainId,
          is_domain: false,
          enabled: true,
          description: '',
          links: { self: `/v3/projects/${project.projectId}` },
        })),
      links: { self: request.path, next: null, previous: null },
    };
  },
});
