// The verdict board: what each endpoint answers now, in each region, to one sign-in of the chosen user with the chosen app.

import { call, drawn, refresh } from './lab.js';

const ENDPOINTS = [
  { plane: 'refresh', name: 'Token endpoint', asks: 'a refresh', kind: 'grants', endpoint: 'token' },
  { plane: 'cae', name: 'Graph', asks: 'its access token', kind: 'grants', endpoint: 'graph' },
  { plane: 'session', name: 'Sign-in page', asks: 'a silent sign-in', kind: 'sessions', endpoint: 'authorize' },
];
const CAUSES = {
  adminRevoke: 'revoked', userRevoke: 'revoked by the user', passwordChange: 'password changed', selfServiceReset: 'password reset',
  adminResetEntra: 'password reset', adminResetAzurePortal: 'password reset', singleSignOut: 'signed out',
};
const REFUSALS = {
  accountDisabled: 'account disabled', accountDeleted: 'account deleted', expired: 'it has ended', signedOut: 'signed out',
  noAccount: 'no account here', noApp: 'the app is gone', appDisabled: 'app disabled', appDeleted: 'app deleted', policy: 'a policy refuses',
};
// A tick, a clock and a cross: told apart without colour too.
const SIGNS = { ok: 'M4 10.5 8.5 15 16.5 5.5', late: 'M10 5v5.5l3.5 2.5M10 2a8 8 0 1 0 .01 0', no: 'M5 5l10 10M15 5 5 15' };

const sign = state => drawn('svg', { viewBox: '0 0 20 20', width: 22, height: 22, 'aria-hidden': 'true' }, drawn('path', { d: SIGNS[state] }));

