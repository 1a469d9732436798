// The dashboard: one tenant, one user, and what happens to them, as it happens.

import { boardViews } from './board.js';
import { labViews } from './faults.js';
import { call, Clock, command, drawn, element, follow, pages, Refused } from './lab.js';
import { play } from './story.js';

const $ = id => document.getElementById(id);
const MOST_EVENTS = 20_000, SHOWN_EVENTS = 200;

const lab = { tenants: [], tenant: null, users: [], user: null, apps: [], events: [], clock: new Clock(), home: new Clock(), timeline: null, isLoading: true };
// Which tenant was opened last: what an earlier one still waits for is thrown away.
let opened = 0, asked = 0;
let stop = () => {};

// What the address says: the tenant by id or domain, the user by id or name, the app by id. It follows what is chosen, to be shared.
const said = new URLSearchParams(location.search);

function tellAddress() {
  const tenant = lab.tenants.find(one => one.id === lab.tenant), user = lab.users.find(one => one.id === lab.user);
  const parts = { tenant: tenant?.domains[0] ?? lab.tenant, user: user?.userPrincipalName, client: $('client').value };
  const query = new URLSearchParams(Object.entries(parts).filter(([, value]) => value));
  history.replaceState(null, '', `?${query}${location.hash}`);
}

const time = text => text ? text.slice(0, 19).replace('T', ' ') : '';
const path = (...parts) => `/tenants/${lab.tenant}/${parts.map(encodeURIComponent).join('/')}`;
/** A user as the narrow list shows it: without the domain that all have. */
function shortName(user) {
  const own = lab.tenants.find(tenant => tenant.id === lab.tenant)?.domains ?? [], [name, domain] = user.userPrincipalName.split(/@(?=[^@]*$)/);
  return `${user.displayName} (${own.includes(domain) && !name.includes('#') ? name : user.home ? 'guest' : user.userPrincipalName})`;
}
const nameOf = id => lab.users.find(user => user.id === id)?.userPrincipalName ?? id ?? '';
const appOf = id => lab.apps.find(app => app.id === id)?.name ?? id ?? '';

function say(error) {
  $('message').textContent = error instanceof Refused ? error.message
    : error instanceof TypeError && /fetch|network/i.test(error.message) ? 'Lapse does not answer. Is it still running?'
      : error instanceof SyntaxError ? `This is not valid JSON: ${error.message}` : `Something went wrong here: ${error.message}`;
  $('message').hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { $('message').hidden = true; }, 8000);
}

const guarded = act => async event => { try { await act(event); } catch (error) { say(error); } };

/** A call that changes something: its command is shown. */
async function steer(method, where, body) {
  $('curl').textContent = command(method, where, body);
  const answer = await call(method, where, body);
  refreshSoon();
  return answer;
}

// What is shown

async function loadTenants(keep) {
  lab.tenants = [];
  for await (const items of pages('/tenants')) lab.tenants.push(...items);
  const named = lab.tenants.find(tenant => [tenant.id, ...tenant.domains].includes(said.get('tenant')));
  const wanted = keep ?? lab.tenant ?? named?.id ?? lab.tenants[0]?.id;
  $('tenant').replaceChildren(...lab.tenants.map(tenant => element('option', { value: tenant.id }, `${tenant.name} (${tenant.domains[0]})`)));
  $('tenant').value = wanted;
}

async function openTenant(id, user) {
  stop();
  const mine = ++opened;
  Object.assign(lab, { tenant: id, user: null, events: [], users: [], apps: [], timeline: null, isLoading: true, scrolled: null });
  $('tenant').value = id;
  await Promise.all([loadDirectory(user), loadClock(), loadPropagation()]);
  if (mine !== opened) return;
  render();
  await loadTimeline();
  for await (const items of pages(path('events'))) {
    if (mine !== opened) return;
    keepEvents(items);
  }
  if (mine !== opened) return;
  stop = follow(id, { after: lab.events.at(-1)?.id ?? 0, onEvent, onState: text => { $('connection').textContent = text; } });
}

