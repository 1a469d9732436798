// Two views of the dashboard: what goes wrong on purpose, and how the apps react.

import { call, isGuarded } from './lab.js';

const ENDPOINTS = ['token', 'authorize', 'devicecode', 'keys', 'discovery', 'graph', 'resource'];
const EFFECTS = [
  ['the token is revoked (50173)', { code: 50173 }], ['another factor is wanted (50076)', { code: 50076 }],
  ['busy: 429, wait ten seconds', { status: 429, retryAfter: 'PT10S' }], ['down: 503', { status: 503 }], ['broken: 500', { status: 500 }],
  ['slow: two seconds', { latency: { fixed: 'PT2S' } }], ['the answer is lost, what it did stays', { answer: 'dropped' }],
  ['the answer is cut short', { answer: 'cut' }], ['the answer is not JSON', { answer: 'malformed' }], ['no answer, nothing done', { answer: 'closed' }],
  ['headers, then silence', { answer: 'silent' }], ['the keys are stale', { keys: 'stale' }], ['the key rolls over', { keys: 'rolledOver' }],
];

/** @param tools what the dashboard's other views are made with. */
export function labViews({ element, table, path, steer, guarded, nameOf, appOf, chosen }) {
  const field = (label, input) => element('label', {}, label, ' ', input);
  const choice = options => element('select', {}, ...options.map(([value, text]) => element('option', { value }, text)));
  // Stays when the list below it changes.
  const effect = element('textarea', { rows: '2', spellcheck: 'false' }, JSON.stringify(EFFECTS[0][1]));
  const preset = choice(EFFECTS.map(([text], at) => [at, text]));
  preset.addEventListener('change', () => { effect.value = JSON.stringify(EFFECTS[preset.value][1]); });
  const endpoint = choice([['', 'any endpoint where it can happen'], ...ENDPOINTS.map(name => [name, name])]);
  const whom = choice([['', 'everybody'], ['user', 'this user'], ['client', 'this app'], ['both', 'this user with this app']]);
  const times = element('input', { type: 'number', min: '1', value: '1' });

  async function add() {
    const { user, client } = chosen();
    const match = { ...(endpoint.value ? { endpoint: endpoint.value } : {}), ...(['user', 'both'].includes(whom.value) ? { user } : {}), ...(['client', 'both'].includes(whom.value) ? { client } : {}) };
    await steer('POST', path('faults'), { match, effect: JSON.parse(effect.value), ...(times.value ? { times: Number(times.value) } : {}) });
    await loadFaults();
  }

  // One question at a time, and one more when something happened meanwhile; an answer about another tenant is thrown away, and what is
  // the same stays as it is, with whatever is being done to it.
  const shown = {};
  const asking = (id, show) => async function load() {
    if (shown[id]?.isAsking) { shown[id].again = true; return; }
    const where = path(id), mine = shown[id] = { isAsking: true, text: shown[id]?.where === where ? shown[id].text : '', where };
    try {
      const answer = await call('GET', where), text = JSON.stringify(answer), place = document.getElementById(id);
      if (place && path(id) === where && (mine.text !== text || !place.hasChildNodes())) { mine.text = text; show(place, answer); }
    } finally { mine.isAsking = false; }
    if (mine.again) { mine.again = false; await load(); }
  };

  const loadFaults = asking('faults', (place, { items }) => {
    const said = match => Object.entries(match).map(([name, value]) => `${name} ${name === 'user' ? nameOf(value) : name === 'client' ? appOf(value) : value}`).join(', ');
    place.replaceChildren(items.length
      ? table(['Whom', 'What', 'Hits', ''], items.map(fault => [
        said(fault.match) || 'every request that it can match', JSON.stringify(fault.effect), `${fault.hits}${fault.left === null ? '' : `, ${fault.left} left`}`,
        element('button', { type: 'button', 'aria-label': `Remove the fault ${fault.id}`, onclick: guarded(async () => { await steer('DELETE', path('faults', fault.id)); await loadFaults(); }) }, 'Remove')]))
      : element('p', { class: 'note' }, 'Nothing goes wrong on purpose.'));
  });

  const loadReport = asking('report', (place, report) => {
    const finding = one => element('li', { class: one.severity },
      element('strong', {}, `${one.severity}: ${one.rule}`), one.userPrincipalName ? ` (${one.userPrincipalName})` : '', element('br'), one.says,
      ...(one.severity === 'good' ? [] : [element('br'), `To change: ${one.advice}`]), element('br'),
      element('a', { href: one.guidance.url, target: '_blank', rel: 'noopener' }, one.guidance.title));
    place.replaceChildren(...(report.clients.length
      ? report.clients.flatMap(client => [
        element('h3', {}, `${client.name ?? client.client}: ${client.verdict}`),
        client.findings.length ? element('ul', { class: 'findings' }, ...client.findings.map(finding))
          : element('p', { class: 'note' }, client.incidents.length ? 'Lapse has nothing to say about what it met.' : 'It met no refusal, no challenge and no outage.')])
      : [element('p', { class: 'note' }, 'No app has done anything yet.')]),
      ...report.expectations.map(one => element('p', {}, `${one.status}: ${one.name ?? `after ${one.after}`}`, ...one.outcomes.map(outcome => element('span', { class: 'note' }, ` ${outcome.says}.`)))));
    const said = document.getElementById('verdict');
    if (said.textContent !== report.verdict) said.textContent = report.verdict;
  });

  /** Where a link may not go without the control token, the page is fetched with it and saved. */
  async function keepReport(event) {
    if (!isGuarded()) return;
    event.preventDefault();
    const page = new Blob([await call('GET', path('report.html'))], { type: 'text/html' });
    const link = element('a', { href: URL.createObjectURL(page), download: 'lapse-report.html' });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  return {
    views: {
      faults: () => [
        element('h2', {}, 'Faults'),
        element('p', { class: 'note' }, 'The first fault that matches a request acts on it. “This user” and “this app” are those chosen under Steer.'),
        element('div', { class: 'row' }, field('What goes wrong', preset), field('Endpoint', endpoint), field('Whom', whom), field('Times', times)),
        field('Effect', effect),
        element('p', { class: 'row' }, element('button', { type: 'button', class: 'strong', onclick: guarded(add) }, 'Make it go wrong'),
          element('button', { type: 'button', onclick: guarded(async () => { await steer('DELETE', path('faults')); await loadFaults(); }) }, 'Clear all')),
        element('div', { id: 'faults' })],
      report: () => [
        element('h2', {}, 'Report'),
        element('p', { class: 'note' }, 'How each app handled what it met, judged from the events.'),
        element('p', {}, element('a', { href: `/_lapse/api${path('report.html')}`, target: '_blank', rel: 'noopener', onclick: guarded(keepReport) }, 'The whole report, with drawings'),
          element('span', { class: 'note' }, ' To keep it, type: lapse report --html FILE')),
        element('p', {}, 'Verdict: ', element('output', { id: 'verdict' })),
        element('div', { id: 'report' })],
    },
    /** Fills in what has to be asked for. */
    load: { faults: loadFaults, report: loadReport },
  };
}
