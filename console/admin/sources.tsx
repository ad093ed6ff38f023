import { type Source, settingsOf, sourcesRequest } from '../api/admin.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useCaller } from '../app/session.tsx';
import { useApi } from '../app/use-api.ts';
import parts from '../parts/parts.module.css';
import { Section } from '../parts/section.tsx';
import { ErrorNote, Loading } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { adminWords } from '../words/admin.ts';
import styles from './admin.module.css';

/** Sources of webhooks and chat platforms as configured, without secrets. */
export function SourcesSection() {
  const words = useWords(adminWords);
  const { project_id } = useCaller();
  const { data, error, refetch } = useApi(sourcesRequest(project_id));
  const of = (purpose: Source['purpose']) => data?.sources.filter((source) => source.purpose === purpose) ?? [];
  return (
    <>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && (
        <>
          <Sources title={words.webhooks} sources={of('webhook')} />
          <Sources title={words.chats} sources={of('chat')} />
          <p>{words.sourcesNote}</p>
        </>
      )}
    </>
  );
}

function Sources({ title, sources }: { title: string; sources: readonly Source[] }) {
  const words = useWords(adminWords);
  const { list, number } = useFormat();
  const { project_id, project_name = project_id } = useCaller();
  const columns: Column<Source>[] = [
    { id: 'name', header: words.source, isHeading: true, cell: ({ name }) => name },
    { id: 'kind', header: words.kind, cell: ({ kind }) => kind },
    { id: 'path', header: words.path, cell: ({ path }) => <code>{path}</code> },
    {
      id: 'actions',
      header: words.actions,
      cell: ({ actions = [], may_approve }) => `${list(actions)}${may_approve ? `; ${words.mayApprove}` : ''}`,
    },
    {
      id: 'projects',
      header: words.projects,
      cell: ({ projects }) => (
        <span className={parts.id}>{list(projects.map((id) => (id === project_id ? project_name : id)))}</span>
      ),
    },
    {
      id: 'settings',
      header: words.settings,
      cell: (source) => (
        <div className={styles.settings}>
          {settingsOf(source).map(([name, value]) => (
            <span key={name}>
              {name}: <code>{value}</code>
            </span>
          ))}
        </div>
      ),
    },
    { id: 'jobs', header: words.openJobs, isNumber: true, cell: ({ open_jobs }) => number(open_jobs) },
  ];
  return (
    <Section title={title}>
      <DataTable
        caption={title}
        isCaptionHidden
        columns={columns}
        rows={sources}
        keyOf={({ name }) => name}
        empty={words.noSources}
      />
    </Section>
  );
}
