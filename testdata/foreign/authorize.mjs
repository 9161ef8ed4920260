// What a person does on the consent page, without a browser: take the code of /entity connect,
// write it into the one field that is there, and press the button.
import assert from 'node:assert/strict';
import { connectCode } from './drive.mjs';

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

// provider is a client's memory of who it is and what it was given. It has no browser: where it
// is sent to is kept in asked.
export function provider(metadataURL) {
  const kept = {};
  return {
    redirectUrl: 'http://localhost:33418/callback',
    clientMetadataUrl: metadataURL,
    clientMetadata: {
      client_name: 'A client that is not ours', redirect_uris: ['http://localhost:33418/callback'],
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'none',
    },
    state: () => (kept.state ??= crypto.randomUUID()),
    clientInformation: () => kept.client,
    saveClientInformation: client => { kept.client = client; },
    tokens: () => kept.tokens,
    saveTokens: tokens => { kept.tokens = tokens; },
    redirectToAuthorization: address => { kept.asked = address; },
    saveCodeVerifier: verifier => { kept.verifier = verifier; },
    codeVerifier: () => kept.verifier,
    saveDiscoveryState: found => { kept.found = found; },
    discoveryState: () => kept.found,
    kept,
  };
}

// signIn connects: it is turned away, asks a person, redeems the code, and tries again.
export async function signIn(connect, memory, metadataURL) {
  let first;
  try {
    await connect();
    assert.fail('it was let in without a credential');
  } catch (error) {
    first = error;
  }
  assert.ok(memory.kept.asked, `it was not sent to a consent page: ${first}`);
  assert.equal(memory.kept.asked.searchParams.get('code_challenge_method'), 'S256');
  if (metadataURL) assert.equal(memory.kept.client.client_id, metadataURL, 'it did not name itself by its metadata document');
  const back = await approve(memory.kept.asked);
  assert.equal(back.searchParams.get('state'), memory.kept.state);
  await connect(back.searchParams);
  assert.ok(memory.kept.tokens.refresh_token, 'it got no refresh token');
}
