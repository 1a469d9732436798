// Labs: a situation, what a learner predicts of it, and what happens. The server plays them; this page asks and draws.

import { call, drawn, element, keyOfAddress } from './lab.js';

const WORDS = {
  en: {
    labs: 'Labs', language: 'Language', start: 'Start', questions: 'questions', intro: 'Read a situation, predict what the endpoints answer, and see what happens. Each lab is played in a sandbox of its own: nothing else is touched.',
    predict: 'Predict', accepted: 'accepted', refused: 'refused', from: 'refused from', never: 'never refused', play: 'Play it', save: 'Every answer is kept at once.', slide: 'Drag, or use the arrow keys.',
    open: 'not answered', happened: 'What happened', predicted: 'You predicted', answer: 'Answer', nothing: 'nothing', right: 'Right', wrong: 'Not so', score: 'Score', learn: 'What there is to learn',
    change: 'A change to try', again: 'Play it with the change', once: 'Start again', all: 'All labs', dashboard: 'Timeline of this sandbox', next: 'Next step', rest: 'Play the rest', afterCause: 'after it begins', of: 'of', step: 'Step',
    token: 'Token endpoint', graph: 'Microsoft Graph', authorize: 'Sign-in page', changed: 'With the change',
  },
  es: {
    labs: 'Laboratorios', language: 'Idioma', start: 'Empezar', questions: 'preguntas', intro: 'Lea una situación, prediga qué responden los puntos de conexión y vea qué ocurre. Cada laboratorio se ejecuta en su propio espacio de pruebas: no se toca nada más.',
    predict: 'Prediga', accepted: 'aceptado', refused: 'rechazado', from: 'rechazado desde', never: 'nunca se rechaza', play: 'Ejecutar', save: 'Cada respuesta se guarda al momento.', slide: 'Arrastre, o use las teclas de flecha.',
    open: 'sin responder', happened: 'Qué ocurrió', predicted: 'Su predicción', answer: 'Respuesta', nothing: 'nada', right: 'Correcto', wrong: 'No fue así', score: 'Puntuación', learn: 'Qué se aprende',
    change: 'Un cambio para probar', again: 'Ejecutar con el cambio', once: 'Empezar de nuevo', all: 'Todos los laboratorios', dashboard: 'Línea de tiempo de este espacio', next: 'Paso siguiente', rest: 'Ejecutar el resto', afterCause: 'después de empezar', of: 'de', step: 'Paso',
    token: 'Punto de conexión de tokens', graph: 'Microsoft Graph', authorize: 'Página de inicio de sesión', changed: 'Con el cambio',
  },
  pt: {
    labs: 'Laboratórios', language: 'Idioma', start: 'Começar', questions: 'perguntas', intro: 'Leia uma situação, preveja o que respondem os pontos finais e veja o que acontece. Cada laboratório é executado num espaço de testes próprio: nada mais é tocado.',
    predict: 'Preveja', accepted: 'aceite', refused: 'recusado', from: 'recusado a partir de', never: 'nunca é recusado', play: 'Executar', save: 'Cada resposta é guardada de imediato.', slide: 'Arraste, ou use as teclas de seta.',
    open: 'por responder', happened: 'O que aconteceu', predicted: 'A sua previsão', answer: 'Resposta', nothing: 'nada', right: 'Certo', wrong: 'Não foi assim', score: 'Pontuação', learn: 'O que se aprende',
    change: 'Uma mudança para experimentar', again: 'Executar com a mudança', once: 'Começar de novo', all: 'Todos os laboratórios', dashboard: 'Linha do tempo deste espaço', next: 'Passo seguinte', rest: 'Executar o resto', afterCause: 'depois de começar', of: 'de', step: 'Passo',
    token: 'Ponto final de tokens', graph: 'Microsoft Graph', authorize: 'Página de início de sessão', changed: 'Com a mudança',
  },
};

// Where the slider can stand, in seconds after the first thing that happens; behind the last: never. No duration up to a week is further than a
// tenth from a place, so that whoever knows it can say it.
const MINUTE = 60, HOUR = 3600;
const STOPS = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 20, 24, 29, 30, 35, 42, 45, 50,
  ...[1, 1.2, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 12, 14, 15, 17, 20, 24, 25, 29, 30, 35, 40, 45, 50, 55].map(count => count * MINUTE),
  ...[1, 1.2, 1.4, 1.5, 1.75, 2, 2.4, 2.75, 3, 3.5, 4, 4.75, 5.5, 6, 7, 8, 9.5, 11, 12, 14, 17, 20, 24, 28, 34, 41, 48, 57, 68, 72, 84, 96, 115, 120, 140, 168].map(count => count * HOUR),
];

const $ = id => document.getElementById(id);
const said = new URLSearchParams(location.search);
let language = said.get('lang') ?? (Object.keys(WORDS).find(one => navigator.language.startsWith(one)) ?? 'en');
if (!Object.hasOwn(WORDS, language)) language = 'en';
let tenant = said.get('tenant');
let run = null;
// A learner's link: its key steers this one sandbox.
const isLearner = keyOfAddress();
const word = name => WORDS[language][name];

