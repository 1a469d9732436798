// Signs its user in through the browser, then asks Graph again and again who that is.
// Node trusts the local certificate because `lapse check` has set NODE_EXTRA_CA_CERTS.
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const { LAPSE_AUTHORITY: authority, LAPSE_GRAPH: graph, LAPSE_CLIENT_ID: client_id, BROWSER } = process.env;
let tokens = {}, demand = {}; // what the app holds, and what Graph demands of the next access token

// A lost answer or a failing server says nothing about the token: wait, and present the same again.
async function call(url, request) {
  for (let pause = 1; pause < 60; pause *= 2) {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(20_000) }).catch(() => null);
    const json = await answer?.json().catch(() => null);
    if (json && answer.status < 429 && json.error !== "temporarily_unavailable") return { answer, json };
    await sleep(1000 * (answer?.headers.get("Retry-After") ?? pause));
  }
  throw new Error(`${url} does not answer`);
}

function form(fields) { // cp1: this app understands claims challenges
  const claims = JSON.stringify({ access_token: { xms_cc: { values: ["cp1"] }, ...demand } });
  return new URLSearchParams({ client_id, scope: "User.Read offline_access", claims, ...fields });
}
const redeem = async (fields) => (await call(`${authority}/oauth2/v2.0/token`, { method: "POST", body: form(fields) })).json;

async function signIn() {
  const [state, code_verifier] = [randomBytes(16).toString("hex"), randomBytes(32).toString("base64url")];
  const code_challenge = createHash("sha256").update(code_verifier).digest("base64url");
  const server = createServer().listen(0, "localhost");
  await once(server, "listening");
  const redirect_uri = `http://localhost:${server.address().port}`;
  const query = form({ response_type: "code", redirect_uri, state, code_challenge, code_challenge_method: "S256" });
  spawn("sh", ["-c", BROWSER.replace("%s", '"$0"'), `${authority}/oauth2/v2.0/authorize?${query}`], { stdio: "inherit" });
  let back;
  do { // Another visitor does not know the state.
    const [request, response] = await once(server, "request");
    response.setHeader("Connection", "close").end("You may close this page.");
    back = new URL(request.url, redirect_uri).searchParams;
  } while (back.get("state") !== state);
  server.close();
  if (!back.has("code")) throw new Error(`nobody signed in: ${back.get("error")}`);
  return redeem({ grant_type: "authorization_code", code: back.get("code"), redirect_uri, code_verifier });
}

for (let round = 0; round < 16; round++, await sleep(500)) {
  // The tokens of `lapse check` are always about to end; elsewhere this refreshes once an hour or so.
  if (!(tokens.ends > Date.now() + 300_000)) {
    const { refresh_token } = tokens;
    if (refresh_token) tokens = { refresh_token, ...await redeem({ grant_type: "refresh_token", refresh_token }) };
    // Refused, for whatever reason: that token is dead for good.
    if (!refresh_token || tokens.error) tokens = await signIn();
    [tokens.ends, demand] = [Date.now() + 1000 * tokens.expires_in, {}];
  }
  const me = await call(`${graph}/v1.0/me`, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  console.log(me.answer.status, me.json.userPrincipalName);
  if (me.answer.status === 401) { // Drop the access token; ask for the next one with the claims that Graph demands.
    const [, claims] = /claims="([^"]+)"/.exec(me.answer.headers.get("WWW-Authenticate")) ?? [];
    [tokens.ends, demand] = [0, claims ? JSON.parse(Buffer.from(claims, "base64")).access_token : {}];
  }
}
