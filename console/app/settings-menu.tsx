import { useId } from 'react';
import { commonWords } from '../words/common.ts';
import type { Language } from '../words/words.ts';
import { type Scheme, usePreferences, useWords } from './preferences.tsx';
import styles from './shell.module.css';

/** Language, colours and shortcuts. */
export function SettingsMenu({ onHelp }: { onHelp?: () => void }) {
  const id = useId();
  const words = useWords(commonWords);
  const { language, setLanguage, scheme, setScheme, hasShortcuts, setHasShortcuts } = usePreferences();
  return (
    <>
      <button type="button" popoverTarget={id}>
        {words.settings}
      </button>
      <div id={id} popover="auto" className={styles.menu}>
        <label>
          {words.language}
          <select value={language} onChange={(event) => setLanguage(event.target.value as Language)}>
            <option value="en" lang="en">
              English
            </option>
            <option value="zh" lang="zh-CN">
              中文
            </option>
          </select>
        </label>
        <label>
          {words.scheme}
          <select value={scheme} onChange={(event) => setScheme(event.target.value as Scheme)}>
            <option value="auto">{words.schemeAuto}</option>
            <option value="light">{words.schemeLight}</option>
            <option value="dark">{words.schemeDark}</option>
          </select>
        </label>
        <label>
          {words.shortcutsOn}
          <input type="checkbox" checked={hasShortcuts} onChange={(event) => setHasShortcuts(event.target.checked)} />
        </label>
        {onHelp && (
          <button type="button" popoverTarget={id} popoverTargetAction="hide" onClick={onHelp}>
            {words.shortcuts}
          </button>
        )}
      </div>
    </>
  );
}
