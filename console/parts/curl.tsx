import type { ApiRequest } from '../api/request.ts';
import { curlOf } from '../api/request.ts';
import { useWords } from '../app/preferences.tsx';
import { commonWords } from '../words/common.ts';
import { CopyButton } from './copy-button.tsx';
import styles from './parts.module.css';

/** The request of an action as a command of the shell. Give it the value that the button sends. */
export function Curl({ request }: { request: ApiRequest }) {
  const words = useWords(commonWords);
  const command = curlOf(request, window.location.origin);
  return (
    <details className={styles.curl}>
      <summary>{words.curl}</summary>
      <pre data-curl>{command}</pre>
      <p className={styles.hint}>
        {words.curlNote} <CopyButton text={command} what={words.curl} />
      </p>
    </details>
  );
}
