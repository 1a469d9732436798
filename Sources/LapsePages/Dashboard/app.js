// A small relying party in the browser: authorization code with PKCE, Graph, silent refresh, claims challenges. It does everything
// right, unless it is told to make one of the classic mistakes.

import { call, pages, registerApp } from './lab.js';

const $ = id => document.getElementById(id);
const HOME = `${location.origin}/_lapse/app/`, DEVICES = ['Phone', 'Laptop', 'Tablet'];
const SCOPE = 'openid profile offline_access User.Read';
const CAPABLE = { access_token: { xms_cc: { values: ['cp1'] } } };
const TRIES = 5;

const given = new URLSearchParams(location.search);
if (given.has('tenant')) sessionStorage.setItem('tenant', given.get('tenant'));
const tenant = encodeURIComponent(sessionStorage.getItem('tenant') ?? 'contoso.example');
// A device has a name and a registration of its own, so that the timeline and the judge tell it from the others.
if (given.has('device')) sessionStorage.setItem('device', given.get('device').slice(0, 40));
const device = sessionStorage.getItem('device') ?? '';
const NAME = device ? `Lapse Sample App, ${device}` : 'Lapse Sample App';
const KEY = `sample ${tenant} ${device}`;
document.title = $('title').textContent = device ? `A sample app: ${device}` : 'A sample app';
$('another').href = `?${new URLSearchParams({ device: DEVICES[DEVICES.indexOf(device) + 1] ?? `${device} 2`, tenant: decodeURIComponent(tenant) })}`;
const makes = mistake => $(mistake).checked;
// A mistake that was switched on stays on when the sign-in leads away and back.
const MISTAKES = ['retries', 'ignores', 'keeps', 'loops', 'outage'];
const switchedOn = (sessionStorage.getItem('mistakes') ?? '').split(' ');
for (const mistake of MISTAKES) {
  $(mistake).checked = switchedOn.includes(mistake);
  $(mistake).addEventListener('change', () => sessionStorage.setItem('mistakes', MISTAKES.filter(makes).join(' ')));
}
const pause = milliseconds => new Promise(done => { setTimeout(done, milliseconds); });

// What the app knows of its user. Its own session is what other apps keep in a cookie of theirs.
const state = JSON.parse(sessionStorage.getItem(KEY) ?? '{}');
function remember(changes) {
  Object.assign(state, changes);
  sessionStorage.setItem(KEY, JSON.stringify(state));
  $('who').textContent = state.user ? `Signed in as ${state.user}` : 'Not signed in';
  for (const button of ['graph', 'refresh', 'sign-out', 'revoke']) $(button).disabled = !state.user;
}
function log(text) {
  $('log').append(Object.assign(document.createElement('li'), { textContent: text }));
  if ($('log').children.length > 200) $('log').firstElementChild.remove();
  judgeSoon();
}
function notice(text) { $('notice').textContent = text; }

// Two views of it from outside: the user's own revocation, and the judge

async function revoke() {
  await call('POST', `/tenants/${tenant}/revocations`, { user: state.user, cause: 'userRevoke' });
  log('The user revoked all sessions. The app does not know it yet.');
}

function judgeSoon() {
  clearTimeout(judgeSoon.timer);
  // A moment later: the judge reads what Lapse has logged.
  judgeSoon.timer = setTimeout(() => { judge().catch(() => {}); }, 400);
}

async function judge() {
  if (!state.client) return;
  const report = await call('GET', `/tenants/${tenant}/report?client=${encodeURIComponent(state.client)}`);
  const mine = report.clients.find(one => one.client === state.client), line = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const list = document.createElement('ul');
  list.className = 'findings';
  list.append(...(mine?.findings ?? []).map(one => Object.assign(line('li', `${one.rule}: ${one.says}`), { className: one.severity })));
  $('judge').replaceChildren(line('p', mine ? `Verdict: ${mine.verdict}` : 'It has met nothing yet.'), list);
}

// Signing in

const base64url = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
/** The `claims` of a request. An app that keeps its own session knows nothing of challenges, and does not say that it does. */
const asking = claims => {
  const capable = makes('keeps') ? {} : CAPABLE.access_token, demanded = claims?.access_token ?? {};
  const wanted = { ...capable, ...demanded };
  return Object.keys(wanted).length ? { claims: JSON.stringify({ access_token: wanted }) } : {};
};

