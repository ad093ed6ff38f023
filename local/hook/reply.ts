/** What the reply of the service to a sample means. */
import type { HttpResponse } from '../../lib/clients/http.ts';
import { parseJson } from '../../lib/util/json.ts';
import type { Source } from '../../lib/webhooks/inbound/source.ts';

/** Returns the id of the job that the service has recorded; undefined if there is none in the reply. */
export function jobIdOf({ headers, text }: HttpResponse): string | undefined {
  const { job_id: jobId } = (parseJson(text) ?? {}) as { job_id?: unknown };
  return typeof jobId === 'string' ? jobId : (headers.get('x-job-id') ?? undefined);
}

/** Returns why the service has refused the sample, and what to do. */
export function refusalText({ status, text }: HttpResponse, { name, kind }: Source): string {
  const reason = reasonIn(text);
  const said = `refused with status ${status}${reason === '' ? '' : `: ${reason}`}`;
  const cure = cureOf(status, text, { name, kind });
  return cure === undefined ? said : `${said}\n${cure}`;
}

function cureOf(status: number, text: string, { name, kind }: Pick<Source, 'name' | 'kind'>): string | undefined {
  if (status === 401 || /"err" *: *"authentication_failed"/.test(text)) {
    return (
      `The service does not know the source ${name}, or has other secrets for it, or its clock differs. Start it with the ` +
      `same HOOKS; a change of the file takes effect within 10 seconds. If ${kind} signs with a private key, secrets ` +
      `must have what "npm run -s hook -- key ${kind}" prints.`
    );
  }
  if (status === 403) return `Add what the event needs to actions or projects of the source ${name} in HOOKS.`;
  if (status === 404 && kind === 'scim') {
    return `Name as --person the id of a user of the source (npm run -s admin -- scim-users --source ${name}), or a mapped id.`;
  }
  if (status === 404) return 'The service has no such route: --url must be the address of this service.';
  if (status === 429 || status >= 500) return 'Send it again later; the log of the service has the cause.';
  return undefined;
}

/** The text of an error in any of the forms of the service. */
function reasonIn(text: string): string {
  const body = (parseJson(text) ?? {}) as Readonly<Record<string, unknown>>;
  const reason = [body['error_msg'], body['description'], body['detail']].find((each) => typeof each === 'string');
  return typeof reason === 'string' ? reason : '';
}
