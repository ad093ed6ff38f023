import { shortId } from '../api/grants.ts';
import type { ListFailure } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { aliasIn, type Keys } from '../app/use-keys.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { ErrorNote, Note } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { commonWords } from '../words/common.ts';
import { grantWords } from '../words/grants.ts';
import { revokeWords } from '../words/revoke.ts';
import type { useCarryOut } from './use-carry-out.ts';

interface Props {
  title: string;
  carryOut: ReturnType<typeof useCarryOut>;
  keys: Keys;
  onClose(): void;
}

/** What revoke-principal-grants has done so far: revoked, remaining, failed. */
export function ProgressView({ title, carryOut, keys, onClose }: Props) {
  const words = useWords(revokeWords);
  const common = useWords(commonWords);
  const { number } = useFormat();
  const { progress, isBusy, error } = carryOut;
  if (!progress) return null;
  const { revoked, remaining, failed } = progress;
  const isFinished = remaining === 0 && !isBusy;
  return (
    <Dialog
      title={title}
      isOpen
      onClose={onClose}
      buttons={
        <>
          {isBusy && <Button onClick={carryOut.stop}>{words.stop}</Button>}
          {!isBusy && !isFinished && <Button onClick={() => void carryOut.go()}>{common.retry}</Button>}
          {!isBusy && (
            <Button onClick={onClose} hasFocus>
              {common.close}
            </Button>
          )}
        </>
      }
    >
      <div role="status">
        <progress max={revoked + remaining} value={revoked} aria-label={words.stepRevoke} />
        <p>{isFinished ? words.finished(number(revoked)) : words.progress(number(revoked), number(remaining))}</p>
      </div>
      {!isBusy && !isFinished && <Note tone="caution">{words.halted}</Note>}
      {error && <ErrorNote error={error} />}
      {failed.length > 0 && <Failures failed={failed} keys={keys} />}
    </Dialog>
  );
}

function Failures({ failed, keys }: { failed: readonly ListFailure[]; keys: Keys }) {
  const words = useWords(revokeWords);
  const labels = useWords(grantWords);
  const columns: Column<ListFailure>[] = [
    {
      id: 'grant',
      header: labels.grant,
      isHeading: true,
      cell: ({ grant_id }) => grant_id && <code title={grant_id}>{shortId(grant_id)}</code>,
    },
    { id: 'key', header: labels.key, cell: ({ key_id = '' }) => aliasIn(keys, key_id) },
    {
      id: 'code',
      header: words.code,
      cell: ({ error_code, error_msg }) => (
        <>
          <a href={`/docs/errors/${error_code}`}>{error_code}</a> {error_msg}
        </>
      ),
    },
  ];
  return (
    <DataTable
      caption={words.failed}
      columns={columns}
      rows={failed}
      keyOf={({ key_id, grant_id }) => `${key_id} ${grant_id}`}
    />
  );
}