function keepEvents(items) {
  lab.events.push(...items);
  if (lab.events.length > MOST_EVENTS) lab.events.splice(0, lab.events.length - MOST_EVENTS);
  renderEventsSoon();
}

async function loadDirectory(user) {
  const mine = opened, found = {};
  for (const kind of ['users', 'apps']) {
    found[kind] = [];
    for await (const items of pages(path(kind))) found[kind].push(...items);
  }
  if (mine !== opened) return;
  Object.assign(lab, found);
  const named = lab.users.find(one => [one.id, one.userPrincipalName].includes(said.get('user')))?.id, client = $('client').value || said.get('client');
  lab.user = [user, lab.user, named, lab.users[0]?.id].find(id => lab.users.some(known => known.id === id)) ?? null;
  $('user').replaceChildren(...lab.users.map(one => element('option', { value: one.id }, shortName(one))));
  $('user').value = lab.user ?? '';
  $('client').replaceChildren(...lab.apps.filter(app => app.delegated.length).map(app => element('option', { value: app.id, selected: app.id === client }, app.name)));
  tellAddress();
}

async function loadClock() {
  const mine = opened, answer = await call('GET', path('clock'));
  if (mine !== opened) return;
  lab.clock.set(answer);
  $('freeze').textContent = lab.clock.runs ? 'Freeze' : 'Let it run';
  tick();
}

// Each preset's planes, as the model shows them.
const LATE = delay => ({ refresh: delay, session: delay, cae: delay, directory: 'immediate' });
const PRESETS = {
  instant: LATE('immediate'), observed: LATE({ fixed: 'PT29S' }), flapping: LATE({ uniform: ['PT10S', 'PT4M'] }),
  documented: { ...LATE({ fixed: 'PT3M' }), cae: { uniform: ['PT0S', 'PT15M'] } },
};

/** The name of the preset that the model is; empty for one of somebody's own. */
function presetOf({ regions, routing, planes }) {
  const same = Object.keys(PRESETS).find(name => Object.entries(PRESETS[name]).every(([plane, delay]) => JSON.stringify(planes[plane]) === JSON.stringify(delay)));
  const several = regions.join() === 'eastus,westeurope,southeastasia' && routing === 'round-robin';
  return same && (same === 'flapping' ? several : regions.join() === 'local') ? same : '';
}

async function loadPropagation() {
  const mine = opened, model = await call('GET', path('propagation'));
  if (mine !== opened) return;
  lab.model = model;
  $('preset').value = presetOf(model);
  if (document.activeElement !== $('model')) $('model').value = JSON.stringify(model, null, 1);
  const chosen = $('delay-region').value;
  $('delay-region').replaceChildren(element('option', { value: '' }, 'every region'), ...model.regions.map(region => element('option', { value: region, selected: region === chosen }, region)));
}

// The views that the timeline is drawn in anew: drawing them asks for what else they show.
const OF_TIMELINE = ['board', 'timeline', 'lineage'];

async function loadTimeline() {
  const mine = ++asked, tenant = opened;
  const data = lab.user ? await call('GET', `${path('users', lab.user, 'timeline')}?picture=true`) : null;
  if (mine !== asked || tenant !== opened) return;
  if (data) lab.home.set(data);
  Object.assign(lab, { timeline: data, isLoading: false });
  if (OF_TIMELINE.includes(view())) render();
}

function onEvent(event) {
  keepEvents([event]);
  if (['userCreated', 'userUpdated', 'userDeleted', 'userRestored', 'accountDisabled', 'accountEnabled', 'appCreated', 'appUpdated', 'appDeleted', 'tenantReset'].includes(event.type)
    || event.type.startsWith('servicePrincipal')) {
    loadDirectory().then(render, say);
  }
  if (event.type === 'tenantReset') lab.events = lab.events.filter(one => one.id >= event.id);
  if (['propagationChanged', 'tenantReset'].includes(event.type)) loadPropagation().catch(say);
  refreshSoon();
}

