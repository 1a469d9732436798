// "The lost laptop", played in a sandbox of its own before your eyes: step by step, or by itself.

import { call, refresh } from './lab.js';

const SPA = 'bbbbbbbb-0002-4000-8000-000000000003';
const USER = 'Adele';

/** The steps: what is told, and what is done for it. */
function steps(scene) {
  const path = (...parts) => `/tenants/${scene.tenant}/${parts.join('/')}`;
  const signIn = async () => {
    const made = await call('POST', path('grants'), { user: scene.user, client_id: SPA, scope: 'openid offline_access User.Read' });
    return made.refresh_token;
  };
  const attempt = async name => {
    const answer = await refresh(scene.tenant, SPA, scene[name]);
    if (answer.refresh_token) { scene[name] = answer.refresh_token; return `The ${name} refreshes.`; }
    return `The ${name} is refused: ${answer.error}, AADSTS${answer.error_codes[0]}, ${answer.suberror}.`;
  };
  return [
    ['A sandbox, whose clock stands still. A revoke takes three minutes to arrive.', async () => {
      await call('PUT', path('clock'), { mode: 'frozen' });
      await call('PUT', path('propagation'), { planes: { refresh: { fixed: 'PT3M' }, session: { fixed: 'PT3M' } } });
    }],
    [`${USER} signs in on her phone and on her laptop.`, async () => { scene.phone = await signIn(); scene.laptop = await signIn(); }],
    ['Both apps refresh, as apps do.', async () => [await attempt('phone'), await attempt('laptop')].join(' ')],
    ['The laptop is lost. An administrator revokes her sign-ins. The stamp is there at once.', () =>
      call('POST', path('revocations'), { user: scene.user, cause: 'adminRevoke' }).then(() => '')],
    ['A minute later. Whoever found the laptop…', async () => {
      await call('POST', path('clock/advance'), { by: 'PT1M' });
      return attempt('laptop');
    }],
    ['Three minutes after the revoke the token endpoint enforces it.', async () => {
      await call('POST', path('clock/advance'), { by: 'PT2M' });
      return [await attempt('laptop'), await attempt('phone')].join(' ');
    }],
    [`${USER} signs in again on her phone, and is back.`, async () => { scene.phone = await signIn(); return attempt('phone'); }],
  ];
}

/** Plays in the element; `onScene` is told the tenant and user to look at, once they are there. */
export async function play(place, onScene) {
  const made = await call('POST', '/tenants', { template: 'contoso' });
  const scene = { tenant: made.id, user: made.users.find(user => user.userPrincipalName.startsWith('adele@')).id };
  await onScene(scene.tenant, scene.user);
  const list = steps(scene);
  let at = 0, isPlaying = true, timer = 0;

  const title = Object.assign(document.createElement('h2'), { textContent: 'The lost laptop' });
  const told = Object.assign(document.createElement('ol'), { className: 'told' });
  told.setAttribute('aria-live', 'polite');
  const [pause, step, end] = ['Pause', 'Step', 'Close'].map(text => Object.assign(document.createElement('button'), { type: 'button', textContent: text }));
  const buttons = Object.assign(document.createElement('div'), { className: 'row' });
  buttons.append(pause, step, end);
  place.replaceChildren(title, told, buttons);
  place.hidden = false;

  const one = async () => {
    clearTimeout(timer);
    if (at === list.length) return;
    const [text, act] = list[at++];
    const item = Object.assign(document.createElement('li'), { textContent: text });
    told.append(item);
    step.disabled = true;
    const outcome = await act();
    if (typeof outcome === 'string' && outcome) item.append(` ${outcome}`);
    step.disabled = at === list.length;
    if (at === list.length) { pause.disabled = true; return; }
    if (isPlaying) timer = setTimeout(one, 2500);
  };
  pause.addEventListener('click', () => {
    isPlaying = !isPlaying;
    pause.textContent = isPlaying ? 'Pause' : 'Go on';
    clearTimeout(timer);
    if (isPlaying) one();
  });
  step.addEventListener('click', () => { if (isPlaying) pause.click(); one(); });
  end.addEventListener('click', () => { clearTimeout(timer); at = list.length; place.hidden = true; });
  await one();
}
