// The official TypeScript SDK of the first generation, which speaks the protocol up to 2025-11-25.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { exercise, headers, inbox, notified, url } from './drive.mjs';
import { provider, signIn } from './authorize.mjs';

const line = `hello from sdk1 ${process.argv[2]}`;
const client = new Client({ name: 'sdk1', version: '1' });
const keyed = () => new StreamableHTTPClientTransport(url, { requestInit: { headers } });

const steps = {
  async streamable() {
    await client.connect(keyed());
    await exercise(client, line);
  },
  async session() {
    const transport = keyed();
    await client.connect(transport);
    assert.ok(transport.sessionId, 'it got no session');
    const told = new Promise(tell => client.setNotificationHandler(ResourceUpdatedNotificationSchema, n => tell(n.params.uri)));
    await client.subscribeResource({ uri: inbox });
    await notified(told);
    await transport.terminateSession();
  },
  async sse() {
    const endpoint = new URL(`${url}/sse`);
    await client.connect(new SSEClientTransport(endpoint, { requestInit: { headers }, eventSourceInit: { fetch: (to, init) => fetch(to, { ...init, headers: { ...init.headers, ...headers } }) } }));
    await exercise(client, line);
  },
  async oauth() {
    const memory = provider();
    const connect = async back => {
      const transport = new StreamableHTTPClientTransport(url, { authProvider: memory });
      if (back) await transport.finishAuth(back.get('code'));
      await client.connect(transport);
    };
    await signIn(connect, memory);
    await exercise(client, line);
  },
};

await steps[process.argv[2]]();
await client.close();
process.exit(0);
