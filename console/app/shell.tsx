import { type ReactNode, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { SearchBox } from '../parts/search-box.tsx';
import { commonWords } from '../words/common.ts';
import { useWords } from './preferences.tsx';
import { session, useCaller, useMay } from './session.tsx';
import { SessionWarning } from './session-warning.tsx';
import { SettingsMenu } from './settings-menu.tsx';
import styles from './shell.module.css';
import { ShortcutHelp } from './shortcut-help.tsx';
import { useShortcuts } from './shortcuts.ts';

/** What is around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const words = useWords(commonWords);
  const caller = useCaller();
  const [location] = useLocation();
  const [isHelpOpen, setHelpOpen] = useState(false);
  useShortcuts({
    '/': () => document.querySelector<HTMLInputElement>('input[data-main-search]')?.focus(),
    '?': () => setHelpOpen(true),
  });
  return (
    <>
      <a className={styles.skip} href="#content">
        {words.skip}
      </a>
      <header className={styles.bar}>
        <Link href="/" className={styles.product}>
          {words.product}
        </Link>
        <Navigation />
        {location !== '/' && (
          <div className={styles.search}>
            <SearchBox />
          </div>
        )}
        <div className={styles.who}>
          <span>
            {caller.user_name ?? caller.user_id} · {caller.project_name ?? caller.project_id}
          </span>
          <SettingsMenu onHelp={() => setHelpOpen(true)} />
          <button type="button" onClick={() => session.end('signed-out')}>
            {words.signOut}
          </button>
        </div>
      </header>
      <SessionWarning />
      <main id="content" className={styles.main} tabIndex={-1}>
        {children}
      </main>
      <ShortcutHelp isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
    </>
  );
}

function Navigation() {
  const words = useWords(commonWords);
  const may = useMay();
  const [location] = useLocation();
  const places = [
    ['/', words.home],
    ['/jobs', words.jobs],
    ['/receipts', words.receipts],
    ...(may('iam:directory:manage') ? [['/admin', words.administration]] : []),
  ] as [string, string][];
  const isAt = (path: string) => location === path || (path !== '/' && location.startsWith(`${path}/`));
  return (
    <nav className={styles.nav} aria-label={words.mainNavigation}>
      {places.map(([path, name]) => (
        <Link key={path} href={path} aria-current={isAt(path) ? 'page' : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}
