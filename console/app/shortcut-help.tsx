import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { commonWords } from '../words/common.ts';
import { useWords } from './preferences.tsx';
import styles from './shell.module.css';

/** Every shortcut of the console. */
export function ShortcutHelp({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const words = useWords(commonWords);
  const shortcuts = [
    ['/', words.shortcutSearch],
    ['?', words.shortcutHelp],
    ['j', words.shortcutNext],
    ['k', words.shortcutPrevious],
    ['x', words.shortcutSelect],
  ] as const;
  return (
    <Dialog
      title={words.shortcuts}
      isOpen={isOpen}
      onClose={onClose}
      buttons={
        <Button onClick={onClose} hasFocus>
          {words.close}
        </Button>
      }
    >
      <dl className={styles.keys}>
        {shortcuts.map(([key, meaning]) => (
          <div key={key} className={styles.shortcut}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <p>{words.shortcutsNote}</p>
    </Dialog>
  );
}
