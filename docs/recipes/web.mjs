// A web app on Node alone: the browser has a cookie with an id, and the tokens that belong to it stay on the server.
// Node trusts the local certificate because `lapse check` has set NODE_EXTRA_CA_CERTS.
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const { LAPSE_AUTHORITY: authority, LAPSE_GRAPH: graph, LAPSE_CLIENT_ID: client_id, LAPSE_CLIENT_SECRET: client_secret, PORT } = process.env;
const home = `http://localhost:${PORT}`, redirect_uri = `${home}/auth/callback`, scope = "openid User.Read offline_access";
const sessions = new Map(); // by the id in the cookie; with several workers this is a database, which all of them share
const random = () => randomBytes(32).toString("base64url");

// A lost answer or a failing server says nothing about the token: wait, and present the same again.
async function call(url, request) {
  for (let pause = 1; pause < 16; pause *= 2) {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(20_000) }).catch(() => null);
    const json = await answer?.json().catch(() => null);
    if (json && answer.status < 429 && json.error !== "temporarily_unavailable") return { answer, json };
    await sleep(1000 * (answer?.headers.get("Retry-After") ?? pause));
  }
  return { json: { error: "no answer" } };
}

function form(fields, demand = {}) { // cp1: this app understands claims challenges
  const claims = JSON.stringify({ access_token: { xms_cc: { values: ["cp1"] }, ...demand } });
  return new URLSearchParams({ client_id, scope, claims, ...fields });
}
const redeem = async (fields, demand) =>
  (await call(`${authority}/oauth2/v2.0/token`, { method: "POST", body: form({ client_secret, ...fields }, demand) })).json;

function redirect(response, address, id) {
  if (id) response.setHeader("Set-Cookie", `id=${id}; Path=/; HttpOnly; SameSite=Lax`);
  response.writeHead(302, { Location: address }).end();
}

const busy = (response) => response.writeHead(503).end("The service does not answer. Please try again later.");

/** Ends the session, and sends the user to the sign-in page: with the claims that were demanded, if any. */
function signIn(response, session, demand, fields) {
  sessions.delete(session.id);
  const [id, state, code_verifier] = [random(), random(), random()];
  sessions.set(id, { id, state, code_verifier });
  const code_challenge = createHash("sha256").update(code_verifier).digest("base64url");
  const query = form({ response_type: "code", redirect_uri, state, code_challenge, code_challenge_method: "S256", ...fields }, demand);
  redirect(response, `${authority}/oauth2/v2.0/authorize?${query}`, id);
}

async function callback(response, session, answer) {
  if (!session.state || answer.get("state") !== session.state) return redirect(response, "/");
  sessions.delete(session.id);
  const tokens = answer.has("code")
    ? await redeem({ grant_type: "authorization_code", code: answer.get("code"), redirect_uri, code_verifier: session.code_verifier })
    : { error: answer.get("error") };
  // The browser's session at the authority may be of before the refusal: the next try asks for the password.
  if (tokens.error) return response.end('<p>You are not signed in. <a href="/sign-in">Sign in</a></p>');
  const id = random(); // nobody can have known this one before
  sessions.set(id, { id, tokens });
  redirect(response, "/", id);
}

/** Whether the session has an access token that lasts; the answer is given when it has not. */
async function isFresh(response, session, demand) {
  // The tokens of `lapse check` are always about to end; elsewhere this refreshes once an hour or so.
  if (!demand && session.ends > Date.now() + 300_000) return true;
  const tokens = await redeem({ grant_type: "refresh_token", refresh_token: session.tokens.refresh_token }, demand);
  if (tokens.error === "no answer") {
    busy(response);
  } else if (tokens.error) { // Refused, for whatever reason: that refresh token is dead for good.
    signIn(response, session, demand);
  } else {
    Object.assign(session, { tokens, ends: Date.now() + 1000 * tokens.expires_in });
    return true;
  }
}

async function show(response, session) {
  let demand;
  for (let tries = 0; tries < 2; tries++) {
    if (!await isFresh(response, session, demand)) return;
    const me = await call(`${graph}/v1.0/me`, { headers: { Authorization: `Bearer ${session.tokens.access_token}` } });
    if (!me.answer) return busy(response);
    if (me.answer.status !== 401) return response.end(`<h1>${me.json.displayName}</h1>`);
    // Drop the access token; ask for the next one with the claims that Graph demands.
    const [, claims] = /claims="([^"]+)"/.exec(me.answer.headers.get("WWW-Authenticate")) ?? [];
    demand = claims ? JSON.parse(Buffer.from(claims, "base64")).access_token : {};
  }
  signIn(response, session, demand);
}

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, home);
  const session = sessions.get(/\bid=([\w-]+)/.exec(request.headers.cookie)?.[1]) ?? {};
  response.setHeader("Content-Type", "text/html");
  if (pathname === "/auth/callback") return callback(response, session, searchParams);
  if (pathname === "/sign-in" || !session.tokens) return signIn(response, session, {}, pathname === "/sign-in" ? { prompt: "login" } : {});
  return show(response, session);
}).listen(PORT, "localhost");
