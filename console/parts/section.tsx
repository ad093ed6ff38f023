import { type ReactNode, useId } from 'react';
import styles from './parts.module.css';

/** A part of a page with its heading. @param aside beside the heading, such as a link or a count */
export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={styles.section}>
      <header className={styles.sectionHead}>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
