import { useEffect, useState } from 'react';
import { commonWords } from '../words/common.ts';
import { useWords } from './preferences.tsx';
import { session } from './session.tsx';
import styles from './shell.module.css';

const LOOK_MS = 5_000;

/** Tells that the session ends soon. Use of the page lengthens it, up to its whole life. */
export function SessionWarning() {
  const words = useWords(commonWords);
  const [reason, setReason] = useState(session.endsSoonBy());
  useEffect(() => {
    const timer = setInterval(() => setReason(session.endsSoonBy()), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div role="alert">
      {reason && (
        <div className={styles.warning}>
          {reason === 'idle' ? words.endsSoonIdle : words.endsSoonLifetime}
          {reason === 'idle' && (
            <button type="button" onClick={() => setReason(undefined)}>
              {words.stay}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
