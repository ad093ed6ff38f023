import { useCallback, useMemo } from 'react';
import { Link } from 'wouter';
import { PAGE_ROWS } from '../api/requests.ts';
import type { Grant, KeyUsage } from '../api/types.ts';
import { Page } from '../app/page.tsx';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useRequests } from '../app/session.tsx';
import { REFRESH_MS, useApi } from '../app/use-api.ts';
import { type Names, nameIn, useNames } from '../app/use-names.ts';
import { FilterBar } from '../grants/filter-bar.tsx';
import { GrantSection } from '../grants/grant-section.tsx';
import styles from '../grants/grants.module.css';
import { type Filter, useFilter } from '../grants/use-filter.ts';
import { type GrantList, useGrants } from '../grants/use-grants.ts';
import { Button } from '../parts/button.tsx';
import { Id } from '../parts/copy-button.tsx';
import { PrincipalLink } from '../parts/links.tsx';
import { PassedOnGraph } from '../parts/passed-on-graph.tsx';
import { Section } from '../parts/section.tsx';
import { KeyStateBadge } from '../parts/state-badges.tsx';
import { ErrorNote, Loading, Note } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { grantWords } from '../words/grants.ts';

/** Who can use a key. */
export function KeyPage({ id }: { id: string }) {
  const words = useWords(grantWords);
  const requests = useRequests();
  const filter = useFilter();
  const usage = useApi(requests.listKeyUsage({ key_id: id }), { refreshMs: REFRESH_MS });
  const key = usage.data?.keys[0];
  const list = useGrants(
    (marker) =>
      requests.listGrants({
        key_id: id,
        ...(filter.grantee !== '' && { grantee_principal: filter.grantee }),
        limit: PAGE_ROWS,
        ...(marker && { marker }),
      }),
    filter.operations,
    filter.grant,
  );
  const names = useNames([
    key?.created_by,
    ...list.loaded.flatMap(({ grantee_principal, issuing_principal }) => [grantee_principal, issuing_principal]),
  ]);
  const keys = useMemo(() => new Map(key ? [[id, key]] : []), [id, key]);
  const { loaded } = list;
  const passedOnBy = useCallback(({ grantee_principal }: Grant) => issuedBy(loaded, grantee_principal), [loaded]);
  const name = key?.key_alias || id;
  // The list of grants tells the same of a key that does not exist.
  if (usage.error && !usage.data)
    return (
      <Page title={id} kind={words.key}>
        <ErrorNote error={usage.error} onRetry={() => void usage.refetch()} />
      </Page>
    );
  return (
    <Page
      title={name}
      kind={words.key}
      aside={
        <>
          <KeyStateBadge state={key?.key_state} />
          <Link href={`/receipts?key=${id}`}>{words.receipts}</Link>
        </>
      }
    >
      <KeyFacts id={id} usage={key} quota={usage.data?.grants_per_key} names={names} />
      <GrantSection
        title={words.canUse}
        subject="key"
        list={filter.grant === '' ? list : only(list, filter.grant)}
        filter={{
          key_id: id,
          ...(filter.grantee !== '' && { grantee_principal: filter.grantee }),
          ...(filter.operations.length > 0 && { operations: filter.operations }),
          ...(filter.grant !== '' && { grant_ids: [filter.grant] }),
        }}
        name={name}
        names={names}
        keys={keys}
        passedOnBy={passedOnBy}
        isPartial={list.hasMore}
        isFiltered={filter.isSet}
        empty={filter.isSet ? words.nothingFits : words.nothingUses}
      >
        <FilterBar filter={filter} />
        <SearchedGrant filter={filter} list={list} />
      </GrantSection>
      {list.loaded.length > 0 && (
        <Section title={words.graph}>
          <PassedOnGraph grants={list.loaded} focus={id} nameOf={(principal) => nameIn(names, principal)} />
        </Section>
      )}
    </Page>
  );
}

const issuedBy = (grants: readonly Grant[], principal: string) =>
  grants.filter(({ issuing_principal }) => issuing_principal === principal);

/** The list with the one grant of a search only. */
const only = (list: GrantList, grantId: string): GrantList => ({
  ...list,
  shown: list.loaded.filter(({ grant_id }) => grant_id === grantId),
});

/** Tells that the list shows the grant of a search only, or that the grant is gone. */
function SearchedGrant({ filter, list }: { filter: Filter; list: GrantList }) {
  const words = useWords(grantWords);
  if (filter.grant === '' || list.isPending) return null;
  const isLoaded = list.loaded.some(({ grant_id }) => grant_id === filter.grant);
  if (!isLoaded && list.isLoadingMore) return <Loading />;
  return (
    <Note {...(!isLoaded && { tone: 'caution' as const })}>
      <p>
        {isLoaded ? words.onlyGrant : words.grantGone}{' '}
        <Link href={`/receipts?grant=${filter.grant}`}>{words.receipts}</Link>{' '}
        <Button kind="small" onClick={() => filter.set('grant', '')}>
          {words.showAll}
        </Button>
      </p>
    </Note>
  );
}

interface FactsProps {
  id: string;
  usage: KeyUsage | undefined;
  quota: number | undefined;
  names: Names;
}

function KeyFacts({ id, usage, quota, names }: FactsProps) {
  const words = useWords(grantWords);
  const { number } = useFormat();
  const grants = usage?.grants;
  return (
    <dl className={styles.facts}>
      <div>
        <dt>{words.id}</dt>
        <dd>
          <Id id={id} what={words.id} />
        </dd>
      </div>
      {grants !== undefined && (
        <div>
          <dt>{words.grants}</dt>
          <dd>{quota === undefined ? words.count(number(grants)) : words.quota(number(grants), number(quota))}</dd>
        </div>
      )}
      {usage?.created_by && (
        <div>
          <dt>{words.createdBy}</dt>
          <dd>
            <PrincipalLink id={usage.created_by} names={names} />
          </dd>
        </div>
      )}
      {usage?.creation_date && (
        <div>
          <dt>{words.created}</dt>
          <dd>
            <Time ms={usage.creation_date} />
          </dd>
        </div>
      )}
    </dl>
  );
}
