import { useState } from 'react';
import type { Grant } from '../api/types.ts';

/** Selected grants: some by id, or everything that fits the filter, also what is not loaded. */
export interface GrantSelection {
  isFilter: boolean;
  ids: ReadonlySet<string>;
  isSelected(grant: Grant): boolean;
  toggle(grant: Grant): void;
  setAll(isSelected: boolean): void;
  selectFilter(): void;
  clear(): void;
}

/** @param filter identifies the filter: another one starts without a selection. */
export function useSelection(shown: readonly Grant[], filter: string): GrantSelection {
  const [state, setState] = useState({ filter, isFilter: false, ids: new Set<string>() as ReadonlySet<string> });
  const current = state.filter === filter ? state : { filter, isFilter: false, ids: new Set<string>() };
  // A grant that is gone can no longer be selected.
  const shownIds = shown.map(({ grant_id }) => grant_id);
  const ids = current.isFilter ? new Set(shownIds) : new Set(shownIds.filter((id) => current.ids.has(id)));
  const set = (isFilter: boolean, next: Iterable<string>) => setState({ filter, isFilter, ids: new Set(next) });
  return {
    isFilter: current.isFilter,
    ids,
    isSelected: ({ grant_id }) => ids.has(grant_id),
    toggle: ({ grant_id }) => {
      const others = [...ids].filter((id) => id !== grant_id);
      set(false, ids.has(grant_id) ? others : [...others, grant_id]);
    },
    setAll: (isSelected) => set(false, isSelected ? shownIds : []),
    selectFilter: () => set(true, []),
    clear: () => set(false, []),
  };
}