// One question for many events, however fast they come.
function refreshSoon() {
  if (refreshSoon.waits) return;
  refreshSoon.waits = true;
  setTimeout(guarded(async () => { refreshSoon.waits = false; await loadClock(); await loadTimeline(); if (!OF_TIMELINE.includes(view())) await own.load[view()]?.(); }), 80);
}

function renderEventsSoon() {
  if (renderEventsSoon.waits || view() !== 'events') return;
  renderEventsSoon.waits = true;
  requestAnimationFrame(() => { renderEventsSoon.waits = false; if (view() === 'events') render(); });
}

// The clock

/** Where something is not yet in effect. A guest's takes effect along the clock of its home. */
function waiting() {
  const data = lab.timeline, found = [];
  for (const event of data ? [...data.revocations, ...data.stateChanges] : []) {
    for (const [plane, regions] of Object.entries(event.planes)) {
      for (const [region, at] of Object.entries(regions)) {
        if (!at.effective) found.push({ event, plane, region, until: at.visibleAt ? Date.parse(at.visibleAt) : null, held: at.held });
      }
    }
  }
  return found;
}

const left = milliseconds => {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = number => String(number).padStart(2, '0'), hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
};

function tick() {
  const now = lab.clock.now;
  if (!now) return;
  $('now').textContent = new Date(now).toISOString().slice(0, 19).replace('T', ' ') + (lab.clock.runs ? '' : ' (frozen)');
  for (const place of document.querySelectorAll('[data-until-time]')) {
    const until = Number(place.dataset.untilTime);
    place.textContent = left(until - lab.home.now);
    if (until <= lab.home.now) { delete place.dataset.untilTime; refreshSoon(); }
  }
  const picture = document.querySelector('svg.timeline');
  if (picture && lab.home.runs) {
    const { from, to, left, right } = picture.dataset;
    const width = picture.viewBox.baseVal.width - left - right, part = (lab.home.now / 1000 - from) / (to - from);
    const x = Number(left) + Math.min(Math.max(part, 0), 1) * width;
    const line = picture.querySelector('.now');
    line.setAttribute('x1', x);
    line.setAttribute('x2', x);
    [...picture.querySelectorAll('text')].find(text => text.textContent === 'now')?.setAttribute('x', x);
    if (part > 1) refreshSoon();
  }
}

// The views

const view = () => Object.hasOwn(VIEWS, location.hash.slice(1)) ? location.hash.slice(1) : 'timeline';
let filter = { type: '', mine: false, text: '' };
// Stays when the list below it changes.
const explained = element('div', { id: 'explained', 'aria-live': 'polite' });

function empty() {
  if (lab.isLoading) return element('p', { class: 'note' }, 'Loading…');
  return element('div', {}, element('h2', {}, 'Nothing has happened to this user yet'),
    element('p', {}, 'Press “Sign in as this user”, point an app at this Lapse, or watch a story from beginning to end:'),
    element('button', { type: 'button', class: 'strong', onclick: guarded(tellStory) }, 'Play the lost laptop'));
}

/** The drawing, with one stop for Tab: its parts are gone through with the arrows. */
function picture(text) {
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
  const made = document.importNode(parsed.documentElement, true);
  const parts = [...made.querySelectorAll('.part')];
  parts.forEach((part, at) => part.setAttribute('tabindex', at ? '-1' : '0'));
  made.addEventListener('keydown', event => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key], at = parts.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = parts[Math.min(Math.max(at + step, 0), parts.length - 1)];
    for (const part of parts) part.setAttribute('tabindex', part === next ? '0' : '-1');
    next.focus();
  });
  return made;
}

