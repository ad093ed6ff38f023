import { useCallback, useMemo } from 'react';
import { Link } from 'wouter';
import { PAGE_ROWS } from '../api/requests.ts';
import type { Grant, PrincipalDescription } from '../api/types.ts';
import { Page } from '../app/page.tsx';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useRequests } from '../app/session.tsx';
import { REFRESH_MS, useApiPages } from '../app/use-api.ts';
import { useKeys } from '../app/use-keys.ts';
import { nameIn, useNames } from '../app/use-names.ts';
import { FilterBar } from '../grants/filter-bar.tsx';
import { GrantSection } from '../grants/grant-section.tsx';
import styles from '../grants/grants.module.css';
import { PassedOn } from '../grants/passed-on.tsx';
import { useFilter } from '../grants/use-filter.ts';
import { useGrants } from '../grants/use-grants.ts';
import { Badge } from '../parts/badge.tsx';
import { Id } from '../parts/copy-button.tsx';
import { grantWords } from '../words/grants.ts';

/** What a person holds, and what they passed on. */
export function PersonPage({ id }: { id: string }) {
  const words = useWords(grantWords);
  const requests = useRequests();
  const filter = useFilter();
  const keys = useKeys();
  const page = (marker: string) => ({ limit: PAGE_ROWS, ...(marker && { marker }) });
  const list = useGrants(
    (marker) =>
      filter.key === ''
        ? requests.listPrincipalGrants({ grantee_principal: id, ...page(marker) })
        : requests.listGrants({ key_id: filter.key, grantee_principal: id, ...page(marker) }),
    filter.operations,
  );
  const issued = useApiPages((marker) => requests.listIssuedGrants({ issuing_principal: id, ...page(marker) }), {
    refreshMs: REFRESH_MS,
  });
  const { data } = issued;
  const passedOn = useMemo(() => data?.pages.flatMap(({ grants }) => grants) ?? [], [data]);
  const passedOnBy = useCallback(
    ({ key_id }: Grant) => passedOn.filter((grant) => grant.key_id === key_id),
    [passedOn],
  );
  const names = useNames([id, ...principalsOf(list.loaded), ...principalsOf(passedOn)]);
  const name = nameIn(names, id);
  const description = names.get(id);
  return (
    <Page
      title={name}
      kind={kindOf(words, description)}
      aside={<Link href={`/receipts?person=${id}`}>{words.receipts}</Link>}
    >
      <PersonFacts id={id} description={description} />
      <GrantSection
        title={words.holds}
        subject="person"
        list={list}
        filter={{
          grantee_principal: id,
          ...(filter.key !== '' && { key_id: filter.key }),
          ...(filter.operations.length > 0 && { operations: filter.operations }),
        }}
        name={name}
        names={names}
        keys={keys}
        passedOnBy={passedOnBy}
        isPartial={issued.hasNextPage}
        isFiltered={filter.isSet}
        empty={filter.isSet ? words.nothingFits : words.nothingHeld}
      >
        <FilterBar filter={filter} keys={keys} />
      </GrantSection>
      <PassedOn principalId={id} issued={issued} grants={passedOn} held={list.loaded} names={names} keys={keys} />
    </Page>
  );
}

const principalsOf = (grants: readonly Grant[]): (string | undefined)[] =>
  grants.flatMap(({ grantee_principal, issuing_principal }) => [grantee_principal, issuing_principal]);

function kindOf(words: { person: string; domain: string; unknownPrincipal: string }, known?: PrincipalDescription) {
  if (known?.type === 'unknown') return words.unknownPrincipal;
  return known?.type === 'domain' ? words.domain : words.person;
}

function PersonFacts({ id, description }: { id: string; description: PrincipalDescription | undefined }) {
  const words = useWords(grantWords);
  const { list } = useFormat();
  const { enabled, identities = [] } = description ?? {};
  return (
    <dl className={styles.facts}>
      <div>
        <dt>{words.id}</dt>
        <dd>
          <Id id={id} what={words.id} />{' '}
          {enabled === false && (
            <Badge tone="caution" icon="stop">
              {words.disabled}
            </Badge>
          )}
        </dd>
      </div>
      {identities.length > 0 && (
        <div>
          <dt>{words.identities}</dt>
          <dd>{list(identities)}</dd>
        </div>
      )}
    </dl>
  );
}
