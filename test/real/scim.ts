/** The environment variable in which `run.ts` passes the path of the Python that has the testers of SCIM servers. */
export const SCIM_VARIABLE = 'SCIM_PYTHON';