const wordOf = verdict => verdict.accepted ? 'accepted' : `refused${verdict.code ? ` (AADSTS${verdict.code})` : ''}`;
const PLACES = { refresh: 'Token endpoint', session: 'Sign-in page', cae: 'Resources', directory: 'Directory' };
const LEGEND = [
  ['rect', 'alive', 'accepted by every region'], ['stripes', 'mixed', 'refused by some regions'], ['rect', 'dead', 'refused by every region, or ended'], ['rect', 'token', 'an access token: accepted until it ends'],
  ['rect', 'waiting', 'revoked, and still accepted'], ['line', 'cut', 'a revocation, or a change of the account or app'], ['circle', 'mark', 'something that succeeded'], ['path', 'refusal', 'a refusal'],
];
const SHAPES = { stripes: { d: 'M1 16V4h3L1 10M6 4h5L5 16H1M13 4h5l-6 12H7M19 8v8h-4zM1 4h18v12H1z', 'stroke-width': 1 }, rect: { x: 1, y: 4, width: 18, height: 12 }, line: { x1: 10, y1: 1, x2: 10, y2: 19, 'stroke-width': 2 }, circle: { cx: 10, cy: 10, r: 5, 'stroke-width': 2 }, path: { d: 'M5 5l10 10m0 -10l-10 10', 'stroke-width': 2.5 } };

/** What the parts of the picture mean, drawn as they are there. */
function legend() {
  return element('ul', { class: 'legend', 'aria-label': 'What the picture shows' }, ...LEGEND.map(([shape, look, text]) => element('li', {},
    drawn('svg', { viewBox: '0 0 20 20', width: 20, height: 20, 'aria-hidden': 'true' }, drawn(shape === 'stripes' ? 'path' : shape, { class: look, ...SHAPES[shape] })), ' ', text)));
}

