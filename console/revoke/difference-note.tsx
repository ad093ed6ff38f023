import { differenceOf } from '../api/grant-difference.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { Button } from '../parts/button.tsx';
import { Note } from '../parts/states.tsx';
import { revokeWords } from '../words/revoke.ts';
import { type AnyPreview, GrantNames } from './preview-view.tsx';

interface Props {
  before: AnyPreview;
  after: AnyPreview;
  onUseNew(): void;
}

/** The grants have changed since the preview: what is new, what is gone, and that nothing has happened. */
export function DifferenceNote({ before, after, onUseNew }: Props) {
  const words = useWords(revokeWords);
  const { number } = useFormat();
  const listed = ({ grants = [], total, grants_truncated = 'true' }: AnyPreview) => ({
    grants,
    total,
    grants_truncated,
  });
  const { added, removed, isPartial } = differenceOf(listed(before), listed(after));
  return (
    <div role="alert">
      <Note tone="caution">
        <strong>{words.changedTitle}</strong>
        <p>{words.totals(number(before.total), number(after.total))}</p>
        {added.length > 0 && (
          <div data-added>
            <p>{words.added(number(added.length))}</p>
            <GrantNames grants={added} />
          </div>
        )}
        {removed.length > 0 && (
          <div data-removed>
            <p>{words.removed(number(removed.length))}</p>
            <GrantNames grants={removed} />
          </div>
        )}
        {isPartial && before.grants && <p>{words.more}</p>}
        <p>
          <Button onClick={onUseNew}>{words.useNew}</Button>
        </p>
      </Note>
    </div>
  );
}
