// The MCP inspector's command line without a key: it asks a person, remembers what it was given,
// renews it, and gives it back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expired, url } from './drive.mjs';
import { approve, goBack } from './authorize.mjs';

const free = createServer().listen(0, '127.0.0.1');
await new Promise(ready => free.once('listening', ready));
const { port } = free.address();
await new Promise(closed => free.close(closed));

// inspect runs it once, and says what it printed and whether a person was asked.
async function inspect(...args) {
  const cli = spawn(process.execPath, [
    join(import.meta.dirname, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js'), '--cli', '--transport', 'http',
    '--server-url', String(url), '--callback-url', `http://127.0.0.1:${port}/oauth/callback`, ...args,
  ], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.NO_PROGRAMS, HOME: process.env.HOME, MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' } });
  let [printed, told] = ['', ''];
  let asked;
  cli.stdout.on('data', data => { printed += data; });
  cli.stderr.on('data', data => {
    told += data;
    const address = /navigate to: (http\S+)\s/.exec(told)?.[1];
    if (address) asked ??= approve(new URL(address)).then(goBack);
  });
  const code = await new Promise(end => cli.once('close', end));
  await asked;
  assert.equal(code, 0, `${printed}${told}`);
  return { printed, asked: Boolean(asked) };
}

const say = ['--method', 'tools/call', '--tool-name', 'send_message', '--tool-arg', 'channel=#general', 'content=hello from the inspector by oauth'];
const who = ['--method', 'tools/call', '--tool-name', 'whoami'];

const first = await inspect(...say);
assert.ok(first.asked, 'nobody was asked');
assert.match(first.printed, /"status": "sent"/);
await expired();
const second = await inspect(...who);
assert.match(second.printed, /Ada/);
assert.ok(!second.asked, 'its user was asked again, although the token can be renewed');
// It ends its grant here, and begins anew.
const third = await inspect(...who, '--relogin');
assert.match(third.printed, /Ada/);
assert.ok(third.asked, 'it had nothing to forget');
process.exit(0);
