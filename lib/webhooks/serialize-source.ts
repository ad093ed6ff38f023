import { CHAT_KINDS } from '../chat/source.ts';
import type { AnySource } from './all-sources.ts';

/**
 * The settings of a source that are no secret and no path of one. Any other setting is left out, so that a new one is
 * not shown before somebody has decided about it.
 */
const SHOWN = [
  'apps',
  'app_id',
  'workspaces',
  'tenants',
  'channels',
  'host',
  'url',
  'topics',
  'issuer',
  'organizations',
  'groups',
  'principal_attribute',
  'trust_email',
  'trust_username',
] as const;

/** By kind, the part of the URL that follows the name of the source. */
const PATHS: Partial<Record<AnySource['kind'], string>> = { ssf: '/events' };

const isChat = (kind: string) => (CHAT_KINDS as readonly string[]).includes(kind);

/** A source as list-sources shows it. @param openJobs its jobs that have not ended */
export function serializeSource(source: AnySource, openJobs: number) {
  const { name, kind, projectIds, actions } = source;
  const settings: Readonly<Record<string, unknown>> = 'settings' in source ? { ...source.settings } : {};
  return {
    name,
    kind,
    purpose: isChat(kind) ? 'chat' : 'webhook',
    path: `/hooks/${name}${PATHS[kind] ?? ''}`,
    projects: projectIds,
    actions,
    mode: 'mode' in source ? source.mode : undefined,
    max_principals: 'maxPrincipals' in source ? source.maxPrincipals : undefined,
    may_approve: 'mayApprove' in source ? source.mayApprove : undefined,
    open_jobs: openJobs,
    ...Object.fromEntries(SHOWN.map((setting) => [setting, settings[setting]])),
  };
}
