// The control API as the dashboard uses it: calls, the clock, the stream of events.

const BASE = '/_lapse/api';
let token = sessionStorage.getItem('lapse-control-token') || '';

/** What the server refused, with its own words. */
export class Refused extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

const headers = more => ({ ...(token ? { Authorization: `Bearer ${token}` } : {}), ...more });

/** Takes the key that a link brings behind the #, and keeps it for as long as the tab is open. Whether there was one. */
export function keyOfAddress() {
  const key = new URLSearchParams(location.hash.slice(1)).get('key');
  if (!key) return false;
  token = key;
  sessionStorage.setItem('lapse-control-token', token);
  return true;
}

async function ask() {
  const dialog = document.getElementById('ask');
  if (!dialog.open) dialog.showModal();
  await new Promise(done => dialog.addEventListener('close', done, { once: true }));
  token = document.getElementById('token').value;
  sessionStorage.setItem('lapse-control-token', token);
}

async function answered(response) {
  if (response.ok) return response;
  let message = `${response.status} ${response.statusText}`;
  try { message = (await response.json()).error.message; } catch { /* no JSON: the status says it */ }
  throw new Refused(response.status, message);
}

/** A call of the control API. Asks for the control token where it is wanted. */
export async function call(method, path, body) {
  const response = await fetch(BASE + path, {
    method, headers: headers(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.status === 401) { await ask(); return call(method, path, body); }
  const text = await (await answered(response)).text();
  return response.headers.get('Content-Type')?.startsWith('application/json') ? JSON.parse(text) : text;
}

/** Whether calls carry a control token, which a plain link cannot. */
export const isGuarded = () => token !== '';

/** As a shell reads it as one word. */
export const quoted = text => /^[\w./~@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** The same call as a command. */
export function command(method, path, body) {
  const parts = ['curl --cacert .lapse/ca.pem'];
  if (method !== 'GET') parts.push(`-X ${method}`);
  parts.push(quoted(location.origin + BASE + path));
  if (token) parts.push("-H 'Authorization: Bearer YOUR-CONTROL-TOKEN'");
  if (body !== undefined) parts.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`);
  return parts.join(' ');
}

/** A part of a page. What is made here is text: names come from whoever named them. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

/** A part of a drawing. */
export function drawn(name, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A list, part by part. */
export async function* pages(path) {
  for (let next; next !== null;) {
    const page = await call('GET', next === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}after=${encodeURIComponent(next)}`);
    yield page.items;
    next = page.next;
  }
}

/** A tenant's clock, as it goes on here between two questions. */
export class Clock {
  #at = 0; #read = 0; #runs = false;
  set(answer) { this.#at = Date.parse(answer.now); this.#read = performance.now(); this.#runs = answer.mode === 'running'; }
  get runs() { return this.#runs; }
  get now() { return this.#at + (this.#runs ? performance.now() - this.#read : 0); }
}

/** Reads the stream of events until it is stopped; comes back by itself when the connection is lost. */
export function follow(tenant, { after, onEvent, onState }) {
  const stop = new AbortController();
  (async () => {
    let last = after;
    while (!stop.signal.aborted) {
      try {
        const response = await answered(await fetch(`${BASE}/tenants/${tenant}/events/stream`, {
          headers: headers({ 'Last-Event-ID': String(last) }), signal: stop.signal,
        }));
        onState('Live');
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let rest = ''; ;) {
          const { value, done } = await reader.read();
          if (done) break;
          const blocks = (rest + value).split('\n\n');
          rest = blocks.pop();
          for (const block of blocks) {
            const data = block.split('\n').find(line => line.startsWith('data: '));
            if (!data) continue;
            const event = JSON.parse(data.slice(6));
            last = event.id;
            onEvent(event);
          }
        }
      } catch (error) {
        if (stop.signal.aborted) return;
        if (error instanceof Refused && error.status === 404) { onState('This tenant is gone'); return; }
      }
      onState('Connection lost; trying again…');
      await new Promise(go => setTimeout(go, 1000));
    }
  })();
  return () => stop.abort();
}

/** Registers a single-page app that comes back to the sample app's page: its client id. */
export async function registerApp(tenant, name, scope) {
  const made = await call('POST', `/tenants/${tenant}/apps`, {
    name, kind: 'spa', spaRedirectUris: [`${location.origin}/_lapse/app/`], flows: ['code', 'refresh'], delegated: scope.split(' '),
  });
  return made.id;
}

/** A refresh as a single-page app makes it: the browser says where it comes from. */
export async function refresh(tenant, client, refreshToken) {
  const response = await fetch(`/${tenant}/oauth2/v2.0/token`, {
    method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token', client_id: client, refresh_token: refreshToken }),
  });
  return response.json();
}
