import { mappingRequests, type Source } from '../api/admin.ts';
import { useWords } from '../app/preferences.tsx';
import { useCaller } from '../app/session.tsx';
import type { Action } from '../parts/action-dialog.tsx';
import { Section } from '../parts/section.tsx';
import { adminWords } from '../words/admin.ts';
import { MappingFields } from './mapping-fields.tsx';

/** A form for a new mapping, which a dialog then asks about. */
export function AddMapping({ sources, onAsk }: { sources: readonly Source[]; onAsk(action: Action): void }) {
  const words = useWords(adminWords);
  const { project_id } = useCaller();
  return (
    <Section title={words.add}>
      <MappingFields
        initial={{}}
        sources={sources}
        verb={words.add}
        onSubmit={(mapping) =>
          onAsk({
            title: words.addTitle(mapping.identity, mapping.grantee_principal),
            verb: words.addVerb,
            text: <p>{words.addText}</p>,
            request: mappingRequests(project_id).create(mapping),
            done: words.added,
            isHarmless: true,
          })
        }
      />
    </Section>
  );
}
