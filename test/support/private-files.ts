/** Tests write files with secrets, and the service refuses those that others may read. */
process.umask(0o077);
