import type { ReactNode } from 'react';
import { nameOfGrant } from '../api/grants.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Grant } from '../api/types.ts';
import { useWords } from '../app/preferences.tsx';
import { aliasIn, type Keys } from '../app/use-keys.ts';
import { nameIn, useNames } from '../app/use-names.ts';
import { Operations } from '../grants/cells.tsx';
import { Button } from '../parts/button.tsx';
import { Curl } from '../parts/curl.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { useNotify } from '../parts/notices.tsx';
import parts from '../parts/parts.module.css';
import { ErrorNote } from '../parts/states.tsx';
import { commonWords } from '../words/common.ts';
import { revokeWords } from '../words/revoke.ts';
import { useGrantAction } from './use-grant-action.ts';

interface Props {
  grant: Grant;
  keys: Keys;
  request: ApiRequest;
  /** Verb and object: the title of the dialog and its button. */
  action: string;
  /** Says what has been done. */
  done: string;
  /** Who may do this. */
  children: ReactNode;
  onClose(): void;
}

/** Confirms an action on one grant. The focus is on Cancel. */
export function GrantDialog({ grant, keys, request, action, done, children, onClose }: Props) {
  const words = useWords(revokeWords);
  const common = useWords(commonWords);
  const notify = useNotify();
  const names = useNames([grant.grantee_principal]);
  const { go, isBusy, error } = useGrantAction(request, (wasGoneBefore) => {
    notify(wasGoneBefore ? words.already(nameOfGrant(grant)) : done);
    onClose();
  });
  return (
    <Dialog
      title={action}
      isOpen
      onClose={onClose}
      buttons={
        <>
          <Button onClick={onClose} hasFocus>
            {common.cancel}
          </Button>
          <Button kind="danger" onClick={() => void go()} isDisabled={isBusy}>
            {isBusy ? words.revoking : action}
          </Button>
        </>
      }
    >
      <p>{words.giveUpExplain(nameIn(names, grant.grantee_principal), aliasIn(keys, grant.key_id))}</p>
      <Operations operations={grant.operations} />
      <div className={parts.hint}>{children}</div>
      <Curl request={request} />
      {error && <ErrorNote error={error} />}
    </Dialog>
  );
}
