import { useEffect, useRef } from 'react';
import { type AccessKey, type AccessKeyPage, accessKeysPath, setAccessKeyEnabled } from '../api/admin.ts';
import { useWords } from '../app/preferences.tsx';
import type { Action } from '../parts/action-dialog.tsx';
import { Button } from '../parts/button.tsx';
import { Pager } from '../parts/pager.tsx';
import parts from '../parts/parts.module.css';
import { Section } from '../parts/section.tsx';
import { ErrorNote, Loading } from '../parts/states.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { adminWords } from '../words/admin.ts';
import { EnabledBadge } from './enabled-badge.tsx';
import { useKeystonePages } from './use-keystone-pages.ts';

const ROWS = 100;

/** The access keys of a user, each with the button that disables or enables it. */
export function AccessKeysSection(props: { userId: string; name: string; onAsk(action: Action): void }) {
  const { userId, name, onAsk } = props;
  const words = useWords(adminWords);
  const list = useKeystonePages<AccessKeyPage>(accessKeysPath(userId, ROWS));
  const accessKeys = (list.data?.pages ?? []).flatMap((page) => page.credentials);
  const ask = ({ access, status }: AccessKey) => {
    const isActive = status === 'active';
    onAsk({
      title: isActive ? words.disableKeyTitle(access) : words.enableKeyTitle(access),
      verb: isActive ? words.disableKey(access) : words.enableKey(access),
      text: <p>{isActive ? words.disableKeyText : words.enableKeyText}</p>,
      request: setAccessKeyEnabled(access, !isActive),
      done: isActive ? words.keyDisabled : words.keyEnabled,
      isHarmless: !isActive,
    });
  };
  // The list of users may be long, and this is below it.
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.focus(), []);
  return (
    <div ref={place} tabIndex={-1}>
      <Section title={words.accessKeysOf(name)}>
        {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
        {list.isPending && <Loading />}
        {list.data && (
          <>
            <AccessKeys accessKeys={accessKeys} onChange={ask} />
            <Pager
              loaded={accessKeys.length}
              hasMore={list.hasNextPage}
              isLoading={list.isFetchingNextPage}
              pageRows={ROWS}
              onMore={() => list.fetchNextPage()}
            />
          </>
        )}
      </Section>
    </div>
  );
}

function AccessKeys(props: { accessKeys: readonly AccessKey[]; onChange(accessKey: AccessKey): void }) {
  const { accessKeys, onChange } = props;
  const words = useWords(adminWords);
  const columns: Column<AccessKey>[] = [
    { id: 'key', header: words.accessKey, isHeading: true, cell: ({ access }) => <code>{access}</code> },
    {
      id: 'state',
      header: words.state,
      cell: ({ status }) => <EnabledBadge isEnabled={status === 'active'}>{words[status]}</EnabledBadge>,
    },
    { id: 'created', header: words.created, cell: ({ create_time }) => <Time ms={Date.parse(create_time)} /> },
    {
      id: 'change',
      header: words.change,
      cell: (accessKey) => (
        <Button kind="small" onClick={() => onChange(accessKey)}>
          {accessKey.status === 'active' ? words.disable : words.enable}
          <span className={parts.hidden}> {accessKey.access}</span>
        </Button>
      ),
    },
  ];
  return (
    <DataTable
      caption={words.accessKeys}
      isCaptionHidden
      columns={columns}
      rows={accessKeys}
      keyOf={({ access }) => access}
      empty={words.noAccessKeys}
    />
  );
}