/** A text with its bold, code and links: all else of it is text. */
function rich(text) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`|\[[^\]]+\]\(https?:\/\/[^)\s]+\))/).map(part => {
    if (part.startsWith('**') && part.length > 4) return element('strong', {}, part.slice(2, -2));
    if (part.startsWith('`') && part.length > 2) return element('code', {}, part.slice(1, -1));
    const link = part.match(/^\[([^\]]+)\]\((https?:[^)\s]+)\)$/);
    return link ? element('a', { href: link[2], target: '_blank', rel: 'noopener' }, link[1]) : part;
  });
}

function say(error) {
  $('message').textContent = error instanceof TypeError ? 'Lapse does not answer. Is it still running?' : error.message;
  $('message').hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { $('message').hidden = true; }, 8000);
}
const guarded = act => async event => { try { await act(event); } catch (error) { say(error); } };
const button = (text, act, more = {}) => element('button', { type: 'button', onclick: guarded(act), ...more }, text);
const path = rest => `/tenants/${encodeURIComponent(tenant)}/lab${rest ?? ''}`;

const UNITS = [[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
function duration(seconds) {
  const parts = [];
  for (const [size, unit] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count) parts.push(`${count} ${unit}`);
    seconds -= count * size;
  }
  return parts.join(' ') || '0 s';
}

/** The seconds of an ISO 8601 duration, as the server writes them. */
function seconds(text) {
  const [, days, hours, minutes, rest] = text.match(/^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/);
  return Number(days ?? 0) * 86_400 + Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(rest ?? 0);
}
const shown = answer => answer === null ? word('nothing') : ['accepted', 'refused', 'never'].includes(answer) ? word(answer) : `${word('from')} ${duration(seconds(answer))}`;

// The list

async function list() {
  run = null;
  const { items } = await call('GET', `/labs?lang=${language}`);
  document.title = `${word('labs')} · Lapse`;
  $('where').textContent = word('labs');
  $('lab').replaceChildren(
    element('h2', {}, word('labs')), element('p', {}, word('intro')),
    ...items.map(one => element('article', {},
      element('h3', {}, one.title), element('p', {}, ...rich(one.situation)),
      element('p', { class: 'row' }, button(word('start'), () => begin({ name: one.name }), { class: 'strong', 'aria-label': `${word('start')}: ${one.title}` }), element('span', { class: 'note' }, `${one.questions} ${word('questions')}`)))));
}

/** Starts a lab in this page's sandbox; makes one first where it has none. */
async function begin(what) {
  if (!tenant) {
    const made = await call('POST', '/tenants', { template: 'contoso.example' });
    tenant = made.id;
  }
  run = await call('POST', path(), { ...what, language });
  tell();
  show();
  $('lab').focus();
}

/** The address follows what is played, so that a reload comes back to it. */
function tell() {
  const parts = { ...(tenant ? { tenant } : {}), lang: language };
  history.replaceState(null, '', `?${new URLSearchParams(parts)}${location.hash}`);
}

// A lab

// One after the other: of two answers to one question the last one counts.
let kept = Promise.resolve();
const predict = (id, value) => {
  kept = kept.catch(() => {}).then(async () => { run = await call('POST', path('/predictions'), { [id]: value }); });
  return kept;
};

function verdict(question) {
  const choice = value => element('label', { class: 'choice' },
    element('input', { type: 'radio', name: question.id, value, checked: question.prediction === value, onchange: guarded(() => predict(question.id, value)) }), ` ${word(value)}`);
  return element('fieldset', {}, element('legend', {}, ...rich(question.ask)), choice('accepted'), choice('refused'));
}

/** How a row of time looks that is accepted up to a stop and refused from there on. */
function bar(at, name) {
  const x = Math.min(at, STOPS.length) / STOPS.length * 600;
  return drawn('svg', { viewBox: '0 0 600 34', class: 'track', role: 'img', 'aria-label': name, preserveAspectRatio: 'none' },
    drawn('rect', { class: 'alive', x: 0, y: 8, width: x, height: 18 }), drawn('rect', { class: 'gone', x, y: 8, width: 600 - x, height: 18 }),
    at < STOPS.length ? drawn('line', { class: 'cut', x1: x, y1: 2, x2: x, y2: 32, 'stroke-width': 3 }) : '');
}

/** Where an instant stands on the bar: between two stops in proportion. */
function place(answer) {
  if (answer === 'never') return STOPS.length;
  const time = seconds(answer), after = STOPS.findIndex(stop => stop >= time);
  if (after < 0) return STOPS.length - 1;
  return after === 0 ? 0 : after - (STOPS[after] - time) / (STOPS[after] - STOPS[after - 1]);
}

const iso = at => at >= STOPS.length ? 'never' : `PT${STOPS[at]}S`;

function instant(question) {
  const given = question.prediction, output = element('output', {}, given ? shown(given) : word('open'));
  const holder = element('div', { class: 'bar' }, given ? bar(place(given), shown(given)) : '');
  const input = element('input', {
    type: 'range', min: '0', max: String(STOPS.length), step: '1', value: String(given ? Math.round(place(given)) : 0), id: `q-${question.id}`, 'aria-describedby': `h-${question.id}`,
    'aria-valuetext': given ? shown(given) : word('open'),
    oninput: event => {
      const at = Number(event.target.value), text = shown(iso(at));
      output.textContent = text;
      event.target.setAttribute('aria-valuetext', text);
      holder.replaceChildren(bar(at, text));
    },
    onchange: guarded(event => predict(question.id, iso(Number(event.target.value)))),
  });
  return element('fieldset', {}, element('legend', {}, element('label', { for: `q-${question.id}` }, ...rich(question.ask))), holder, input,
    element('p', { class: 'row' }, output, element('span', { class: 'note', id: `h-${question.id}` }, word('slide'))));
}

function outcome(question, at) {
  const { prediction, outcome: found, points } = question;
  const right = points === 1, code = found.code ? ` (AADSTS${found.code})` : '';
  const gap = question.at === null ? element('div', { class: 'gap' },
    element('span', { class: 'note' }, word('predicted')), prediction ? bar(place(prediction), shown(prediction)) : word('nothing'),
    element('span', { class: 'note' }, word('answer')), bar(place(found.answer), shown(found.answer))) : null;
  return element('li', { class: right ? 'good' : 'fail', id: `o-${at}` },
    element('p', {}, element('strong', {}, `${right ? '✓' : '✗'} ${word(right ? 'right' : 'wrong')}. `), ...rich(question.ask)),
    element('p', {}, `${word('predicted')}: `, element('strong', {}, shown(prediction)), `. ${word('answer')}: `, element('strong', {}, `${shown(found.answer)}${code}`), `. ${word(question.endpoint)}, ${question.region}${question.at === null ? '' : `, ${duration(seconds(question.at))} ${word('afterCause')}`}.`),
    gap, element('p', { class: 'note', lang: 'en' }, found.why.replace('; both to 100 ns', '').replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{7}Z/g, '$2')));
}

