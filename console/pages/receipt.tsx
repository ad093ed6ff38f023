import { markerBefore } from '../api/receipts.ts';
import { Page } from '../app/page.tsx';
import { useWords } from '../app/preferences.tsx';
import { useRequests } from '../app/session.tsx';
import { useApi } from '../app/use-api.ts';
import { Id } from '../parts/copy-button.tsx';
import { ErrorNote, Loading, Note } from '../parts/states.tsx';
import { ReceiptView } from '../receipts/view.tsx';
import { receiptWords } from '../words/receipts.ts';

/** One receipt. It never changes, and neither does its address. */
export function ReceiptPage({ id }: { id: string }) {
  const words = useWords(receiptWords);
  const { listGrantEvents } = useRequests();
  const marker = markerBefore(id);
  const { data, error, refetch } = useApi(listGrantEvents({ limit: 1, marker: marker ?? '' }), {
    enabled: marker !== undefined,
  });
  const event = data?.events.find(({ event_id }) => event_id === id.toLowerCase());
  const isNone = marker === undefined || (data !== undefined && !event);
  return (
    <Page title={isNone ? words.none : words.receipt} aside={<Id id={id} what={words.eventId} />}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {isNone && <Note tone="caution">{words.noneText}</Note>}
      {!isNone && !data && !error && <Loading />}
      {event && <ReceiptView event={event} />}
    </Page>
  );
}
