import { useState } from 'react';
import { nameOfGrant } from '../api/grants.ts';
import { newSequence } from '../api/sequence.ts';
import type { Grant } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import { useRequests } from '../app/session.tsx';
import type { Keys } from '../app/use-keys.ts';
import { revokeWords } from '../words/revoke.ts';
import { GrantDialog } from './grant-dialog.tsx';

interface Props {
  grant: Grant;
  keys: Keys;
  onClose(): void;
}

/** Revokes one grant by revoke-grant: for the creator of the key. */
export function SingleRevokeDialog({ grant, keys, onClose }: Props) {
  const words = useWords(revokeWords);
  const { revokeGrant } = useRequests();
  const [sequence] = useState(newSequence);
  const name = nameOfGrant(grant);
  return (
    <GrantDialog
      grant={grant}
      keys={keys}
      request={revokeGrant({ key_id: grant.key_id, grant_id: grant.grant_id, sequence })}
      action={words.revokeOne(name)}
      done={words.revokedOne(name)}
      onClose={onClose}
    >
      {words.whoMayRevoke}
    </GrantDialog>
  );
}
