import { useEffect, useRef, useState } from 'react';
import styles from '../parts/parts.module.css';

/** WCAG 4.1.3: screen readers are told at most so often. */
const SPEAK_MS = 5_000;

/** Tells screen readers a text that changes often, at most every few seconds. @param isUrgent tells it at once */
export function LiveText({ text, isUrgent = false }: { text: string; isUrgent?: boolean }) {
  const [spoken, setSpoken] = useState('');
  const spokenAtMs = useRef(0);
  useEffect(() => {
    const waitMs = isUrgent ? 0 : Math.max(0, spokenAtMs.current + SPEAK_MS - Date.now());
    const timer = setTimeout(() => {
      spokenAtMs.current = Date.now();
      setSpoken(text);
    }, waitMs);
    return () => clearTimeout(timer);
  }, [text, isUrgent]);
  return (
    <div role="status" className={styles.hidden} data-live>
      {spoken}
    </div>
  );
}
