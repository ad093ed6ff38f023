/** Nothing: what a process of Node costs. */
export const handler = async () => ({ statusCode: 200, body: '{}' });
