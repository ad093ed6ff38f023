import { useState } from 'react';
import { useLocation } from 'wouter';
import { useWords } from '../app/preferences.tsx';
import { commonWords } from '../words/common.ts';

/** The search box. Its results are on the home page, whose address holds the query. */
export function SearchBox({ initial = '', hasFocus = false }: { initial?: string; hasFocus?: boolean }) {
  const words = useWords(commonWords);
  const [query, setQuery] = useState(initial);
  const [, navigate] = useLocation();
  return (
    <search>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const text = query.trim();
          if (text !== '') navigate(`/?q=${encodeURIComponent(text)}`);
        }}
      >
        <input
          type="search"
          data-main-search
          aria-label={words.searchLabel}
          placeholder={words.searchHint}
          value={query}
          maxLength={256}
          autoComplete="off"
          spellCheck={false}
          ref={hasFocus ? focusOnce : undefined}
          onChange={(event) => setQuery(event.target.value)}
        />
      </form>
    </search>
  );
}

const focusOnce = (input: HTMLInputElement | null) => input?.focus();