/** @param tools what the dashboard's other views are made with. */
export function boardViews({ element, path, steer, guarded, lab, appOf, chosen, tokens, left }) {
  let asked = 0, wanted = null, shown = '';
  // The course of the sign-in that is shown: its verdicts from each instant at which one changes. Asked for when somebody looks at another time.
  let course = null, looked = null;
  // The course that is being asked for, so that each step of a drag does not ask again.
  let asking = null;
  const forget = () => { course = asking = null; };
  // These stay when the lights change.
  const said = element('p', { id: 'light', 'aria-live': 'polite' });
  const tried = element('div', { id: 'tried', 'aria-live': 'polite' });
  // So does what somebody may hold in the hand.
  const told = element('output', { id: 'looked' }, 'now');
  const slider = element('input', { id: 'time', type: 'range', min: '0', max: '1', value: '0', 'aria-valuetext': 'now', onfocus: guarded(grab), onpointerdown: guarded(grab), oninput: guarded(drag) });
  const ways = [
    element('button', { type: 'button', disabled: true, onclick: guarded(() => look(null)) }, 'Back to now'),
    element('button', { type: 'button', disabled: true, onclick: guarded(moveClock) }, 'Move the clock there'),
  ];
  const time = element('div', { class: 'time' }, element('label', { for: 'time' }, 'Look at another time'), slider, element('p', {}, told), element('span', { class: 'row' }, ...ways),
    element('span', { class: 'detail' }, 'Drag, or use the arrow keys. The clock stays where it is until you move it.'));

  const grants = () => (lab.timeline?.rows ?? []).filter(row => row.kind === 'grant' && row.client === chosen().client);
  const grant = () => grants().find(row => row.id === wanted) ?? grants()[0] ?? null;

  function why(verdict) {
    const revocation = lab.timeline.revocations.find(one => one.id === verdict.revocation);
    if (revocation) return CAUSES[revocation.cause] ?? revocation.cause;
    return /\bdeleted\b/.test(verdict.why) ? 'deleted' : /\bdisabled\b/.test(verdict.why) ? 'disabled' : 'revoked';
  }

  /** Whether what speaks against it had happened by the instant that is looked at: explain knows what came later. */
  function hasHappened({ plane, region, revocation }) {
    if (looked === null) return true;
    const events = [...lab.timeline.revocations, ...lab.timeline.stateChanges].filter(one => Date.parse(one.at) <= looked);
    const waits = ({ visibleAt, held }) => held || (visibleAt !== null && Date.parse(visibleAt) > looked);
    return events.some(one => one.id === revocation || (one.planes[plane]?.[region] && waits(one.planes[plane][region])));
  }

  /** The state of a light, its short words, and the instant at which they change; in milliseconds. */
  function light(verdict, isRevoked) {
    // What is held waits for no instant, though the token ends by itself one day.
    const until = verdict.changesAt && !/is released/.test(verdict.why) ? Date.parse(verdict.changesAt) : null;
    if (!verdict.accepted) return { state: 'no', word: 'refused', detail: [verdict.code, verdict.rule === 'revoked' ? why(verdict) : REFUSALS[verdict.rule] ?? verdict.rule].filter(Boolean).join(', ') };
    if (verdict.rule === 'untilExpiry') return { state: isRevoked ? 'late' : 'ok', word: isRevoked ? 'still accepted' : 'accepted', detail: 'until the token ends', until };
    if (verdict.rule === 'attemptsLeft') return { state: 'late', word: 'still accepted', detail: `${why(verdict)}, ${verdict.attemptsLeft} more` };
    if (verdict.rule === 'notYetInEffect' && hasHappened(verdict)) return { state: 'late', word: 'still accepted', detail: until ? why(verdict) : `${why(verdict)}, held until it is released`, until };
    return { state: 'ok', word: 'accepted', detail: '' };
  }

  function cell({ plane, name }, region, verdict, isRevoked) {
    if (!verdict) return element('td', { 'data-region': region }, element('span', { class: 'none' }, 'none'));
    const { state, word, detail, until } = light(verdict, isRevoked);
    const count = until ? element('span', { class: 'wait', 'data-until-time': looked === null ? until : null }, left(until - (looked ?? lab.home.now))) : null;
    return element('td', { 'data-region': region }, element('button', {
      type: 'button', class: `light ${state}`, 'data-plane': plane, 'data-region': region,
      'aria-label': `${name} in ${region}: ${word}${detail ? ` (${detail})` : ''}`,
      onclick: () => { said.textContent = `${name} in ${region}: ${verdict.why}`; },
    }, sign(state), element('span', {}, element('strong', {}, word), detail ? element('span', { class: 'detail' }, detail, count ? ', ' : null, count, count ? ' left' : null) : null)));
  }

  /** The verdicts of a sign-in at an instant, given in milliseconds; null: now. */
  async function verdictsOf(row, at) {
    const then = at === null ? {} : { at: new Date(at).toISOString() };
    const explained = async question => (await call('POST', path('explain'), { ...question, ...then })).verdicts ?? [];
    const [own, session] = await Promise.all([explained({ grant: row.id }), row.session ? explained({ session: row.session }) : []]);
    return [...own.filter(one => one.plane !== 'session'), ...session.filter(one => one.plane === 'session')];
  }

  // So many changes at most: a sign-in has a few for each revocation and region.
  const MOST_CHANGES = 60;

  /** Goes from change to change, from the sign-in on. */
  async function courseOf(row) {
    const found = [], begin = Date.parse(row.authTime);
    for (let at = begin; at !== null && found.length < MOST_CHANGES;) {
      const verdicts = await verdictsOf(row, at);
      found.push({ at, verdicts });
      // To the millisecond, and not before the change, which is told to 100 ns.
      const ahead = verdicts.map(one => one.changesAt).filter(Boolean).map(text => Date.parse(text) + (text.endsWith('0000Z') ? 0 : 1)).filter(one => one > at);
      at = ahead.length ? Math.min(...ahead) : null;
    }
    const stops = [...new Set([...found.map(one => one.at), lab.home.now])].sort((a, b) => a - b);
    return { row: row.id, steps: found, places: places(begin, stops) };
  }

  const isOf = row => course !== null && course.row === row.id;
  const instant = at => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  const distance = at => { const apart = at - lab.home.now; return Math.abs(apart) < 1000 ? 'now' : `${left(Math.abs(apart))} ${apart > 0 ? 'ahead' : 'ago'}`; };

  /** Looks at another instant, or at the present again. The clock stays where it is. */
  async function look(at) {
    looked = at;
    told.textContent = at === null ? 'now' : `${instant(at)}, ${distance(at)}`;
    slider.setAttribute('aria-valuetext', told.textContent);
    for (const way of ways) way.disabled = at === null;
    await load();
  }

  /** Where the slider can stand: at each change, between two of them, and a while behind the last. */
  function places(begin, stops) {
    const last = stops.at(-1), span = Math.max(last - begin, 60_000);
    // The ends of tokens are far away: the room goes to what happens before, change by change.
    return stops.flatMap((stop, at) => Array.from({ length: 10 }, (_, part) => stop + ((stops[at + 1] ?? last + span / 10) - stop) * part / 10));
  }

  /** Asks for the course, and puts the slider where the looked-at instant is in it. */
  async function grab() {
    const row = grant();
    if (!row || isOf(row)) return;
    if (asking?.row !== row.id) {
      const mine = asking = { row: row.id, found: courseOf(row) };
      // What failed is asked for again by whoever looks next.
      mine.found.catch(() => { if (asking === mine) forget(); });
    }
    const mine = asking, found = await mine.found;
    if (asking !== mine || course === found) return;
    course = found;
    const last = course.places.length - 1, at = looked ?? lab.home.now, after = course.places.findIndex(one => one >= at);
    slider.max = String(last);
    slider.value = String(after < 0 ? last : after);
  }

  async function drag() {
    await grab();
    if (course) await look(course.places[Number(slider.value)]);
  }

  async function moveClock() {
    const to = new Date(looked).toISOString();
    await steer('PUT', path('clock'), { now: to });
    forget();
    await look(null);
  }

  async function load() {
    const mine = ++asked, row = grant(), place = document.getElementById('board');
    if (!place || !row) return;
    if (looked !== null) await grab();
    // Something happened meanwhile, and is asked for.
    if (looked !== null && !isOf(row)) return;
    const verdicts = looked === null ? await verdictsOf(row, null) : (course.steps.findLast(step => step.at <= looked) ?? course.steps[0]).verdicts;
    if (mine !== asked || !document.getElementById('board')) return;
    const own = verdicts.filter(one => one.plane !== 'session');
    const text = JSON.stringify([row.id, verdicts, lab.timeline.revocations.length, looked]);
    // What is the same stays as it is, with whatever is being done to it.
    if (text === shown && place.hasChildNodes()) return;
    shown = text;
    const regions = [...new Set(own.map(one => one.region))];
    const find = (plane, region) => verdicts.find(one => one.plane === plane && one.region === region);
    const isRevoked = region => {
      const verdict = find('refresh', region);
      return ['attemptsLeft', 'revoked', 'accountDisabled', 'accountDeleted'].includes(verdict?.rule) || (verdict?.rule === 'notYetInEffect' && hasHappened(verdict));
    };
    const focused = document.activeElement?.closest?.('#board button')?.dataset;
    place.replaceChildren(element('table', {},
      element('caption', {}, `${row.clientName ?? appOf(row.client)}, signed in ${row.authTime.slice(0, 19).replace('T', ' ')}`),
      element('thead', {}, element('tr', {}, element('td'), ...regions.map(region => element('th', { scope: 'col' }, region)))),
      element('tbody', {}, ...ENDPOINTS.map(one => element('tr', {},
        element('th', { scope: 'row' }, one.name, element('span', { class: 'detail' }, one.asks)),
        ...regions.map(region => cell(one, region, find(one.plane, region), isRevoked(region))))))));
    if (focused) place.querySelector(`[data-plane="${focused.plane}"][data-region="${CSS.escape(focused.region)}"]`)?.focus();
  }

  const result = (head, body) => element('details', { open: true }, element('summary', {}, head),
    element('pre', { tabindex: '0', 'aria-label': head }, typeof body === 'string' ? body : JSON.stringify(body, null, 2)));

  /** What the app would read, region by region. */
  async function tryIt({ name, asks, kind, endpoint }) {
    const row = grant(), id = kind === 'grants' ? row.id : row.session, found = [];
    for (const region of lab.model.regions) {
      const { status, body } = await steer('POST', path(kind, id, 'try'), { endpoint, region });
      found.push(result(`${name} in ${region}, ${asks}: ${status}${body.error ? ` ${typeof body.error === 'string' ? body.error : body.error.code}` : ''}`, body));
    }
    tried.replaceChildren(...found);
  }

  async function refreshForReal() {
    const row = grant(), held = tokens.get(row.id);
    const answer = await refresh(lab.tenant, row.client, held.refresh_token);
    if (answer.refresh_token) tokens.set(row.id, { ...held, refresh_token: answer.refresh_token });
    const secrets = ['access_token', 'refresh_token', 'id_token'];
    tried.replaceChildren(result(`A refresh, sent: ${answer.error ?? 'new tokens'}`,
      Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, secrets.includes(name) ? '(a new one)' : value]))));
  }

  function board() {
    const list = grants(), row = grant();
    if (!row) {
      return [element('h2', {}, 'Board'), element('p', {}, `This user has no sign-in with ${appOf(chosen().client)}. Press “Sign in as this user”, or choose another app under Steer.`)];
    }
    const choice = element('select', { onchange: change => { wanted = change.target.value; said.textContent = ''; tried.replaceChildren(); forget(); guarded(() => look(null))(); } },
      ...list.map(one => element('option', { value: one.id, selected: one.id === row.id }, one.authTime.slice(0, 19).replace('T', ' '))));
    return [
      element('h2', {}, 'Board'),
      element('label', {}, 'Sign-in ', choice),
      element('div', { id: 'board' }), said,
      time,
      element('ul', { class: 'legend', 'aria-label': 'What the lights mean' },
        ...[['ok', 'accepted'], ['late', 'still accepted: something speaks against it, and takes effect later'], ['no', 'refused']].map(([state, text]) => element('li', { class: state }, sign(state), ' ', text))),
      element('h3', {}, 'Try it now'),
      element('p', { class: 'detail' }, 'What the app would read, without using anything up: no token is issued, no attempt is counted.'),
      element('p', { class: 'row' },
        ...ENDPOINTS.filter(one => one.kind === 'grants' || row.session).map(one => element('button', { type: 'button', onclick: guarded(() => tryIt(one)) }, `Try ${one.asks}`)),
        tokens.has(row.id) ? element('button', { type: 'button', class: 'strong', onclick: guarded(refreshForReal) }, 'Refresh for real') : null),
      tried,
    ];
  }

  // What happened meanwhile changes the course.
  return { views: { board: () => { shown = ''; forget(); return board(); } }, load: { board: load } };
}