const next = async steps => { await kept.catch(() => {}); run = await call('POST', path('/play'), steps ? { steps } : {}); show(); };

function show() {
  document.title = `${run.title} · Lapse`;
  $('where').textContent = run.changed ? `${run.title}: ${word('changed')}` : run.title;
  const played = run.questions.map((question, at) => ({ question, at })).filter(({ question }) => question.outcome);
  const begins = run.played === 0;
  $('lab').replaceChildren(...[
    element('h2', {}, run.changed ? `${run.title}: ${word('changed')}` : run.title), element('p', {}, ...rich(run.situation)),
    begins ? element('h3', {}, word('predict')) : null,
    ...(begins ? run.questions.map(question => question.at === null ? instant(question) : verdict(question)) : []),
    begins ? element('p', { class: 'row' }, button(word('play'), () => next(1), { class: 'strong' }), element('span', { class: 'note' }, word('save'))) : null,
    begins ? null : element('h3', {}, word('happened')),
    begins ? null : element('ul', { class: 'findings' }, ...played.map(({ question, at }) => outcome(question, at))),
    begins || run.over ? null : element('p', { class: 'row' }, button(word('next'), () => next(1), { class: 'strong', id: 'next' }), button(word('rest'), () => next()), element('span', { class: 'note' }, `${word('step')} ${run.played} ${word('of')} ${run.steps}`)),
    run.over ? element('p', { class: 'score' }, `${word('score')}: ${run.points} ${word('of')} ${run.possible}`) : null,
    run.over ? element('h3', {}, word('learn')) : null, run.over ? element('p', {}, ...rich(run.explanation)) : null,
    run.change ? element('h3', {}, word('change')) : null, run.change ? element('p', {}, ...rich(run.change)) : null,
    element('p', { class: 'row' }, run.change ? button(word('again'), () => begin({ changed: true }), { class: 'strong' }) : null,
      begins ? null : button(word('once'), () => begin({})), button(word('all'), list),
      isLearner ? null : element('a', { href: `/_lapse/?${new URLSearchParams({ tenant })}#timeline` }, word('dashboard'))),
  ].filter(Boolean));
  document.getElementById('next')?.focus();
}

async function open() {
  document.documentElement.lang = language;
  $('language').value = language;
  $('language-label').textContent = word('language');
  if (tenant) {
    try {
      run = await call('GET', `${path()}?lang=${language}`);
      return show();
    } catch (error) { if (error.status !== 404) throw error; }
  }
  await list();
}

$('language').addEventListener('change', guarded(async event => { language = event.target.value; tell(); await open(); }));
guarded(open)();
