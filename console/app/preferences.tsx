import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { type Format, formatOf } from '../words/format.ts';
import { LANGUAGE_TAG, type Language, languageOf } from '../words/words.ts';

export type Scheme = 'auto' | 'light' | 'dark';

/** What a person prefers. It lasts as long as the page, for nothing is put into the browser's storage. */
interface Preferences {
  language: Language;
  setLanguage(language: Language): void;
  scheme: Scheme;
  setScheme(scheme: Scheme): void;
  /** Whether shortcuts of one letter are on. */
  hasShortcuts: boolean;
  setHasShortcuts(isOn: boolean): void;
  format: Format;
}

const PreferencesContext = createContext<Preferences | undefined>(undefined);

export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(() => languageOf(navigator.languages));
  const [scheme, setScheme] = useState<Scheme>('auto');
  const [hasShortcuts, setHasShortcuts] = useState(true);
  useEffect(() => {
    document.documentElement.lang = LANGUAGE_TAG[language];
  }, [language]);
  useEffect(() => {
    document.documentElement.dataset['scheme'] = scheme;
  }, [scheme]);
  const preferences = useMemo(
    () => ({ language, setLanguage, scheme, setScheme, hasShortcuts, setHasShortcuts, format: formatOf(language) }),
    [language, scheme, hasShortcuts],
  );
  return <PreferencesContext value={preferences}>{children}</PreferencesContext>;
}

export function usePreferences(): Preferences {
  const preferences = useContext(PreferencesContext);
  if (!preferences) throw new Error('no PreferencesProvider');
  return preferences;
}

/** Returns the texts of an area in the language of the person. */
export function useWords<W>(words: Record<Language, W>): W {
  return words[usePreferences().language];
}

export const useFormat = (): Format => usePreferences().format;
