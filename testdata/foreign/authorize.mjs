// What a person does on the consent page, without a browser: take the code of /entity connect,
// write it into the one field that is there, and press the button.
import assert from 'node:assert/strict';
import { connectCode, ended, exercise, expired, url, works } from './drive.mjs';

const attribute = (tag, name) => new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag)?.slice(1).find(v => v !== undefined);
const unescaped = text => text?.replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&#43;', '+').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

// approve goes through the consent page at an address and gives where it leads back to.
export async function approve(address) {
  const page = await fetch(address, { redirect: 'manual' });
  assert.equal(page.status, 200, `the consent page answers ${page.status}: ${await page.clone().text()}`);
  const cookies = page.headers.getSetCookie().map(cookie => cookie.split(';')[0]).join('; ');
  const html = await page.text();
  const form = /<form[^>]*>[\s\S]*?<\/form>/i.exec(html)?.[0];
  assert.ok(form, `no form in ${html}`);
  const filled = new URLSearchParams();
  for (const [input] of form.matchAll(/<input[^>]*>/gi)) {
    const hidden = attribute(input, 'type') === 'hidden';
    filled.append(attribute(input, 'name'), hidden ? unescaped(attribute(input, 'value')) ?? '' : await connectCode());
  }
  const buttons = [...form.matchAll(/<button[^>]*>[^<]*/gi)].map(([button]) => button);
  const pressed = buttons.find(button => /allow|approve|connect/i.test(button)) ?? '';
  if (attribute(pressed, 'name')) filled.append(attribute(pressed, 'name'), unescaped(attribute(pressed, 'value')) ?? '');
  const action = new URL(unescaped(attribute(form, 'action')) ?? '', address);
  const answer = await fetch(action, {
    method: 'POST', redirect: 'manual', body: filled,
    headers: { Cookie: cookies, Origin: action.origin, 'Sec-Fetch-Site': 'same-origin' },
  });
  assert.ok([302, 303].includes(answer.status), `the consent page answers ${answer.status}: ${await answer.text()}`);
  const back = new URL(answer.headers.get('location'));
  assert.equal(back.searchParams.get('error'), null, `refused: ${back}`);
  assert.ok(back.searchParams.get('code'), `no code in ${back}`);
  assert.ok(back.searchParams.get('iss'), `no issuer in ${back}`);
  return back;
}

// goBack follows where a consent page leads back to. A program may show the page's address before
// it listens for its answer: people are not so quick.
export async function goBack(address) {
  for (let tries = 100; ; tries--) {
    try {
      return await fetch(address);
    } catch (error) {
      if (tries === 0 || error.cause?.code !== 'ECONNREFUSED') throw error;
      await new Promise(again => setTimeout(again, 50));
    }
  }
}

// provider is a client's memory of who it is and what it was given. It has no browser: where it
// is sent to is kept in asked. It proves who it is by the method, or not at all.
export function provider(metadataURL, method = 'none') {
  const kept = {};
  return {
    redirectUrl: 'http://localhost:33418/callback',
    clientMetadataUrl: metadataURL,
    clientMetadata: {
      client_name: 'A client that is not ours', redirect_uris: ['http://localhost:33418/callback'],
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: method,
    },
    state: () => (kept.state = crypto.randomUUID()),
    clientInformation: () => kept.client,
    saveClientInformation: client => { kept.client = client; },
    tokens: () => kept.tokens,
    saveTokens: tokens => { kept.tokens = tokens; },
    redirectToAuthorization: address => { kept.asked = address; },
    saveCodeVerifier: verifier => { kept.verifier = verifier; },
    codeVerifier: () => kept.verifier,
    saveDiscoveryState: found => { kept.found = found; },
    discoveryState: () => kept.found,
    invalidateCredentials: what => {
      if (what === 'all' || what === 'client') delete kept.client;
      if (what === 'all' || what === 'tokens') delete kept.tokens;
    },
    kept,
  };
}

// signIn has a client begin that is turned away, asks a person, redeems the code, and tries again.
// begin gives a connected client, at first or with what a person came back with.
export async function signIn(begin, memory, metadataURL) {
  delete memory.kept.asked;
  await assert.rejects(begin(), 'it was let in');
  return consent(begin, memory, metadataURL);
}

// consent goes where the client sent its user, and has it begin with what came of that.
async function consent(begin, memory, metadataURL) {
  assert.ok(memory.kept.asked, 'it was not sent to a consent page');
  assert.equal(memory.kept.asked.searchParams.get('code_challenge_method'), 'S256');
  assert.ok(memory.kept.asked.searchParams.get('resource'), 'it names no resource');
  if (metadataURL) assert.equal(memory.kept.client.client_id, metadataURL, 'it did not name itself by its metadata document');
  const back = await approve(memory.kept.asked);
  assert.equal(back.searchParams.get('state'), memory.kept.state);
  assert.equal(back.searchParams.get('iss'), memory.kept.found.authorizationServerMetadata.issuer);
  const client = await begin(back.searchParams);
  assert.ok(memory.kept.tokens.refresh_token, 'it got no refresh token');
  return client;
}

// dance is the whole of it: a client signs in and works, goes on when its token has ended, is
// turned away when the entity's owner disconnects it, and signs in anew.
export async function dance({ begin, memory, line, metadataURL, keeps = true }) {
  let client = await signIn(begin, memory, metadataURL);
  await exercise(client, line);
  const before = memory.kept.tokens;
  delete memory.kept.asked;
  await expired();
  if (!keeps) {
    // Its stream broke off when the program went away.
    await client.close();
    client = await begin();
  }
  await works(client);
  assert.notEqual(memory.kept.tokens.access_token, before.access_token, 'the token was not renewed');
  assert.notEqual(memory.kept.tokens.refresh_token, before.refresh_token, 'the refresh token is the old one');
  assert.equal(memory.kept.asked, undefined, 'its user was asked again');
  await ended();
  const refused = await fetch(url, { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${memory.kept.tokens.access_token}` } });
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get('www-authenticate'), /error="invalid_token", resource_metadata="http/);
  await assert.rejects(works(client), 'it works on though it was disconnected');
  await client.close();
  client = await consent(begin, memory, metadataURL);
  await works(client);
  return client;
}
