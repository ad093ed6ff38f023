import { createContext, type ReactNode, useCallback, useContext, useState } from 'react';
import styles from './parts.module.css';

const NoticeContext = createContext<(text: string) => void>(() => undefined);

const SHOWN_MS = 6_000;

/** Short messages, also for screen readers. What must not be missed is on the page, not here. */
export function NoticeProvider({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState({ text: '', id: 0 });
  const notify = useCallback((text: string) => {
    const id = Date.now();
    setNotice({ text, id });
    setTimeout(() => setNotice((current) => (current.id === id ? { text: '', id: 0 } : current)), SHOWN_MS);
  }, []);
  return (
    <NoticeContext value={notify}>
      {children}
      <div role="status" className={styles.toast}>
        {notice.text}
      </div>
    </NoticeContext>
  );
}

/** Returns a function that shows a short message. */
export const useNotify = () => useContext(NoticeContext);
