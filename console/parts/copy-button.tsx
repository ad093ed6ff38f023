import { useWords } from '../app/preferences.tsx';
import { commonWords } from '../words/common.ts';
import { Button } from './button.tsx';
import { useNotify } from './notices.tsx';
import styles from './parts.module.css';

/** @param what tells screen readers what is copied */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const words = useWords(commonWords);
  const notify = useNotify();
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => notify(words.copied));
  };
  // Browsers have a clipboard on HTTPS and on this machine only.
  if (!navigator.clipboard) return null;
  return (
    <Button kind="small" onClick={copy}>
      {words.copy}
      <span className={styles.hidden}> {what}</span>
    </Button>
  );
}

/** An id that can be copied. It is whole, so that it can be searched for in the page. */
export function Id({ id, what }: { id: string; what: string }) {
  return (
    <>
      <code className={styles.id}>{id}</code> <CopyButton text={id} what={what} />
    </>
  );
}
