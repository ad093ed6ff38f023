/** One result of a search, in the form of the API. */
type Match =
  | {
      type: 'principal';
      principal_id: string;
      name?: string | undefined;
      identity?: string | undefined;
      grants: number;
    }
  | { type: 'key'; key_id: string; key_alias?: string | undefined; key_state?: string | undefined }
  | { type: 'grant'; key_id: string; grant_id: string; exists: boolean; grantee_principal?: string | undefined }
  | { type: 'job'; job_id: string; state: string };

/** How well the text names the match: closer ones come first. */
export const CLOSENESS = { id: 0, name: 1, beginning: 2 } as const;

export interface RankedMatch {
  closeness: number;
  match: Match;
}
