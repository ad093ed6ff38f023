/** An empty handler: the cost of a Node process alone. */
export const handler = async () => ({ statusCode: 200, body: '{}' });
