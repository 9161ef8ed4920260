// The official TypeScript SDK of the second generation, which speaks both eras of the protocol.
import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { exercise, headers, inbox, notified, url } from './drive.mjs';
import { dance, provider } from './authorize.mjs';

// Claude Code's own document, of which servers have a copy: its redirect is this machine.
const document = 'https://claude.ai/oauth/claude-code-client-metadata';

const line = `hello from sdk2 ${process.argv[2]}`;
const legacy = () => new Client({ name: 'sdk2', version: '1' });
const modern = () => new Client({ name: 'sdk2', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
const keyed = () => new StreamableHTTPClientTransport(url, { requestInit: { headers } });
const beginner = (make, memory) => async back => {
  const one = make();
  const way = new StreamableHTTPClientTransport(url, { authProvider: memory });
  if (back) await way.finishAuth(back);
  await one.connect(way);
  return one;
};
let client;

const steps = {
  async initialize() {
    client = legacy();
    await client.connect(keyed());
    assert.equal(client.getNegotiatedProtocolVersion(), '2025-11-25');
    await exercise(client, line);
  },
  async discover() {
    client = modern();
    await client.connect(keyed());
    assert.equal(client.getNegotiatedProtocolVersion(), '2026-07-28');
    await exercise(client, line);
  },
  async listen() {
    client = modern();
    await client.connect(keyed());
    const told = new Promise(tell => client.setNotificationHandler('notifications/resources/updated', n => tell(n.params.uri)));
    const subscription = await client.listen({ resourceSubscriptions: [inbox] });
    await notified(told);
    await subscription.close();
  },
  async document() {
    const memory = provider(document);
    client = await dance({ begin: beginner(modern, memory), memory, line, metadataURL: document });
  },
  async registered() {
    const memory = provider(undefined, process.argv[3]);
    client = await dance({ begin: beginner(legacy, memory), memory, line });
    assert.ok(memory.kept.client.client_secret, 'it has no secret');
  },
};

await steps[process.argv[2]]();
await client.close();
process.exit(0);
