import { useState } from 'react';
import { useLocation } from 'wouter';
import { nameOfGrant } from '../api/grants.ts';
import type { ApiRequest } from '../api/request.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { useCaller, useRequests } from '../app/session.tsx';
import type { Keys } from '../app/use-keys.ts';
import { Button } from '../parts/button.tsx';
import { ConfirmByName, isConfirmed } from '../parts/confirm-by-name.tsx';
import { Curl } from '../parts/curl.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { useNotify } from '../parts/notices.tsx';
import { ErrorNote, Loading, Note } from '../parts/states.tsx';
import { commonWords } from '../words/common.ts';
import { revokeWords } from '../words/revoke.ts';
import { DifferenceNote } from './difference-note.tsx';
import { nameToType, type RevokeTarget, revokeApiFor, selectionOf } from './plan.ts';
import { type AnyPreview, PreviewView } from './preview-view.tsx';
import { ProgressView } from './progress-view.tsx';
import { SingleRevokeDialog } from './single-revoke-dialog.tsx';
import { Steps } from './steps.tsx';
import { useCarryOut } from './use-carry-out.ts';
import { usePreview } from './use-preview.ts';

/** Source: revoke-principal-grants, `reason`. */
const REASON_MAX = 255;

interface Props {
  target: RevokeTarget;
  keys: Keys;
  subject: 'person' | 'key';
  onClose(): void;
}

/** Shows what would go, asks for the reason, and revokes exactly that. */
export function RevokeDialog(props: Props) {
  const { target, keys, onClose } = props;
  const api = revokeApiFor(target, useCaller());
  if (api === 'single' && target.kind === 'grant')
    return <SingleRevokeDialog grant={target.grant} keys={keys} onClose={onClose} />;
  return <PreviewDialog {...props} isJob={api === 'job'} />;
}

function useTexts({ target, subject }: Props, total: number): { title: string; button: string } {
  const words = useWords(revokeWords);
  const { number } = useFormat();
  const button = words.revokeMany(number(total));
  switch (target.kind) {
    case 'grant': {
      const name = nameOfGrant(target.grant);
      return { title: words.oneTitle(name), button: words.revokeOne(name) };
    }
    case 'selected':
      return { title: words.selectedTitle(number(target.count)), button };
    case 'filter':
      return { title: subject === 'key' ? words.keyTitle(target.name) : words.manyTitle(target.name), button };
  }
}

function usePreviewOf(target: RevokeTarget, isJob: boolean) {
  const requests = useRequests();
  const selection = selectionOf(target);
  const byPrincipal = { ...selection, grantee_principal: selection.grantee_principal ?? '' };
  const request: ApiRequest<AnyPreview> = isJob
    ? requests.previewRevocation(selection)
    : requests.previewPrincipalRevocation(byPrincipal);
  return usePreview(request);
}

function PreviewDialog(props: Props & { isJob: boolean }) {
  const { target, keys, isJob, onClose } = props;
  const words = useWords(revokeWords);
  const common = useWords(commonWords);
  const { number } = useFormat();
  const notify = useNotify();
  const [, navigate] = useLocation();
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const shown = usePreviewOf(target, isJob);
  const { preview, newer, sequence, hasChanged } = shown;
  const onJob = ({ job_id, total }: { job_id: string; total: number }) => {
    notify(words.started(number(total)));
    onClose();
    navigate(`/jobs/${job_id}`);
  };
  const plan = { selection: selectionOf(target), reason: reason.trim(), digest: preview?.digest ?? '', sequence };
  const carryOut = useCarryOut({ ...plan, hasChanged, onJob }, isJob);
  const { title, button } = useTexts(props, preview?.total ?? 0);
  const name = nameToType(target);
  const isConfirmable = preview !== undefined && preview.total > 0 && newer === undefined;
  const isReady = isConfirmable && plan.reason !== '' && (name === undefined || isConfirmed(name, typed));
  if (carryOut.progress) return <ProgressView title={title} carryOut={carryOut} keys={keys} onClose={onClose} />;
  return (
    <Dialog
      title={title}
      isOpen
      onClose={onClose}
      buttons={
        <>
          <Button onClick={onClose} hasFocus>
            {common.cancel}
          </Button>
          <Button kind="danger" onClick={() => void carryOut.go()} isDisabled={!isReady || carryOut.isBusy}>
            {carryOut.isBusy ? words.revoking : button}
          </Button>
        </>
      }
    >
      <Steps current={isReady ? 'revoke' : 'preview'} />
      {shown.error && <ErrorNote error={shown.error} onRetry={() => void shown.load()} />}
      {!preview && !shown.error && <Loading text={words.looking} />}
      {preview && newer && <DifferenceNote before={preview} after={newer} onUseNew={shown.acceptNewer} />}
      {preview && !newer && <PreviewView preview={preview} keys={keys} />}
      {isConfirmable && (
        <>
          {target.kind === 'filter' && isJob && <Note>{words.later}</Note>}
          <TextField
            label={words.reason}
            hint={words.reasonHint}
            value={reason}
            onChange={setReason}
            maxLength={REASON_MAX}
            isRequired
          />
          {name !== undefined && <ConfirmByName name={name} value={typed} onChange={setTyped} />}
          <Curl request={carryOut.request} />
        </>
      )}
      {carryOut.error && <ErrorNote error={carryOut.error} />}
    </Dialog>
  );
}
