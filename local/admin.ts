/** `npm run admin -- <command>`: manages projects, users, access keys, mappings and jobs, also while a service runs. */
import { runAdmin } from './admin/run.ts';
import { readLocalConfig } from './aws-credentials.ts';
import { withDemoHooks } from './demo-files.ts';

// Files that this process creates are readable by their owner only.
process.umask(0o077);
const { code, out, err } = await runAdmin(process.argv.slice(2), () => withDemoHooks(readLocalConfig()));
process.stderr.write(err);
process.stdout.write(out);
process.exitCode = code;
