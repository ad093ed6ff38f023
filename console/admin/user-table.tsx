import { Link } from 'wouter';
import type { User } from '../api/admin.ts';
import { useWords } from '../app/preferences.tsx';
import { useCaller } from '../app/session.tsx';
import { Button } from '../parts/button.tsx';
import parts from '../parts/parts.module.css';
import { type Column, DataTable } from '../parts/table.tsx';
import { adminWords } from '../words/admin.ts';
import styles from './admin.module.css';
import { EnabledBadge } from './enabled-badge.tsx';

interface Props {
  users: readonly User[];
  /** The filter, which a link to access keys keeps. */
  name: string;
  onChange(user: User): void;
}

export function UserTable({ users, name, onChange }: Props) {
  const words = useWords(adminWords);
  const caller = useCaller();
  const keysPath = (id: string) => `/admin/users?${new URLSearchParams({ ...(name !== '' && { name }), user: id })}`;
  const columns: Column<User>[] = [
    {
      id: 'user',
      header: words.user,
      isHeading: true,
      cell: (user) => <Link href={`/principals/${user.id}`}>{user.name}</Link>,
    },
    { id: 'id', header: words.userId, cell: ({ id }) => <code className={parts.id}>{id}</code> },
    {
      id: 'state',
      header: words.state,
      cell: ({ enabled }) => (
        <EnabledBadge isEnabled={enabled}>{enabled ? words.enabled : words.disabled}</EnabledBadge>
      ),
    },
    {
      id: 'keys',
      header: words.accessKeys,
      cell: (user) => (
        <Link href={keysPath(user.id)} aria-label={words.showAccessKeys(user.name)}>
          {words.accessKeys}
        </Link>
      ),
    },
    {
      id: 'change',
      header: words.change,
      // Nobody can disable themself.
      cell: (user) =>
        user.id === caller.user_id ? (
          words.you
        ) : (
          <span className={styles.cells}>
            <Button kind="small" onClick={() => onChange(user)}>
              {user.enabled ? words.disable : words.enable}
              <span className={parts.hidden}> {user.name}</span>
            </Button>
          </span>
        ),
    },
  ];
  return (
    <DataTable
      caption={words.users}
      isCaptionHidden
      columns={columns}
      rows={users}
      keyOf={({ id }) => id}
      empty={words.noUsers}
    />
  );
}
