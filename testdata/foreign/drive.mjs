// What every client here does once it is connected, and how it asks the test that drives it for
// what only somebody on Discord can do: one line on stdout asks, one line on stdin answers.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';

export const url = new URL(process.env.MCP_URL);
export const key = process.env.MCP_KEY;
export const headers = { Authorization: `Bearer ${key}` };
export const inbox = 'discord://inbox';

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function ask(what) {
  process.stdout.write(`ask ${what}\n`);
  const { value } = await answers.next();
  assert.ok(value, `nobody answered to "${what}"`);
  return value;
}

// said makes a member of the server say something that calls the entity.
export const said = text => ask(`say ${text}`);

// connectCode is a fresh code of /entity connect.
export const connectCode = () => ask('code');

// expired has every access token end. The program starts again on the way.
export const expired = () => ask('expire');

// ended has the entity's owner disconnect everything, by the menu of /entity connect.
export const ended = () => ask('end');

// works makes a call that needs nothing but a credential.
export async function works(client) {
  const self = await client.callTool({ name: 'whoami', arguments: {} });
  assert.match(self.content[0].text, /Ada/);
}

// exercise lists tools and calls some: one that reads, one that speaks, one that fails.
export async function exercise(client, line) {
  const { tools } = await client.listTools();
  const names = tools.map(tool => tool.name);
  for (const name of ['whoami', 'list_channels', 'send_message', 'wait_for_messages']) {
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  }
  assert.deepEqual(names.filter(name => name.startsWith('test_')), [], 'these are for the conformance suite only');
  for (const tool of tools) {
    assert.ok(tool.title && tool.description, `${tool.name} is not described`);
    for (const hint of ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']) {
      assert.equal(typeof tool.annotations?.[hint], 'boolean', `${tool.name} says nothing about ${hint}`);
    }
  }
  assert.match(client.getServerVersion().name, /^troupe-ada-/);
  assert.match(client.getInstructions(), /Ada/);

  const self = await client.callTool({ name: 'whoami', arguments: {} });
  assert.match(self.content[0].text, /Ada/);
  assert.ok(self.structuredContent, 'whoami has no structured content');

  const sent = await client.callTool({ name: 'send_message', arguments: { channel: '#general', content: line } });
  assert.equal(sent.structuredContent.status, 'sent');

  const read = await client.callTool({ name: 'read_messages', arguments: { channel: '#general', limit: 5 } });
  assert.ok(read.content[0].text.includes(line), `${line} is not in ${read.content[0].text}`);

  const marked = await client.callTool({ name: 'ack_inbox', arguments: {} });
  assert.ok(!marked.isError, 'ack_inbox fails');
  const heard = client.callTool({ name: 'wait_for_messages', arguments: { timeout_s: 20 } });
  const call = `Ada, did you hear ${line}?`;
  await said(call);
  assert.ok((await heard).content[0].text.includes(call), 'what was said while it waited did not come');

  const wrong = await client.callTool({ name: 'send_message', arguments: { channel: '#nowhere', content: 'x' } });
  assert.equal(wrong.isError, true);
  const unknown = await client.callTool({ name: 'whoami', arguments: { colour: 'red' } });
  assert.equal(unknown.isError, true);
  assert.match(unknown.content[0].text, /colour/);
}

// notified says something and waits until the client was told that the inbox changed.
export async function notified(told) {
  const line = `Ada, news ${Date.now()}`;
  await said(line);
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('no notification came')), 15_000).unref());
  assert.equal(await Promise.race([told, late]), inbox);
}
