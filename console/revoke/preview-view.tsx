import { nameOfGrant, shortId } from '../api/grants.ts';
import type { Preview } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { aliasIn, type Keys } from '../app/use-keys.ts';
import { Operations } from '../grants/cells.tsx';
import { Note } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { revokeWords } from '../words/revoke.ts';
import styles from './revoke.module.css';

/** What the previews of a job and of revoke-principal-grants have; the second lists no grants and no operations. */
export type AnyPreview = Pick<Preview, 'total' | 'digest' | 'passed_on' | 'failed'> &
  Partial<Pick<Preview, 'own' | 'grants' | 'grants_truncated'>> & {
    keys: (Pick<Preview['keys'][number], 'key_id' | 'total'> & Partial<Preview['keys'][number]>)[];
  };

/** What would go: per key and in all, with what deserves a second thought. */
export function PreviewView({ preview, keys }: { preview: AnyPreview; keys: Keys }) {
  const words = useWords(revokeWords);
  const { number } = useFormat();
  const { total, own = 0, passed_on = 0, failed = [], grants = [] } = preview;
  const hasOperations = preview.keys.some(({ operations }) => operations);
  const columns: Column<AnyPreview['keys'][number]>[] = [
    {
      id: 'key',
      header: words.key,
      isHeading: true,
      cell: ({ key_id, key_alias }) => key_alias || aliasIn(keys, key_id),
    },
    { id: 'grants', header: words.grants, isNumber: true, cell: (key) => number(key.total) },
    ...(hasOperations
      ? [
          {
            id: 'operations',
            header: words.operations,
            cell: ({ operations = [] }: AnyPreview['keys'][number]) => <Operations operations={operations} />,
          },
        ]
      : []),
  ];
  return (
    <>
      <p className={styles.total} role="status">
        {total === 0 ? words.nothing : words.wouldGo(number(total), number(preview.keys.length))}
      </p>
      {own > 0 && <Note tone="caution">{words.own(number(own))}</Note>}
      {passed_on > 0 && <Note tone="caution">{words.passedOn(number(passed_on))}</Note>}
      {failed.length > 0 && (
        <Note tone="bad">
          {words.unread}{' '}
          {failed.map(({ key_id = '', error_code }) => `${aliasIn(keys, key_id)} ${error_code}`).join(', ')}
        </Note>
      )}
      {total > 0 && (
        <div className={styles.scroll}>
          <DataTable
            caption={words.stepPreview}
            isCaptionHidden
            columns={columns}
            rows={preview.keys}
            keyOf={({ key_id }) => key_id}
          />
        </div>
      )}
      {grants.length > 0 && (
        <details>
          <summary>{words.list(number(grants.length), number(total))}</summary>
          <GrantNames grants={grants} />
        </details>
      )}
    </>
  );
}

export function GrantNames({ grants }: { grants: NonNullable<AnyPreview['grants']> }) {
  return (
    <ul className={styles.list}>
      {grants.map((grant) => (
        <li key={grant.grant_id}>
          {nameOfGrant(grant)} <code title={grant.grant_id}>{shortId(grant.grant_id)}</code>
        </li>
      ))}
    </ul>
  );
}
