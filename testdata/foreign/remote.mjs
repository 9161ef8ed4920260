// mcp-remote, by which clients that only start programs reach servers, behind the first
// generation's SDK.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ended, exercise, expired, key, url, works } from './drive.mjs';
import { approve, goBack } from './authorize.mjs';

const byKey = process.argv[2] === 'key';

// proxied does something through mcp-remote, and says whether a person was asked on the way.
async function proxied(act) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    // No space after the colon: some programs that start it split arguments there.
    args: [join(import.meta.dirname, 'node_modules/mcp-remote/dist/proxy.js'), String(url), '--allow-http', '--transport', 'http-only', ...(byKey ? ['--header', `Authorization:Bearer ${key}`] : [])],
    // There is no browser: its address is read from what it prints.
    env: { PATH: process.env.NO_PROGRAMS, HOME: process.env.HOME, MCP_REMOTE_CONFIG_DIR: process.env.HOME },
    stderr: 'pipe',
  });
  let printed = '';
  let asked;
  transport.stderr.on('data', data => {
    printed += data;
    const address = /visiting:\s*(https?:\S+)\s/.exec(printed)?.[1];
    if (!byKey && address && !asked) asked = approve(new URL(address)).then(goBack);
  });
  const client = new Client({ name: 'remote', version: '1' });
  try {
    await client.connect(transport);
    await asked;
    await act(client);
  } catch (error) {
    console.error(printed);
    throw error;
  }
  await client.close();
  return Boolean(asked);
}

const asked = await proxied(client => exercise(client, `hello from mcp-remote ${process.argv[2]}`));
assert.equal(asked, !byKey);
if (!byKey) {
  await expired();
  assert.equal(await proxied(works), false, 'its user was asked again, although the token can be renewed');
  await ended();
  assert.equal(await proxied(works), true, 'it works on though it was disconnected');
}
process.exit(0);