async function client() {
  if (state.client) return state.client;
  for await (const apps of pages(`/tenants/${tenant}/apps`)) {
    const mine = apps.find(app => app.name === NAME && app.spaRedirectUris.includes(HOME));
    if (mine) { remember({ client: mine.id }); return mine.id; }
  }
  remember({ client: await registerApp(tenant, NAME, SCOPE) });
  return state.client;
}

async function address(options) {
  const verifier = random(), request = random();
  const challenge = base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)));
  sessionStorage.setItem(request, verifier);
  return `/${tenant}/oauth2/v2.0/authorize?${new URLSearchParams({
    client_id: await client(), response_type: 'code', redirect_uri: HOME, scope: SCOPE, state: request, response_mode: 'query',
    code_challenge: challenge, code_challenge_method: 'S256', ...asking(options.claims),
    ...(options.prompt ? { prompt: options.prompt } : {}), ...(state.user ? { login_hint: state.user } : {}),
  })}`;
}

async function signIn(claims) { location.assign(await address({ claims })); }

/** The code or the refusal that came back from authorize. */
async function finish(answer) {
  if (answer.get('error')) return { error: answer.get('error') };
  const verifier = sessionStorage.getItem(answer.get('state'));
  sessionStorage.removeItem(answer.get('state'));
  if (!verifier) return { error: 'no request of ours' };
  return token({ grant_type: 'authorization_code', code: answer.get('code'), redirect_uri: HOME, code_verifier: verifier });
}

