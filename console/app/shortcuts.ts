/** Shortcuts of one character. They do nothing while a field has the focus or a dialog is open. WCAG 2.1.4. */
import { useEffect, useEffectEvent } from 'react';
import { usePreferences } from './preferences.tsx';

const FIELDS = 'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]';

/** Whether the key is meant for something else than a shortcut. */
export function isForField(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return true;
  const target = event.target instanceof Element ? event.target : null;
  return target?.closest(FIELDS) != null || document.querySelector('dialog[open]') !== null;
}

/** @param onKeys by character, such as `/` or `j` */
export function useShortcuts(onKeys: Readonly<Record<string, () => void>>): void {
  const { hasShortcuts } = usePreferences();
  const handle = useEffectEvent((event: KeyboardEvent) => {
    const action = Object.hasOwn(onKeys, event.key) ? onKeys[event.key] : undefined;
    if (!action || isForField(event)) return;
    event.preventDefault();
    action();
  });
  useEffect(() => {
    if (!hasShortcuts) return;
    document.addEventListener('keydown', handle);
    return () => document.removeEventListener('keydown', handle);
  }, [hasShortcuts]);
}