const VIEWS = {
  timeline() {
    if (!lab.timeline?.rows.length && !lab.timeline?.attempts.length) return [empty()];
    const list = waiting();
    const windows = list.length
      ? element('ul', { 'aria-label': 'Not yet in effect' }, ...list.map(({ event, plane, region, until, held }) => element('li', {},
        `${PLACES[plane]}, ${region}: ${plane === 'directory' ? 'still shows the old state' : 'still accepts'}, `,
        ...(until !== null ? [element('span', { class: 'wait', 'data-until-time': until }, ''), ' left'] : [held ? 'held until it is released' : 'for some more requests']), ` (${event.cause}) `,
        element('button', { type: 'button', 'aria-label': `Release ${plane} in ${region}, ${event.id}`, onclick: guarded(() => steer('POST', path('revocations', event.id, 'release'), { plane, region })) }, 'Release'))))
      : element('p', { class: 'note' }, 'Every revocation is in effect everywhere.');
    return [
      element('h2', {}, 'Timeline'), windows,
      element('p', { id: 'said', 'aria-live': 'polite' }, 'Point at a part, or go through them with Tab and the arrows, to read what it is.'),
      element('div', { class: 'picture' }, picture(lab.timeline.picture)),
      legend(),
      element('button', { type: 'button', onclick: guarded(tellStory) }, 'Play the lost laptop'),
    ];
  },

  lineage() {
    const rows = lab.timeline?.rows ?? [];
    if (!rows.length) return [empty()];
    const sessions = rows.filter(row => row.kind === 'session'), grants = rows.filter(row => row.kind === 'grant');
    // What regions agree on is said once.
    const chips = row => [...Map.groupBy(row.verdicts, verdict => `${PLACES[verdict.plane]}: ${wordOf(verdict)}`)].map(([text, same]) =>
      element('span', { class: `chip${same[0].accepted ? '' : ' no'}`, title: same[0].why },
        row.verdicts.length === 1 ? text : `${text} ${same.length === row.verdicts.length ? 'everywhere' : `in ${same.map(one => one.region).join(', ')}`}`));
    const now = lab.home.now;
    const grant = row => element('li', { class: row.deadSince ? 'dead' : '' },
      element('span', { class: 'what' }, `Grant of ${row.clientName ?? row.client}`), ' ', ...chips(row),
      element('ul', {},
        element('li', { class: row.deadSince ? 'dead' : '' }, element('span', { class: 'what' },
          `${row.refreshTokens} refresh token${row.refreshTokens === 1 ? '' : 's'}, the last until ${time(row.to)}`)),
        ...row.accessTokens.slice(-5).map(token => element('li', { class: token.deadSince || Date.parse(token.to) <= now ? 'dead' : '' },
          element('span', { class: 'what' }, `access token ${time(token.from)} to ${time(token.to)}`),
          token.evaluated ? ' (its client takes claims challenges)' : ''))));
    const known = new Set(sessions.map(row => row.id));
    const tree = sessions.map(session => element('li', { class: session.deadSince ? 'dead' : '' },
      element('span', { class: 'what' }, `Sign-in ${time(session.authTime)} (${session.method})`), ' ', ...chips(session),
      element('ul', {}, ...grants.filter(row => row.session === session.id).map(grant))));
    const others = grants.filter(row => !known.has(row.session));
    if (others.length) tree.push(element('li', {}, element('span', { class: 'what' }, 'Without a browser session'), element('ul', {}, ...others.map(grant))));
    return [element('h2', {}, 'Lineage'), element('ul', { class: 'tree' }, ...tree)];
  },

  events() {
    const { type, mine, text } = filter, wanted = text.toLowerCase();
    const chosen = [];
    const says = event => [event.type, nameOf(event.user), appOf(event.client), event.region, event.code, event.grant].join(' ').toLowerCase();
    for (let at = lab.events.length - 1; at >= 0 && chosen.length < SHOWN_EVENTS; at--) {
      const event = lab.events[at];
      if ((type && event.type !== type) || (mine && event.user !== lab.user) || (wanted && !says(event).includes(wanted))) continue;
      // A clock that is moved again and again is one row.
      if (event.type === 'clockChanged' && chosen.at(-1)?.type === 'clockChanged') chosen[chosen.length - 1] = { ...chosen.at(-1), times: (chosen.at(-1).times ?? 1) + 1 };
      else chosen.push(event);
    }
    const types = [...new Set(lab.events.map(event => event.type))].sort();
    const choice = element('select', { 'aria-label': 'Type', onchange: change => { filter = { ...filter, type: change.target.value }; render(); } },
      element('option', { value: '' }, 'all'), ...types.map(name => element('option', { value: name, selected: name === type }, name)));
    return [
      element('h2', {}, 'Events'),
      element('div', { class: 'row' }, element('label', {}, 'Type ', choice),
        element('label', {}, element('input', { type: 'checkbox', 'aria-label': 'Only this user', checked: mine, onchange: change => { filter = { ...filter, mine: change.target.checked }; render(); } }), ' only this user'),
        element('label', {}, 'Search ', element('input', { type: 'search', 'aria-label': 'Search', value: text, oninput: change => { filter = { ...filter, text: change.target.value }; render(); const field = $('view').querySelector('[type=search]'); field.setSelectionRange(field.value.length, field.value.length); } }))),
      element('p', { class: 'note' }, `${lab.events.length === 1 ? 'One event' : `${lab.events.length} events`} in all; ${chosen.length === SHOWN_EVENTS ? `the newest ${chosen.length}` : chosen.length} shown.`),
      explained,
      element('div', { class: 'scroll' }, element('table', {},
        element('thead', {}, element('tr', {}, ...['When', 'What', 'User', 'App', 'Region', 'Code', ''].map(text => element('th', { scope: 'col' }, text)))),
        element('tbody', {}, ...chosen.map(event => element('tr', { class: event.code ? 'refused' : '' },
          element('td', { class: 'time' }, time(event.at)), element('td', {}, event.times ? `${event.type}, ${event.times} times` : event.type), element('td', {}, nameOf(event.user)),
          element('td', {}, appOf(event.client)), element('td', {}, event.region ?? ''), element('td', {}, event.code ?? ''),
          element('td', {}, event.code || event.grant || event.revocation ? element('button', { type: 'button', 'aria-label': `Explain event ${event.id}`, onclick: guarded(() => explain(event)) }, 'Why?') : null)))))),
    ];
  },

  requests: () => [element('h2', {}, 'Requests'), element('div', { id: 'exchanges' }, element('p', { class: 'note' }, 'Looking…'))],

  users: () => [element('h2', {}, 'Users'), table(['Name', 'User name', 'State', 'Roles', ''], lab.users.map(user => [
    user.displayName, user.userPrincipalName, `${user.accountEnabled ? 'enabled' : 'disabled'}${user.home ? ', guest' : ''}`, (user.roles ?? []).join(', '),
    element('button', { type: 'button', 'aria-label': `Look at ${user.userPrincipalName}`, onclick: guarded(() => chooseUser(user.id, true)) }, 'Look at')]))],

  apps: () => [element('h2', {}, 'Apps'), table(['Name', 'client_id', 'Kind', 'Flows', 'Redirects'], lab.apps.map(app => [
    app.name, app.id, app.kind, app.flows.join(', '), [...app.redirectUris, ...app.spaRedirectUris].join(' ')]))],

  sandboxes: () => [element('h2', {}, 'Sandboxes'),
    element('p', {}, element('button', { type: 'button', class: 'strong', onclick: guarded(async () => {
      const made = await steer('POST', '/tenants', { template: 'contoso' });
      await loadTenants(made.id);
      await openTenant(made.id);
    }) }, 'Make a sandbox')),
    table(['Name', 'Domain', 'Id', ''], lab.tenants.map(tenant => [tenant.name, tenant.domains[0], tenant.id, element('span', { class: 'row' },
      element('button', { type: 'button', 'aria-label': `Open ${tenant.domains[0]}`, onclick: guarded(() => openTenant(tenant.id)) }, 'Open'),
      tenant.domains[0].startsWith('sbx-') ? element('button', { type: 'button', 'aria-label': `Remove ${tenant.domains[0]}`, onclick: guarded(async () => {
        await steer('DELETE', `/tenants/${tenant.id}`);
        await loadTenants(tenant.id === lab.tenant ? lab.tenants.find(other => other.id !== tenant.id).id : lab.tenant);
        if (tenant.id === lab.tenant) await openTenant($('tenant').value); else render();
      }) }, 'Remove') : null)]))],
};

