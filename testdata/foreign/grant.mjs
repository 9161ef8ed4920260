// The official conformance suite's scenarios for authorization servers: it prints the address of
// the consent page and waits for whoever opens it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { url } from './drive.mjs';
import { approve, goBack } from './authorize.mjs';

async function json(address, init) {
  const answer = await fetch(address, init);
  assert.ok(answer.ok, `${address} answers ${answer.status}`);
  return answer.json();
}

const free = createServer().listen(0, '127.0.0.1');
await new Promise(ready => free.once('listening', ready));
const { port } = free.address();
await new Promise(closed => free.close(closed));

const resource = await json(new URL(`/.well-known/oauth-protected-resource${url.pathname}`, url));
const issuer = resource.authorization_servers[0];
const metadata = await json(new URL('/.well-known/oauth-authorization-server', issuer));
const client = await json(metadata.registration_endpoint, {
  method: 'POST', headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({
    client_name: 'The conformance suite', redirect_uris: [`http://127.0.0.1:${port}/callback`], application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'none',
  }),
});

const suite = spawn(process.execPath, [
  join(import.meta.dirname, 'node_modules/@modelcontextprotocol/conformance/dist/index.js'), 'authorization',
  '--url', issuer, '--client-id', client.client_id, '--resource', String(url), '--port', String(port), '--output-dir', process.env.HOME,
], { stdio: ['ignore', 'pipe', 'inherit'] });
let printed = '';
let opened;
suite.stdout.on('data', data => {
  printed += data;
  const address = /^(https?:\S+code_challenge\S*)$/m.exec(printed)?.[1];
  if (address) opened ??= approve(new URL(address)).then(goBack).catch(error => { console.error(error); suite.kill(); });
});
const code = await new Promise(ended => suite.once('close', ended));
await opened;
console.log(printed);
assert.equal(code, 0);
assert.ok(opened, 'it did not ask for a consent page');
process.exit(0);
