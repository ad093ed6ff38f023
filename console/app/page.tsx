import { type ReactNode, useEffect, useRef } from 'react';
import { useLocation } from 'wouter';
import { commonWords } from '../words/common.ts';
import styles from './page.module.css';
import { useWords } from './preferences.tsx';

/** The first page of a visit gets the focus from the browser; later ones get it here. */
let hasNavigated = false;

interface Props {
  /** For the heading, and the title of the window. */
  title: string;
  /** What kind of thing the page is about, above the heading. */
  kind?: string;
  /** Beside the heading: a state, an id. */
  aside?: ReactNode;
  /** The page sets the focus itself. */
  hasOwnFocus?: boolean;
  children: ReactNode;
}

/** A page: its title, and the focus on its heading after a navigation, which makes screen readers read it. */
export function Page({ title, kind, aside, hasOwnFocus = false, children }: Props) {
  const words = useWords(commonWords);
  const heading = useRef<HTMLHeadingElement>(null);
  const [location] = useLocation();
  useEffect(() => {
    document.title = `${title} · ${words.product}`;
  }, [title, words]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each address
  useEffect(() => {
    if (hasNavigated && !hasOwnFocus) heading.current?.focus();
    hasNavigated = true;
  }, [location]);
  return (
    <>
      <header className={styles.head}>
        {kind !== undefined && <p className={styles.kind}>{kind}</p>}
        <h1 ref={heading} tabIndex={-1} className={styles.title}>
          {title}
        </h1>
        {aside !== undefined && <div className={styles.aside}>{aside}</div>}
      </header>
      {children}
    </>
  );
}
