import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { setUserEnabled, type User, type UserPage, usersPath } from '../api/admin.ts';
import { useWords } from '../app/preferences.tsx';
import { useCaller } from '../app/session.tsx';
import { type Action, ActionDialog } from '../parts/action-dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { Pager } from '../parts/pager.tsx';
import { Section } from '../parts/section.tsx';
import { ErrorNote, Loading, Note } from '../parts/states.tsx';
import { adminWords } from '../words/admin.ts';
import { AccessKeysSection } from './access-keys.tsx';
import styles from './admin.module.css';
import { useKeystonePages } from './use-keystone-pages.ts';
import { UserTable } from './user-table.tsx';

const ROWS = 100;

/** The users of the domain and, of one, the access keys. */
export function UsersSection() {
  const words = useWords(adminWords);
  const { identity } = useCaller();
  return identity === 'directory' ? <Users /> : <Note>{words.elsewhere}</Note>;
}

function Users() {
  const words = useWords(adminWords);
  const [params, setParams] = useSearchParams();
  const [action, setAction] = useState<Action>();
  const name = params.get('name') ?? '';
  const userId = params.get('user') ?? '';
  const list = useKeystonePages<UserPage>(usersPath(name, ROWS));
  const users = (list.data?.pages ?? []).flatMap((page) => page.users);
  const actionFor = useUserAction();
  return (
    <>
      <Section title={words.domainUsers}>
        <NameForm key={name} initial={name} onSubmit={(value) => setParams(value === '' ? {} : { name: value })} />
        {list.error && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
        {list.isPending && <Loading />}
        {list.data && (
          <>
            <UserTable users={users} name={name} onChange={(user) => setAction(actionFor(user))} />
            <Pager
              loaded={users.length}
              hasMore={list.hasNextPage}
              isLoading={list.isFetchingNextPage}
              pageRows={ROWS}
              onMore={() => list.fetchNextPage()}
            />
          </>
        )}
      </Section>
      {userId !== '' && (
        <AccessKeysSection
          key={userId}
          userId={userId}
          name={users.find(({ id }) => id === userId)?.name ?? userId}
          onAsk={setAction}
        />
      )}
      <ActionDialog action={action} onClose={() => setAction(undefined)} />
    </>
  );
}

/** Returns what the dialog asks before a user is disabled or enabled. */
function useUserAction(): (user: User) => Action {
  const words = useWords(adminWords);
  return ({ id, name, enabled }) => ({
    title: enabled ? words.disableUserTitle(name) : words.enableUserTitle(name),
    verb: enabled ? words.disableUser(name) : words.enableUser(name),
    text: enabled ? (
      <ul className={styles.list}>
        <li>{words.disableUserTokens}</li>
        <li>{words.disableUserKeys}</li>
        <li>
          {words.disableUserGrants} <Link href={`/principals/${id}`}>{words.toPerson(name)}</Link>
        </li>
      </ul>
    ) : (
      <p>{words.enableUserText}</p>
    ),
    request: setUserEnabled(id, !enabled),
    done: enabled ? words.userDisabled : words.userEnabled,
    isHarmless: !enabled,
  });
}

function NameForm({ initial, onSubmit }: { initial: string; onSubmit(name: string): void }) {
  const words = useWords(adminWords);
  const [name, setName] = useState(initial);
  return (
    <form
      className={styles.short}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(name.trim());
      }}
    >
      <TextField label={words.userName} hint={words.userNameHint} value={name} onChange={setName} />
      <button type="submit">{words.filter}</button>
    </form>
  );
}