async function token(parameters) {
  const response = await fetch(`/${tenant}/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams({ client_id: await client(), ...parameters }) });
  // Its registration is gone, as after a reset: the next sign-in makes another.
  if ([400, 401].includes(response.status)) {
    const refused = await response.clone().json().catch(() => ({}));
    if (refused.error === 'unauthorized_client') remember({ client: null });
  }
  if (response.status === 429) return { error: 'throttled', wait: response.headers.get('Retry-After') };
  return response.json();
}

function keep(tokens) {
  const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(tokens.id_token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0))));
  remember({ user: claims.preferred_username, refreshToken: tokens.refresh_token, accessToken: tokens.access_token, goesOn: false });
  notice('');
}

/** Authorize in a hidden frame: does the browser still have a session? */
async function ask() {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.title = 'Silent sign-in';
  frame.src = await address({ prompt: 'none' });
  document.body.append(frame);
  const answer = await new Promise(done => {
    // A page instead of an answer says nothing to a frame.
    setTimeout(() => done(new URLSearchParams('error=no_answer')), 5000);
    const listen = event => {
      if (event.origin !== location.origin || event.source !== frame.contentWindow) return;
      removeEventListener('message', listen);
      done(new URLSearchParams(event.data));
    };
    addEventListener('message', listen);
  });
  frame.remove();
  return finish(answer);
}

// Living on

/** A new access token without the user, once for all who ask meanwhile. */
let underWay;
function silently(claims) {
  underWay ??= trySilently(claims).finally(() => { underWay = undefined; });
  return underWay;
}

/** The same at once; what to do when there is none. */
async function trySilently(claims) {
  if (!state.refreshToken) {
    log('Nobody is signed in.');
    notice('Please sign in.');
    return false;
  }
  let tokens;
  for (let tries = 1; ; tries++) {
    tokens = await token({ grant_type: 'refresh_token', refresh_token: state.refreshToken, scope: SCOPE, ...asking(claims) });
    if (tokens.access_token) { log('Refreshed.'); keep(tokens); return true; }
    log(`The refresh was refused: ${tokens.error}${tokens.suberror ? `, ${tokens.suberror}` : ''}.`);
    if (tries === TRIES) break;
    if (makes('retries')) {
      log('It tries the same token again.');
    } else if (makes('outage')) {
      log('It takes that for an outage, waits and tries again.');
      notice('The service is down. Trying again …');
      await pause(300 * tries);
    } else break;
  }
  if (makes('outage')) {
    log('It gives up for now and keeps the dead token.');
    notice('The service is down. Please try again later.');
    return false;
  }
  if (tokens.error === 'throttled' || tokens.error === 'temporarily_unavailable') {
    notice(`The service is busy; the app waits ${tokens.wait ?? 60} seconds.`);
    return false;
  }
  // What it has loaded goes with the session, and so does the token that it was loaded with.
  const had = state.refreshToken;
  remember({ refreshToken: null, accessToken: makes('keeps') ? state.accessToken : null });
  if (had) log('It drops the dead token.');
  for (let tries = 1; tries <= (makes('loops') ? TRIES : 1); tries++) {
    tokens = await ask();
    if (tokens.access_token) { log('The browser still has a session: signed in without a page.'); keep(tokens); return true; }
    log(`prompt=none says ${tokens.error}.`);
  }
  if (makes('keeps')) {
    log('It goes on as if the user were signed in.');
    remember({ goesOn: true });
    goOn();
    return false;
  }
  const demand = claims ?? (tokens.claims ? JSON.parse(tokens.claims) : undefined);
  remember({ user: null, demand });
  notice('Please sign in again.');
  log('It ends its own session and asks the user to sign in again.');
  return false;
}

/** Loads the user's data every second with the access token that is left, though the session is dead. */
let isGoing = false;
async function goOn() {
  if (isGoing) return;
  isGoing = true;
  while (state.goesOn && state.accessToken && makes('keeps')) {
    const answer = await fetch('/v1.0/me', { headers: { Authorization: `Bearer ${state.accessToken}` } }).catch(() => null);
    if (answer?.ok) log(`It shows the data of ${(await answer.json()).displayName}.`);
    await pause(1000);
  }
  isGoing = false;
}

/** What the Refresh button does. */
async function refresh() {
  if (makes('ignores') && state.accessToken) {
    log('It trusts its access token until its end, and does not ask for another.');
    return;
  }
  await silently();
}

async function graph() {
  for (let tries = 1; ; tries++) {
    if (!state.accessToken && !(await silently())) return;
    const answer = await fetch('/v1.0/me', { headers: { Authorization: `Bearer ${state.accessToken}` } });
    if (answer.ok) { log(`Graph answered: ${(await answer.json()).displayName}.`); return; }
    const demand = /claims="([^"]+)"/.exec(answer.headers.get('WWW-Authenticate') ?? '')?.[1];
    log(`Graph answered ${answer.status}${demand ? ' with a claims challenge' : ''}.`);
    if (tries === TRIES) return;
    if (makes('ignores')) { log('It calls again with the same token.'); continue; }
    if (tries > 1) return;
    // Hands the challenge back: the next token has to satisfy it.
    if (!(await silently(demand ? JSON.parse(atob(demand)) : undefined))) return;
  }
}

async function begin() {
  const answer = new URLSearchParams(location.search);
  if (window.parent !== window) { window.parent.postMessage(location.search, location.origin); return; }
  remember({});
  judgeSoon();
  if (state.goesOn) goOn();
  if (answer.has('code') || answer.has('error')) {
    history.replaceState(null, '', HOME);
    const tokens = await finish(answer);
    if (tokens.access_token) { keep(tokens); remember({ demand: null }); log('Signed in.'); } else { log(`Not signed in: ${tokens.error}.`); notice('Please sign in again.'); }
  }
}

// Used by itself as a person uses it, for those who watch.
setInterval(() => { if ($('uses').checked && state.user && !document.hidden) guarded(graph)(); }, 5000);

const guarded = act => async () => { try { await act(); } catch (error) { notice(`Something went wrong: ${error.message}`); } };
$('sign-in').addEventListener('click', guarded(() => signIn(state.demand)));
$('graph').addEventListener('click', guarded(graph));
$('refresh').addEventListener('click', guarded(refresh));
$('revoke').addEventListener('click', guarded(revoke));
$('sign-out').addEventListener('click', guarded(async () => {
  const hint = state.user ?? '';
  state.goesOn = false;
  sessionStorage.removeItem(KEY);
  location.assign(`/${tenant}/oauth2/v2.0/logout?${new URLSearchParams({ post_logout_redirect_uri: HOME, logout_hint: hint })}`);
}));
guarded(begin)();
