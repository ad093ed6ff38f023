import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { type Mapping, type MappingFilter, mappingRequests, type Source, sourcesRequest } from '../api/admin.ts';
import { useWords } from '../app/preferences.tsx';
import { useCaller } from '../app/session.tsx';
import { useApi, useApiPages } from '../app/use-api.ts';
import { useNames } from '../app/use-names.ts';
import { type Action, ActionDialog } from '../parts/action-dialog.tsx';
import { Button } from '../parts/button.tsx';
import { PrincipalLink } from '../parts/links.tsx';
import { Pager } from '../parts/pager.tsx';
import parts from '../parts/parts.module.css';
import { Section } from '../parts/section.tsx';
import { ErrorNote, Loading } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { adminWords } from '../words/admin.ts';
import { AddMapping } from './add-mapping.tsx';
import { MappingFields } from './mapping-fields.tsx';

const ROWS = 100;
const NO_SOURCES: readonly Source[] = [];

/** Whom an identity of another system stands for. */
export function MappingsSection() {
  const words = useWords(adminWords);
  const [params, setParams] = useSearchParams();
  const { project_id } = useCaller();
  const [action, setAction] = useState<Action>();
  const { list: request, remove } = mappingRequests(project_id);
  const { data: known } = useApi(sourcesRequest(project_id));
  const sources = known?.sources ?? NO_SOURCES;
  const filter: MappingFilter = Object.fromEntries(
    ['source', 'identity', 'grantee_principal'].flatMap((name) => (params.get(name) ? [[name, params.get(name)]] : [])),
  );
  const filterKey = JSON.stringify(filter);
  const list = useApiPages((marker) => request({ ...filter, limit: ROWS, ...(marker && { marker }) }));
  const mappings = (list.data?.pages ?? []).flatMap((page) => page.mappings);
  const askToRemove = (mapping: Mapping) =>
    setAction({
      title: words.removeTitle(mapping.identity, mapping.name ?? mapping.grantee_principal),
      verb: words.removeVerb,
      text: <p>{words.removeText}</p>,
      request: remove(mapping),
      done: words.removed,
    });
  return (
    <>
      <Section title={words.existing}>
        <MappingFields
          key={filterKey}
          initial={filter}
          sources={sources}
          isFilter
          verb={words.filter}
          onSubmit={(values) => setParams(Object.fromEntries(Object.entries(values).filter(([, value]) => value)))}
        />
        {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
        {list.isPending && <Loading />}
        {list.data && (
          <>
            <Mappings mappings={mappings} onRemove={askToRemove} />
            <Pager
              loaded={mappings.length}
              hasMore={list.hasNextPage}
              isLoading={list.isFetchingNextPage}
              pageRows={ROWS}
              onMore={() => list.fetchNextPage()}
            />
          </>
        )}
      </Section>
      <AddMapping sources={sources} onAsk={setAction} />
      <ActionDialog action={action} onClose={() => setAction(undefined)} />
    </>
  );
}

function Mappings({ mappings, onRemove }: { mappings: readonly Mapping[]; onRemove(mapping: Mapping): void }) {
  const words = useWords(adminWords);
  const names = useNames(mappings.map(({ grantee_principal }) => grantee_principal));
  const columns: Column<Mapping>[] = [
    { id: 'identity', header: words.identity, isHeading: true, cell: ({ identity }) => identity },
    {
      id: 'source',
      header: words.source,
      cell: ({ source }) => (source === '*' ? words.anySource : source),
    },
    {
      id: 'person',
      header: words.person,
      cell: ({ grantee_principal }) => <PrincipalLink id={grantee_principal} names={names} />,
    },
    {
      id: 'remove',
      header: words.change,
      cell: (mapping) => (
        <Button kind="small" onClick={() => onRemove(mapping)}>
          {words.remove}
          <span className={parts.hidden}> {mapping.identity}</span>
        </Button>
      ),
    },
  ];
  return (
    <DataTable
      caption={words.mappings}
      isCaptionHidden
      columns={columns}
      rows={mappings}
      keyOf={({ source, identity, grantee_principal }) => JSON.stringify([source, identity, grantee_principal])}
      empty={words.noMappings}
    />
  );
}
