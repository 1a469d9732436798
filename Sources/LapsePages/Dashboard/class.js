// The teacher's page of a class: who is where, and the results.

import { call, element, keyOfAddress } from './lab.js';

const $ = id => document.getElementById(id);
keyOfAddress();

function state(one) {
  if (!one.lab) return 'has not begun';
  if (one.over) return 'done';
  return one.played ? `step ${one.played} of ${one.steps}` : `predicts: ${one.predicted} of ${one.possible}`;
}

let shown = '';
async function load() {
  const { items } = await call('GET', '/class');
  const done = items.filter(one => one.over).length;
  $('summary').textContent = `${items.length} learners, ${items.filter(one => one.lab).length} have begun, ${done} are done`;
  const text = JSON.stringify(items);
  if (text === shown) return;
  shown = text;
  $('learners').replaceChildren(element('table', {}, element('caption', {}, 'Learners'),
    element('thead', {}, element('tr', {}, ...['Learner', 'Lab', 'Where', 'Points', 'Timeline'].map(name => element('th', { scope: 'col' }, name)))),
    element('tbody', {}, ...items.map(one => element('tr', {},
      element('th', { scope: 'row' }, String(one.number)), element('td', {}, one.lab ? `${one.lab}${one.changed ? ', with the change' : ''}` : ''), element('td', {}, state(one)),
      element('td', {}, one.over ? `${one.points} of ${one.possible}` : ''),
      element('td', {}, element('a', { href: `/_lapse/?${new URLSearchParams({ tenant: one.tenant })}#timeline`, 'aria-label': `Timeline of learner ${one.number}` }, 'open')))))));
}

$('csv').addEventListener('click', async () => {
  const text = await call('GET', '/class.csv');
  const link = element('a', { href: URL.createObjectURL(new Blob([text], { type: 'text/csv' })), download: 'class.csv' });
  link.click();
  URL.revokeObjectURL(link.href);
});

async function follow() {
  try {
    await load();
    $('message').hidden = true;
  } catch (error) {
    $('message').textContent = error instanceof TypeError ? 'Lapse does not answer. Is it still running?' : error.message;
    $('message').hidden = false;
  }
  setTimeout(follow, 2000);
}
follow();