// The tokens of the sign-ins that this page made, by their grant.
const tokens = new Map();
const tools = { element, table, path, steer, guarded, nameOf, appOf, lab, left, tokens, chosen: () => ({ user: lab.user, client: $('client').value }) };
const own = { load: {} };
for (const { views, load } of [boardViews(tools), labViews(tools)]) {
  Object.assign(VIEWS, views);
  Object.assign(own.load, load);
}

function table(heads, rows) {
  return element('div', { class: 'scroll' }, element('table', {},
    element('thead', {}, element('tr', {}, ...heads.map(text => element('th', { scope: 'col' }, text)))),
    element('tbody', {}, ...rows.map(cells => element('tr', {}, ...cells.map(cell => element('td', {}, cell)))))));
}

/** Where the picture is wider than its place it begins at the present, and stays where somebody has moved it. */
function showNow() {
  const place = document.querySelector('.picture'), line = place?.querySelector('.now');
  if (!line) return;
  const x = Number(line.getAttribute('x1')) / place.querySelector('svg').viewBox.baseVal.width * place.scrollWidth;
  place.scrollLeft = lab.scrolled ?? Math.max(0, x - place.clientWidth * 0.7);
  place.dataset.shown = place.scrollLeft;
}

function render() {
  const name = view();
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
  const scrolled = document.querySelector('.scroll')?.scrollTop ?? 0;
  const focused = document.activeElement?.getAttribute?.('aria-label');
  const before = document.querySelector('.picture');
  if (before && Math.abs(before.scrollLeft - before.dataset.shown) > 1) lab.scrolled = before.scrollLeft;
  $('view').replaceChildren(...VIEWS[name]());
  showNow();
  const scroll = document.querySelector('.scroll');
  if (scroll) scroll.scrollTop = scrolled;
  if (focused) [...$('view').querySelectorAll('[aria-label]')].find(one => one.getAttribute('aria-label') === focused)?.focus();
  tick();
  if (name === 'requests') watchRequests();
  own.load[name]?.().catch(say);
}

