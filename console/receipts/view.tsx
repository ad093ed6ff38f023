import { Link } from 'wouter';
import { isOfJob, receiptsPath } from '../api/receipts.ts';
import type { Grant, GrantEvent } from '../api/types.ts';
import { useFormat, useWords } from '../app/preferences.tsx';
import { type Keys, useKeys } from '../app/use-keys.ts';
import { type Names, useNames } from '../app/use-names.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton, Id } from '../parts/copy-button.tsx';
import { Facts } from '../parts/facts.tsx';
import { KeyLink, PrincipalLink } from '../parts/links.tsx';
import { Section } from '../parts/section.tsx';
import { Note } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { channelWords, errorMeanings } from '../words/jobs.ts';
import { receiptWords } from '../words/receipts.ts';
import { Outcome } from './outcome.tsx';
import styles from './receipts.module.css';

/** Everything that a receipt says. */
export function ReceiptView({ event }: { event: GrantEvent }) {
  const words = useWords(receiptWords);
  const meanings: Record<string, string> = useWords(errorMeanings);
  const keys = useKeys();
  const { grant, actor, approved_by, error_code } = event;
  const names = useNames([
    actor,
    approved_by,
    grant?.grantee_principal,
    grant?.issuing_principal,
    grant?.retiring_principal,
  ]);
  const json = JSON.stringify(event, null, 2);
  return (
    <>
      {error_code !== undefined && (
        <Note tone="bad">
          <strong>{words.stillExistsText}</strong> {meanings[error_code] ?? ''}
        </Note>
      )}
      <Section title={words.change}>
        <Change event={event} names={names} keys={keys} />
      </Section>
      <Section title={words.grantAsItWas}>
        {grant ? <GrantFacts grant={grant} names={names} keys={keys} /> : <p>{words.grantUnknown}</p>}
      </Section>
      <Section title={words.more}>
        <MoreReceipts event={event} />
      </Section>
      <div className={styles.buttons}>
        <Button onClick={() => window.print()}>{words.print}</Button>
        <span>{words.permanent}</span>
      </div>
      <details className={styles.json}>
        <summary>{words.json}</summary>
        <pre>{json}</pre>
        <CopyButton text={json} what={words.jsonCopy} />
      </details>
    </>
  );
}

interface Lookups {
  names: Names;
  keys: Keys;
}

function Change({ event, names, keys }: Lookups & { event: GrantEvent }) {
  const words = useWords(receiptWords);
  const channels: Record<string, string> = useWords(channelWords);
  const { number } = useFormat();
  const { approved_by, channel, key_id, passed_on, request_id, sequence, upstream_request_id } = event;
  return (
    <Facts
      facts={[
        [words.what, <code key="what">{event.action}</code>],
        [words.outcome, <Outcome key="outcome" event={event} />],
        [words.time, <Time key="time" ms={event.event_time} />],
        [words.who, <PrincipalLink key="who" id={event.actor} names={names} />],
        [words.approvedBy, approved_by && <PrincipalLink id={approved_by} names={names} />],
        [words.channel, channels[channel] ?? channel],
        [words.reason, event.reason],
        [words.keyColumn, <KeyLink key="key" id={key_id} alias={keys.get(key_id)?.key_alias} />],
        [
          isOfJob(event) ? words.job : words.requestId,
          isOfJob(event) ? (
            <Link key="job" href={`/jobs/${request_id}`}>
              {request_id}
            </Link>
          ) : (
            <code key="request">{request_id}</code>
          ),
        ],
        [words.sequence, sequence && <code>{sequence}</code>],
        [words.upstreamRequestId, upstream_request_id && <code>{upstream_request_id}</code>],
        [words.passedOn, passed_on === undefined ? undefined : number(passed_on)],
        [words.grant, !event.grant && event.grant_id && <Id id={event.grant_id} what={words.grant} />],
      ]}
    />
  );
}

function GrantFacts({ grant, names, keys }: Lookups & { grant: Grant }) {
  const words = useWords(receiptWords);
  const { list } = useFormat();
  const { issuing_principal, key_id, retiring_principal } = grant;
  return (
    <Facts
      facts={[
        [words.name, grant.name],
        [words.grant, <Id key="id" id={grant.grant_id} what={words.grant} />],
        [words.grantee, <PrincipalLink key="grantee" id={grant.grantee_principal} names={names} />],
        [words.operations, list(grant.operations)],
        [words.keyColumn, <KeyLink key="key" id={key_id} alias={keys.get(key_id)?.key_alias} />],
        [words.issuer, issuing_principal && <PrincipalLink id={issuing_principal} names={names} />],
        [words.retirer, retiring_principal && <PrincipalLink id={retiring_principal} names={names} />],
        [words.created, grant.creation_date && <Time ms={grant.creation_date} />],
      ]}
    />
  );
}

function MoreReceipts({ event: { grant, grant_id, key_id } }: { event: GrantEvent }) {
  const words = useWords(receiptWords);
  return (
    <div className={styles.buttons}>
      {grant_id && <Link href={receiptsPath({ grant_id })}>{words.ofGrant}</Link>}
      {grant && <Link href={receiptsPath({ grantee_principal: grant.grantee_principal })}>{words.ofPerson}</Link>}
      <Link href={receiptsPath({ key_id })}>{words.ofKey}</Link>
    </div>
  );
}
