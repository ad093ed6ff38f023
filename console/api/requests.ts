/** The requests that the console sends, one function for each API. */
import type { ApiRequest } from './request.ts';
import type {
  BulkRevocation,
  Caller,
  EventPage,
  GrantPage,
  Job,
  JobPage,
  JobState,
  KeyUsagePage,
  Match,
  Preview,
  PrincipalDescription,
  RevocationSelection,
} from './types.ts';

/** Rows of a page: small, so that the first rows of a very long list are there at once. */
export const PAGE_ROWS = 200;

const get = <Reply>(path: string): ApiRequest<Reply> => ({ method: 'GET', path });

/** Returns a request to an API of the KMS. */
export function kms<Reply>(projectId: string, api: string, body: object): ApiRequest<Reply> {
  return { method: 'POST', path: `/v1.0/${projectId}/kms/${api}`, body };
}

export const callerRequest = () => get<Caller>('/v1.0/caller');
export const jobRequest = (jobId: string) => get<Job>(`/hooks/jobs/${encodeURIComponent(jobId)}`);

/** Returns the requests to the KMS of one project. */
export function requestsFor(projectId: string) {
  const api =
    <Body extends object, Reply>(name: string) =>
    (body: Body) =>
      kms<Reply>(projectId, name, body);
  type Paged = { limit?: number; marker?: string };
  return {
    search: api<{ query: string }, { matches: Match[] }>('search'),
    describePrincipals: api<{ principals: string[] }, { principals: PrincipalDescription[] }>('describe-principals'),
    listKeyUsage: api<Paged & { key_id?: string }, KeyUsagePage>('list-key-usage'),
    listGrants: api<Paged & { key_id: string; grantee_principal?: string }, GrantPage>('list-grants'),
    listPrincipalGrants: api<Paged & { grantee_principal: string }, GrantPage>('list-principal-grants'),
    listIssuedGrants: api<Paged & { issuing_principal: string; key_id?: string }, GrantPage>('list-issued-grants'),
    listGrantEvents: api<Paged & { key_id?: string; grant_id?: string; grantee_principal?: string }, EventPage>(
      'list-grant-events',
    ),
    previewRevocation: (selection: RevocationSelection) =>
      kms<Preview>(projectId, 'create-revocation-job', { ...selection, dry_run: true }),
    createRevocationJob: api<
      RevocationSelection & { digest: string; reason: string; sequence: string },
      { job_id: string; total: number }
    >('create-revocation-job'),
    listJobs: api<Paged & { states?: JobState[] }, JobPage>('list-jobs'),
    retryJob: api<{ job_id: string; sequence: string }, Job>('retry-job'),
    stopJob: api<{ job_id: string; sequence: string }, Job>('stop-job'),
    revokeGrant: api<{ key_id: string; grant_id: string; sequence: string }, object>('revoke-grant'),
    retireGrant: api<{ key_id: string; grant_id: string; sequence: string }, object>('retire-grant'),
    previewPrincipalRevocation: (selection: RevocationSelection & { grantee_principal: string }) =>
      kms<{ total: number; digest: string; passed_on?: number; keys: { key_id: string; total: number }[] }>(
        projectId,
        'revoke-principal-grants',
        { ...selection, dry_run: true },
      ),
    revokePrincipalGrants: api<
      RevocationSelection & { grantee_principal: string; digest?: string; reason: string; sequence: string },
      BulkRevocation
    >('revoke-principal-grants'),
  };
}

export type Requests = ReturnType<typeof requestsFor>;
