import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ApiRequest } from '../api/request.ts';
import { announceChange } from '../app/changes.ts';
import { useWords } from '../app/preferences.tsx';
import { session } from '../app/session.tsx';
import { commonWords } from '../words/common.ts';
import { Button } from './button.tsx';
import { Curl } from './curl.tsx';
import { Dialog } from './dialog.tsx';
import { useNotify } from './notices.tsx';
import { ErrorNote } from './states.tsx';

/** An action that a dialog asks about. */
export interface Action {
  title: string;
  /** Verb and object. */
  verb: string;
  /** What follows from it. */
  text: ReactNode;
  /** The same value until the dialog closes: its curl is what the button sends. */
  request: ApiRequest;
  /** Shown when it is done. */
  done: string;
  isHarmless?: boolean;
}

/** Asks before an action, sends it, and shows why it failed. Enter in the fresh dialog cancels. */
export function ActionDialog({ action, onClose }: { action: Action | undefined; onClose(): void }) {
  const words = useWords(commonWords);
  const notify = useNotify();
  const queryClient = useQueryClient();
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: ({ request }: Action) => session.call(request),
    async onSuccess(_, { done }) {
      onClose();
      notify(done);
      await announceChange(queryClient);
    },
  });
  const close = () => {
    reset();
    onClose();
  };
  if (!action) return null;
  const { title, text, verb, request, isHarmless = false } = action;
  return (
    <Dialog
      title={title}
      isOpen
      onClose={close}
      buttons={
        <>
          <Button onClick={close} hasFocus>
            {words.cancel}
          </Button>
          <Button kind={isHarmless ? 'primary' : 'danger'} isDisabled={isPending} onClick={() => mutate(action)}>
            {verb}
          </Button>
        </>
      }
    >
      {text}
      {error && <ErrorNote error={error} />}
      <Curl request={request} />
    </Dialog>
  );
}