// Why something happened: what the event says, and what Lapse knows of its grant now.
async function explain(event) {
  const line = `${time(event.at)}: ${event.type}${event.region ? ` in ${event.region}` : ''}, ${nameOf(event.user) || 'nobody'}${event.client ? `, ${appOf(event.client)}` : ''}.`;
  const place = [element('p', {}, line)];
  if (event.code) place.push(element('p', {}, element('a', { href: `/error?code=${event.code}`, target: '_blank', rel: 'noopener' }, `AADSTS${event.code}`)));
  if (event.revocation) {
    const cause = await call('GET', path('revocations', event.revocation)).catch(() => null);
    if (cause) place.push(element('p', {}, `It goes back to the ${cause.cause} of ${time(cause.at)}.`));
  }
  if (event.user) {
    const timeline = await call('GET', path('users', event.user, 'timeline')).catch(() => null);
    const row = timeline?.rows.find(one => one.id === event.grant);
    if (row?.verdicts.length) {
      place.push(table(['Now', 'Region', 'Verdict', 'Until'], row.verdicts.map(verdict => [PLACES[verdict.plane], verdict.region, wordOf(verdict), verdict.changesAt ? time(verdict.changesAt) : ''])),
        element('details', {}, element('summary', {}, 'In words'), ...row.verdicts.map(verdict => element('p', {}, `${PLACES[verdict.plane]}, ${verdict.region}: ${verdict.why}`))));
    }
  }
  explained.replaceChildren(element('div', { class: 'explain' }, ...place));
}

async function watchRequests() {
  clearTimeout(watchRequests.timer);
  if (view() !== 'requests') return;
  try {
    const seen = $('exchanges').dataset.last ?? '0';
    const { items } = await call('GET', `/exchanges?after=${seen}`);
    const place = $('exchanges');
    if (!place) return;
    if (seen === '0') place.replaceChildren(element('p', { class: 'note' }, items.length ? 'Secrets and tokens are masked.' : 'No app has asked anything since Lapse began. Secrets and tokens are masked.'));
    // What is read stays as it is; what is new comes above it.
    for (const one of items.toReversed()) {
      place.firstElementChild.after(element('details', {},
        element('summary', {}, `${time(one.at)} ${one.method} ${one.path} → ${one.status}`),
        element('h3', {}, 'Request'), element('pre', { tabindex: '0', 'aria-label': 'Request' }, one.request),
        element('h3', {}, 'Answer'), element('pre', { tabindex: '0', 'aria-label': 'Answer', class: 'answer' }, one.response)));
    }
    while (place.children.length > 101) place.lastElementChild.remove();
    if (items.length) place.dataset.last = items[0].id;
  } catch (error) { say(error); }
  watchRequests.timer = setTimeout(watchRequests, 1000);
}

async function chooseUser(id, show) {
  lab.user = id;
  Object.assign(lab, { timeline: null, isLoading: true, scrolled: null });
  $('user').value = id;
  tellAddress();
  await loadTimeline();
  if (show) location.hash = '#timeline'; else render();
}

async function tellStory() {
  location.hash = '#timeline';
  await play($('story'), async (tenant, user) => { await loadTenants(tenant); await openTenant(tenant, user); await chooseUser(user); }, guarded(tellStory));
}

// What people do

