// The official TypeScript SDK of the first generation, which speaks the protocol up to 2025-11-25.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { exercise, headers, inbox, notified, url } from './drive.mjs';
import { dance, provider, signIn } from './authorize.mjs';

const line = `hello from sdk1 ${process.argv[2]}`;
let client = new Client({ name: 'sdk1', version: '1' });
const keyed = () => new StreamableHTTPClientTransport(url, { requestInit: { headers } });

const memory = provider(undefined, process.argv[3]);
let transport = () => new StreamableHTTPClientTransport(url, { authProvider: memory });
const begin = async back => {
  const one = new Client({ name: 'sdk1', version: '1' });
  const way = transport();
  if (back) await way.finishAuth(back.get('code'));
  await one.connect(way);
  return one;
};

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
    client = await dance({ begin, memory, line });
    assert.equal(Boolean(memory.kept.client.client_secret), Boolean(process.argv[3]));
  },
  async 'sse-oauth'() {
    transport = () => new SSEClientTransport(new URL(`${url}/sse`), { authProvider: memory });
    client = await dance({ begin, memory, line, keeps: false });
  },
  // A client that was forgotten since, as those are that nobody has used for long, registers anew.
  async forgotten() {
    client = await signIn(begin, memory);
    const known = memory.kept.client.client_id;
    memory.kept.client = { ...memory.kept.client, client_id: [...known].reverse().join('') };
    memory.kept.tokens = { ...memory.kept.tokens, access_token: 'x' };
    await client.close();
    client = await signIn(begin, memory);
    assert.notEqual(memory.kept.client.client_id, known, 'it did not register anew');
    await exercise(client, line);
  },
};

await steps[process.argv[2]]();
await client.close();
process.exit(0);
