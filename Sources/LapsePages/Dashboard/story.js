// "The lost laptop", played in a sandbox of its own before your eyes: step by step, or by itself.

import { call, refresh, registerApp } from './lab.js';

const USER = 'Adele';
const SCOPE = 'openid offline_access User.Read';

/** The steps: what is told, and what is done for it. */
function steps(scene) {
  const path = (...parts) => `/tenants/${scene.tenant}/${parts.join('/')}`;
  const signIn = async name => {
    scene[name] = (await call('POST', path('grants'), { user: scene.user, client_id: scene.apps[name], scope: SCOPE })).refresh_token;
  };
  const pass = by => call('POST', path('clock/advance'), { by });
  const attempt = async name => {
    const answer = await refresh(scene.tenant, scene.apps[name], scene[name]);
    if (answer.refresh_token) { scene[name] = answer.refresh_token; return `The ${name} refreshes.`; }
    return `The ${name} is refused: ${answer.error}, AADSTS${answer.error_codes[0]}, ${answer.suberror}.`;
  };
  return [
    ['A sandbox, whose clock stands still. A revoke takes three minutes to arrive.', async () => {
      await call('PUT', path('clock'), { mode: 'frozen' });
      await call('PUT', path('propagation'), { planes: { refresh: { fixed: 'PT3M' }, session: { fixed: 'PT3M' } } });
      // An app for each device: so the picture tells them apart.
      scene.apps = { phone: await registerApp(scene.tenant, 'Phone', SCOPE), laptop: await registerApp(scene.tenant, 'Laptop', SCOPE) };
    }],
    [`${USER} signs in on her phone and on her laptop.`, async () => { await signIn('phone'); await signIn('laptop'); }],
    ['Two minutes later both apps refresh, as apps do.', async () => {
      await pass('PT2M');
      return [await attempt('phone'), await attempt('laptop')].join(' ');
    }],
    ['Two minutes later the laptop is lost. An administrator revokes her sign-ins. The stamp is there at once.', async () => {
      await pass('PT2M');
      await call('POST', path('revocations'), { user: scene.user, cause: 'adminRevoke' });
    }],
    ['A minute later. Whoever found the laptop…', async () => {
      await pass('PT1M');
      return attempt('laptop');
    }],
    ['Three minutes after the revoke the token endpoint enforces it.', async () => {
      await pass('PT2M');
      return [await attempt('laptop'), await attempt('phone')].join(' ');
    }],
    [`A minute later ${USER} signs in again on her phone, and is back.`, async () => {
      await pass('PT1M');
      await signIn('phone');
      return attempt('phone');
    }],
  ];
}

/** Plays in the element; `onScene` is told the tenant and user to look at, once they are there, and `onAgain` that somebody wants it again. */
export async function play(place, onScene, onAgain) {
  const made = await call('POST', '/tenants', { template: 'contoso' });
  const scene = { tenant: made.id, user: made.users.find(user => user.userPrincipalName.startsWith('adele@')).id };
  await onScene(scene.tenant, scene.user);
  const list = steps(scene);
  let at = 0, isPlaying = true, timer = 0;

  const title = Object.assign(document.createElement('h2'), { textContent: 'The lost laptop' });
  const told = Object.assign(document.createElement('ol'), { className: 'told' });
  told.setAttribute('aria-live', 'polite');
  told.tabIndex = 0;
  const [pause, step, again, end] = ['Pause', 'Step', 'Play again', 'Close'].map(text => Object.assign(document.createElement('button'), { type: 'button', textContent: text }));
  const buttons = Object.assign(document.createElement('div'), { className: 'row' });
  again.hidden = true;
  buttons.append(pause, step, again, end);
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
    // The newest is seen, and the picture below stays where it is.
    told.scrollTop = told.scrollHeight;
    step.disabled = false;
    if (at === list.length) {
      [pause.hidden, step.hidden, again.hidden] = [true, true, false];
      again.focus();
      return;
    }
    if (isPlaying) timer = setTimeout(one, 2500);
  };
  pause.addEventListener('click', () => {
    isPlaying = !isPlaying;
    pause.textContent = isPlaying ? 'Pause' : 'Go on';
    clearTimeout(timer);
    if (isPlaying) one();
  });
  step.addEventListener('click', () => { if (isPlaying) pause.click(); one(); });
  again.addEventListener('click', onAgain);
  end.addEventListener('click', () => { clearTimeout(timer); at = list.length; place.hidden = true; });
  await one();
}
