/** The help text of the hook command. */
import { SAMPLE_KINDS } from './samples.ts';

export const INVOCATION = 'npm run -s hook --';

/** Nobody has this address, so a sample about it revokes nothing. */
export const NOBODY = 'nobody@example.com';

export const helpText = () => `Usage: ${INVOCATION} <kind> [options]
       ${INVOCATION} key <kind>

Sends a sample of a webhook to a running service, signed as the sender of its kind signs it. The service handles it like
any other webhook: it revokes the grants of the person, unless the source has "mode": "observe". Kinds:

  ${SAMPLE_KINDS.join(', ')}

  --source <name>   the source in HOOKS; needed only if HOOKS has several of the kind
  --person <id>     whom the event is about, as the kind names people: a principal, an id, an e-mail address or, for
                    github, a leaked credential; by default ${NOBODY}
  --event <name>    the event, as docs/webhooks/ names it; by default one that takes access away
  --url <origin>    where the service is; by default http://127.0.0.1:8080, or what HOST and PORT say
  --wait            wait until the job has ended, and print its state
  --print           print the request instead of sending it; a secret in a header is replaced by ***
  --help            print this text

"key" makes a private key for a kind whose sender signs with one, unless DATA_DIR has one already. It prints the public
key as a JSON string, to be put into "secrets" of the source. Remove it there before you connect the real sender.

HOOKS, DATA_DIR, HOST and PORT must have the values that the service was started with. Exit code: 0 if the service has
accepted the webhook, 1 if it has not or does not answer, 2 if the command line is wrong.`;