const on = (id, kind, act) => $(id).addEventListener(kind, guarded(act));
on('tenant', 'change', () => openTenant($('tenant').value));
on('user', 'change', () => chooseUser($('user').value));
on('freeze', 'click', () => steer('PUT', path('clock'), { mode: lab.clock.runs ? 'frozen' : 'running' }));
for (const button of document.querySelectorAll('[data-advance]')) {
  button.addEventListener('click', guarded(() => steer('POST', path('clock', 'advance'), { by: button.dataset.advance })));
}
for (const button of document.querySelectorAll('[data-until]')) {
  button.addEventListener('click', guarded(() => steer('POST', path('clock', 'advance'), { until: button.dataset.until })));
}
on('client', 'change', () => { tellAddress(); if (view() === 'board') render(); });
on('sign-in', 'click', async () => {
  const client = $('client').value;
  const made = await steer('POST', path('grants'), { user: lab.user, client_id: client, scope: 'openid profile offline_access User.Read', method: $('method').value });
  // From a page only a single-page app's token is taken: the browser says where a request comes from.
  if (lab.apps.find(app => app.id === client)?.kind === 'spa') tokens.set(made.grant, made);
});
const setsPassword = () => /password|Reset/.test($('cause').value);
on('cause', 'change', () => { $('password-field').hidden = !setsPassword(); });
on('revoke', 'click', () => steer('POST', path('revocations'), {
  user: lab.user, cause: $('cause').value, ...(setsPassword() && $('password').value ? { newPassword: $('password').value } : {}),
}));
on('disable', 'click', () => steer('PATCH', path('users', lab.user), { accountEnabled: false }));
on('enable', 'click', () => steer('PATCH', path('users', lab.user), { accountEnabled: true }));
on('delete', 'click', () => confirm(`Delete ${nameOf(lab.user)}? Graph's deletedItems can restore the user for thirty days.`) && steer('DELETE', path('users', lab.user)));
on('preset', 'change', () => $('preset').value && steer('PUT', path('propagation'), $('preset').value));
on('apply', 'click', () => steer('PUT', path('propagation'), JSON.parse($('model').value)));
on('set-delay', 'click', () => {
  const number = Number($('delay').value), plane = $('delay-plane').value, region = $('delay-region').value, { regions, planes } = lab.model;
  if (!(number >= 0) || $('delay').value === '') throw new Refused(400, 'The delay must be a number, 0 or more.');
  const delay = number ? { fixed: `PT${number * Number($('delay-unit').value)}S` } : 'immediate', old = planes[plane];
  const byRegion = old && typeof old === 'object' && Object.keys(old).every(name => regions.includes(name)) ? old : Object.fromEntries(regions.map(name => [name, old ?? 'immediate']));
  return steer('PUT', path('propagation'), { ...lab.model, planes: { ...planes, [plane]: region ? { ...byRegion, [region]: delay } : delay } });
});
on('hold', 'click', () => steer('PUT', path('propagation'), { ...lab.model, planes: { refresh: 'manual', session: 'manual', cae: 'manual', directory: 'manual' } }));
on('release', 'click', () => steer('POST', path('propagation', 'release'), {}));
addEventListener('hashchange', guarded(async () => {
  if (view() === 'sandboxes') await loadTenants(lab.tenant);
  render();
  $('view').focus({ preventScroll: true });
}));

const tell = event => {
  const part = event.target.closest?.('svg .part'), place = $('said');
  if (part && place) place.textContent = part.getAttribute('aria-label');
};
$('view').addEventListener('pointerover', tell);
$('view').addEventListener('focusin', tell);
setInterval(tick, 250);

/** What everything that is stored takes of the disk. */
async function tellDisk() {
  const { dataFolder } = await call('GET', '/status');
  $('disk').textContent = `The data folder holds ${(dataFolder.bytes / 1e6).toFixed(1)} MB.`;
}

guarded(async () => { await loadTenants(); await openTenant($('tenant').value); await tellDisk(); })();
setInterval(() => { tellDisk().catch(() => {}); }, 30_000);
