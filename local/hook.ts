/** `npm run -s hook -- <kind>`: makes, signs and sends a sample of a kind of webhook source to a running service. */
import { readLocalConfig } from './aws-credentials.ts';
import { runHook } from './hook/run.ts';

// Files that this process creates are readable by their owner only.
process.umask(0o077);
const { code, out, err } = await runHook(process.argv.slice(2), readLocalConfig);
process.stderr.write(err);
process.stdout.write(out);
process.exitCode = code;
