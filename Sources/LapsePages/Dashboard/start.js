// The start page: what runs here, and what to type where. It asks the control API, whose rules protect what it shows.

import { call, pages, quoted } from './lab.js';

const LAB = ['11111111-aaaa-4aaa-8aaa-111111111111', '22222222-bbbb-4bbb-8bbb-222222222222'];
const at = id => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

/** Copies a text, and says so on the button that was pressed. */
async function copy(button, text) {
  let said = 'Copied';
  // Over plain HTTP from another machine browsers give no clipboard.
  try { await navigator.clipboard.writeText(text); } catch { said = 'Select it by hand'; }
  button.textContent = said;
  setTimeout(() => { button.textContent = 'Copy'; }, 2000);
}

function copyButton(text, of) {
  const button = element('button', { type: 'button', textContent: 'Copy' });
  button.setAttribute('aria-label', `Copy ${of}`);
  button.addEventListener('click', () => copy(button, text));
  return button;
}

const row = (name, value, of = name) => element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, element('code', {}, value)), element('td', {}, copyButton(value, of)));

function table(caption, rows) {
  return element('table', {}, element('caption', {}, caption), element('tbody', {}, ...rows));
}

async function tenant(one) {
  const path = `/tenants/${one.id}`;
  const [users, apps] = await Promise.all([call('GET', `${path}/users`), call('GET', `${path}/apps`)]);
  const name = one.domains[0] || one.id;
  const more = users.next || apps.next ? [element('p', { className: 'note' }, 'There are more: ', element('a', { href: `/_lapse/#users` }, 'the dashboard lists all'), '.')] : [];
  const shown = element('div', { className: 'tenant' },
    element('h3', {}, one.name),
    table('Authority', [row('Authority', `${location.origin}/${name}`, `the authority of ${one.name}`)]),
    ...(users.items.length ? [table('Users', users.items.map(user => row(user.displayName, user.userPrincipalName, user.userPrincipalName)))] : []),
    ...(apps.items.length ? [table('Client ids', apps.items.map(app => row(app.name, app.id, `the client id of ${app.name}`)))] : []),
    ...more);
  return { one, name, users: users.items, apps: apps.items, shown };
}

/** Whether Lapse's own certificate is the one that this page came with, and not that of a proxy before it. */
function isOwnCertificate(status) {
  const host = location.hostname;
  return location.protocol === 'http:' || /(^|\.)localhost$|^127\.|^\[::1\]$/.test(host) || status.certificate.names.includes(host);
}

function examples({ name, users, apps }, isOwn) {
  const client = (apps.find(app => app.kind === 'public') || apps.find(app => app.kind === 'spa') || apps[0] || {}).id || 'CLIENT-ID';
  const user = (users[0] || {}).userPrincipalName || 'USER';
  const authority = `${location.origin}/${name}`;
  at('msal-python').textContent = `app = msal.PublicClientApplication(\n    "${client}",\n    authority="${authority}",\n    instance_discovery=False${isOwn ? ',\n    verify=".lapse/ca.pem"' : ''})`;
  at('msal-js').textContent = `auth: {\n  clientId: "${client}",\n  authority: "${authority}",\n  knownAuthorities: ["${location.host}"],\n}${isOwn ? '\n// Node: NODE_EXTRA_CA_CERTS=.lapse/ca.pem' : ''}`;
  at('msal-net').textContent = `PublicClientApplicationBuilder.Create("${client}")\n    .WithAuthority("${authority}", validateAuthority: false)\n    .WithInstanceDiscovery(false)`;
  const server = location.origin === 'https://localhost:8443' ? '' : ` --server ${location.origin}`;
  const of = name === 'contoso.example' ? '' : ` --tenant ${quoted(name)}`;
  at('commands').textContent = `lapse revoke ${quoted(user)}${of}${server}\nlapse events${of}${server}\nlapse clock advance PT5M${of}${server}`;
}

async function start() {
  const status = await call('GET', '/status');
  const there = [];
  for await (const items of pages('/tenants')) there.push(...items);
  at('version').textContent = `Version ${status.version} on ${location.host}`;
  const isOwn = isOwnCertificate(status);
  at('own-certificate').hidden = !isOwn;
  const all = there.filter(one => !one.domains[0]?.startsWith('sbx-'));
  const tenants = await Promise.all(all.slice(0, 5).map(tenant));
  const labs = all.filter(one => LAB.includes(one.id)).length;
  at('lab-password').hidden = labs === 0;
  at('other-passwords').hidden = labs === all.length;
  const sandboxes = there.length - all.length;
  at('tenants').replaceChildren(...tenants.map(one => one.shown),
    ...(all.length > 5 ? [element('p', { className: 'note' }, 'There are more tenants: the dashboard lists all.')] : []),
    ...(sandboxes ? [element('p', { className: 'note' }, `Sandboxes: ${sandboxes}.`)] : []));
  const first = tenants.find(one => one.one.id === LAB[0]) || tenants.find(one => one.users.length && one.apps.length) || tenants[0];
  if (first) examples(first, isOwn); else at('tenants').textContent = 'There is no tenant.';
}

start().catch(error => {
  at('message').textContent = `Lapse did not answer: ${error.message}`;
  at('message').hidden = false;
});
