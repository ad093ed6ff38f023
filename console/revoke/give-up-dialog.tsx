import { useState } from 'react';
import { giveUpRightOf, nameOfGrant } from '../api/grants.ts';
import { newSequence } from '../api/sequence.ts';
import type { Grant } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import { useCaller, useRequests } from '../app/session.tsx';
import type { Keys } from '../app/use-keys.ts';
import { revokeWords } from '../words/revoke.ts';
import { GrantDialog } from './grant-dialog.tsx';

interface Props {
  grant: Grant;
  keys: Keys;
  onClose(): void;
}

/** Gives a grant up by retire-grant: for its issuer, its retiring principal, and some holders. */
export function GiveUpDialog({ grant, keys, onClose }: Props) {
  const words = useWords(revokeWords);
  const { retireGrant } = useRequests();
  const [sequence] = useState(newSequence);
  const right = giveUpRightOf(grant, useCaller());
  const name = nameOfGrant(grant);
  const why = { issuer: words.asIssuer, retiring: words.asRetiring, grantee: words.asGrantee };
  return (
    <GrantDialog
      grant={grant}
      keys={keys}
      request={retireGrant({ key_id: grant.key_id, grant_id: grant.grant_id, sequence })}
      action={words.giveUp(name)}
      done={words.gaveUp(name)}
      onClose={onClose}
    >
      <p>{words.whoMayGiveUp}</p>
      {right && <p>{why[right]}</p>}
    </GrantDialog>
  );
}
