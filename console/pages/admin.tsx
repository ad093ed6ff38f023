import type { ComponentType } from 'react';
import { Link, Redirect, useLocation } from 'wouter';
import styles from '../admin/admin.module.css';
import { MappingsSection } from '../admin/mappings.tsx';
import { SourcesSection } from '../admin/sources.tsx';
import { UsersSection } from '../admin/users.tsx';
import { Page } from '../app/page.tsx';
import { useWords } from '../app/preferences.tsx';
import { useMay } from '../app/session.tsx';
import { Note } from '../parts/states.tsx';
import { adminWords } from '../words/admin.ts';
import { commonWords } from '../words/common.ts';
import { NotFoundPage } from './not-found.tsx';

type SectionName = 'mappings' | 'sources' | 'users';

const SECTIONS: readonly [path: string, name: SectionName, section: ComponentType][] = [
  ['/admin/mappings', 'mappings', MappingsSection],
  ['/admin/sources', 'sources', SourcesSection],
  ['/admin/users', 'users', UsersSection],
];

/** What an administrator of the domain sees and changes. */
export function AdminPage() {
  const words = useWords(adminWords);
  const { administration } = useWords(commonWords);
  const may = useMay();
  const [location] = useLocation();
  const current = SECTIONS.find(([path]) => path === location);
  if (!may('iam:directory:manage'))
    return (
      <Page title={administration}>
        <Note tone="caution">{words.needs}</Note>
      </Page>
    );
  if (location === '/admin') return <Redirect to="/admin/mappings" replace />;
  if (!current) return <NotFoundPage />;
  const [, name, Section] = current;
  return (
    <Page title={words[name]} kind={administration}>
      <nav className={styles.nav} aria-label={words.sections}>
        {SECTIONS.map(([path, name]) => (
          <Link key={path} href={path} aria-current={path === location ? 'page' : undefined}>
            {words[name]}
          </Link>
        ))}
      </nav>
      <Section />
    </Page>
  );
}
