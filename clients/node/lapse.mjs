// A test kit for Lapse, the local identity provider whose refresh tokens and sessions die as Microsoft Entra ID's do.
// One file without dependencies, for Node 18 and newer. docs/node.md says how to use it; lapse.d.ts has the types.
import { AssertionError } from "node:assert";
import { spawn } from "node:child_process";
import { accessSync, closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const startSeconds = 30;
const stopSeconds = 10;
const answerSeconds = 90; // a call of the control API waits a minute at most
const longestWaitSeconds = 55;
const scope = "openid profile offline_access User.Read";

/** A refusal of the control API: `status`, `code` and `field` as it says them. */
export class LapseError extends Error {
  constructor(status, code, field, message) {
    super(message);
    this.name = "LapseError";
    Object.assign(this, { status, code, field });
  }
}

/** The Lapse of LAPSE_SERVER, else a new one of its own, which ends with this process. */
export async function start() {
  return process.env.LAPSE_SERVER ? found() : started();
}

let shared;
const folders = [];
// What is between the two classes only.
const [send, place] = [Symbol("send"), Symbol("place")];

/** A sandbox of this process's one server, which the first call starts. */
export async function sandbox(template) {
  shared ??= start();
  return (await shared).sandbox(template);
}

class Server {
  #agents;
  #origin;
  #token;
  #end;

  constructor({ https: secure, http: plain, caFile, program, folder, token, origin, end }) {
    Object.assign(this, { https: secure, http: plain, caFile, program: program ?? null });
    this[place] = folder;
    const options = { ca: caFile === null ? undefined : readFileSync(caFile), autoSelectFamily: true };
    const agents = ({ Agent }) => ({ kept: new Agent({ ...options, keepAlive: true }), fresh: new Agent(options) });
    this.#agents = { https: agents(https), http: agents(http) };
    this.agent = this.#agents.https.kept;
    // The issuer of what is signed is the origin that is asked: the one that apps see.
    [this.#origin, this.#token, this.#end] = [origin ?? secure, token, end];
  }

  async sandbox(template = "contoso") {
    const made = await this.call("POST", "tenants", typeof template === "string" ? { template } : template);
    const tenant = new Sandbox(this, made);
    try {
      await tenant.call("PUT", "clock", { mode: "frozen" });
    } catch (error) {
      await tenant.remove();
      throw error;
    }
    return tenant;
  }

  async call(method, path, body) {
    const headers = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    let content;
    if (body !== undefined || ["POST", "PUT", "PATCH"].includes(method)) {
      content = JSON.stringify(body ?? {});
      headers["Content-Type"] = "application/json";
    }
    const answer = await this[send](method, `${this.#origin}/_lapse/api/${path.replace(/^\//, "")}`, content, headers);
    if (answer.status < 300) return answer.text === "" ? null : JSON.parse(answer.text);
    const error = parsed(answer.text)?.error;
    // Without one it is a proxy's page, or another server's.
    throw new LapseError(answer.status, error?.code ?? "unknown", error?.field ?? null, error?.message ?? answer.text.slice(0, 500));
  }

  /** Any request: its status and text, whatever they are. */
  [send](method, url, content, headers) {
    return new Promise((done, failed) => {
      const [{ request }, agents] = url.startsWith("https:") ? [https, this.#agents.https] : [http, this.#agents.http];
      // A kept connection may be closed while a request is on its way. One that changes nothing can be sent again; a token is spent once.
      const agent = method === "GET" ? agents.kept : agents.fresh;
      const asked = request(url, { method, headers, agent, signal: AbortSignal.timeout(answerSeconds * 1000) }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part) => (text += part));
        answer.on("error", failed).on("end", () => done({ status: answer.statusCode, text }));
      });
      asked.on("error", (error) => {
        if (asked.reusedSocket && error.code === "ECONNRESET") done(this[send](method, url, content, headers));
        else failed(error);
      }).end(content);
    });
  }

  async stop() {
    this.agent.destroy();
    this.#agents.http.kept.destroy();
    await this.#end?.();
    rmSync(this[place], { recursive: true, force: true });
  }
}

class Sandbox {
  constructor(server, made) {
    Object.assign(this, { server, id: made.id, domain: made.domains[0], users: made.users, apps: made.apps });
    this.authority = `${server.https}/${this.domain}`;
  }

  user(name) {
    const [short] = name.split("@");
    const known = this.users.map((each) => each.userPrincipalName);
    return known.find((each) => each.toLowerCase() === name.toLowerCase())
      ?? known.find((each) => each.split("@")[0].toLowerCase() === short.toLowerCase())
      ?? (isId(name) ? name : `${short}@${this.domain}`);
  }

  client(name) {
    if (isId(name)) return name;
    const app = this.#app(name);
    if (app) return app.id;
    throw new TypeError(`no app is called ${name}; there are: ${this.apps.map((each) => each.name).join(", ")}`);
  }

  remove() {
    this.#removed ??= this.server.call("DELETE", `tenants/${this.domain}`);
    return this.#removed;
  }

  call(method, path, body) {
    return this.server.call(method, `tenants/${this.domain}/${path.replace(/^\//, "")}`, body);
  }

  signIn(user, options) {
    const given = taken("signIn", options, ["client", "scope", "authTime", "method"]);
    return this.call("POST", "grants", {
      user: this.user(user), client_id: this.client(given.client ?? "native"), scope: given.scope ?? scope,
      authTime: instant(given.authTime), method: given.method,
    });
  }

  async refresh(refreshToken, options) {
    const given = taken("refresh", options, ["client", "scope", "region", "claims", "secret"]);
    const client_id = this.client(given.client ?? "native");
    const app = this.#app(client_id);
    const secret = given.secret ?? secretOf(app);
    const form = { grant_type: "refresh_token", client_id, refresh_token: refreshToken };
    if (given.scope !== undefined) form.scope = given.scope;
    if (given.claims !== undefined) form.claims = typeof given.claims === "string" ? given.claims : JSON.stringify(given.claims);
    if (secret !== undefined) form.client_secret = secret;
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    if (given.region !== undefined) headers["x-lapse-region"] = given.region;
    // A page redeems its token in a browser, which says whose page it is.
    if (app?.spaRedirectUris.length) headers.Origin = new URL(app.spaRedirectUris[0]).origin;
    const answer = await this.server[send]("POST", `${this.authority}/oauth2/v2.0/token`, `${new URLSearchParams(form)}`, headers);
    // A fault may have damaged it.
    return { status: answer.status, body: parsed(answer.text) ?? {} };
  }

  async revoke(user, options) {
    const { cause, wait } = taken("revoke", options, ["cause", "wait"]);
    const made = await this.call("POST", "revocations", { user: this.user(user), cause: cause ?? "adminRevoke" });
    return wait === undefined ? made : this.call("GET", `revocations/${made.id}?${query({ wait: duration(wait) })}`);
  }

  propagation(model) {
    return this.call("PUT", "propagation", model);
  }

  advance(by) {
    return this.call("POST", "clock/advance", { by: duration(by) });
  }

  until(what) {
    return this.call("POST", "clock/advance", { until: what });
  }

  fault(match, effect, options) {
    const given = taken("fault", options, ["times", "probability", "name"]);
    const matched = { ...match };
    if (matched.client !== undefined) matched.client = this.client(matched.client);
    if (matched.user !== undefined) matched.user = this.user(matched.user);
    return this.call("POST", "faults", { match: matched, effect, ...given });
  }

  async clearFaults(name) {
    await this.call("DELETE", `faults${name === undefined ? "" : `?${query({ name })}`}`);
  }

  forge(user, options) {
    const given = taken("forge", options, ["client", "scope", "defect"]);
    return this.call("POST", "tokens/forge", {
      user: this.user(user), client_id: this.client(given.client ?? "native"), scope: given.scope ?? "User.Read",
      defect: given.defect,
    });
  }

  explain(what) {
    const given = taken("explain", what, ["refreshToken", "session", "accessToken", "at", "region"]);
    return this.call("POST", "explain", {
      refresh_token: given.refreshToken, session: given.session, access_token: given.accessToken, at: instant(given.at),
      region: given.region,
    });
  }

  expect(client = "native", options) {
    const given = taken("expect", options, ["after", "user"]);
    const expected = { after: given.after ?? "revoke", client: this.client(client), user: given.user && this.user(given.user) };
    const holds = async (verb, does, key, within, more) => {
      const { retriesAtMost } = taken(verb, more, ["retriesAtMost"]);
      let expectation = await this.call("POST", "expectations", { ...expected, [key]: duration(within), retriesAtMost });
      const path = `expectations/${expectation.id}`;
      try {
        // A little more: what happens at the last moment has to be written, too.
        const end = Date.now() + milliseconds(expectation[key]) + 500;
        for (let left; expectation.status === "pending" && (left = end - Date.now()) > 0;) {
          expectation = await this.call("GET", `${path}?${query({ wait: duration(Math.min(left, longestWaitSeconds * 1000)) })}`);
        }
      } finally {
        await this.call("DELETE", path);
      }
      if (expectation.status === "passed") return expectation;
      const said = expectation.outcomes.filter(({ status }) => status !== "passed")
        .map(({ says, events }) => `${says} (event ${events.join(", ")})`).join("; ");
      throw new AssertionError({
        message: `${client} did not ${does} within ${typeof within === "number" ? `${within} ms` : within} of ${expected.after}: `
          + (said || `it met no ${expected.after}. Either nothing happened to its user, or it did not come back to Lapse.`),
        actual: expectation.status, expected: "passed", operator: verb,
      });
    };
    return {
      reauthorizes: (within, more) => holds("reauthorizes", "re-authorize", "reauthorizesWithin", within, more),
      recovers: (within, more) => holds("recovers", "recover", "recoversWithin", within, more),
    };
  }

  events(options) {
    const { type, user, after } = taken("events", options, ["type", "user", "after"]);
    return this.#items("events", { type, user: user && this.user(user), after });
  }

  exchanges(options) {
    const { client, user, endpoint, after, wait } = taken("exchanges", options, ["client", "user", "endpoint", "after", "wait"]);
    return this.#items("exchanges", {
      client: client && this.client(client), user: user && this.user(user), endpoint, after, wait: duration(wait),
    });
  }

  har() {
    return this.call("GET", "exchanges.har");
  }

  report(client) {
    return this.call("GET", `report${client === undefined ? "" : `?${query({ client: this.client(client) })}`}`);
  }

  /** The variables by which an app in a process of its own finds this tenant, and trusts it; the names are those of `lapse check`. */
  environment(options) {
    const given = taken("environment", options, ["client", "user"]);
    const { server } = this;
    const app = given.client === undefined ? this.#firstApp : this.#app(this.client(given.client));
    const name = given.user === undefined ? this.users[0]?.userPrincipalName : this.user(given.user);
    const variables = {
      LAPSE_SERVER: server.https, LAPSE_HTTP: server.http ?? "", LAPSE_AUTHORITY: this.authority, LAPSE_GRAPH: server.https,
      LAPSE_TENANT: this.domain, LAPSE_CLIENT_ID: app?.id ?? given.client ?? "", LAPSE_CLIENT_SECRET: secretOf(app) ?? "",
      LAPSE_USER: name ?? "", LAPSE_PASSWORD: this.users.find((each) => each.userPrincipalName === name)?.password ?? "",
      LAPSE_COOKIES: join(server[place], `cookies-${this.id}.json`),
    };
    variables.NO_PROXY = [process.env.NO_PROXY ?? process.env.no_proxy, new URL(server.https).hostname].filter(Boolean).join(",");
    variables.no_proxy = variables.NO_PROXY;
    // As Python's webbrowser reads it: in the background, for the app has to hear what the browser brings.
    if (server.program) variables.BROWSER = `'${server.program.replaceAll("'", "'\\''")}' visit %s &`;
    if (server.caFile === null) return variables;
    // Whoever trusts this file trusts what the machine trusts, too.
    const bundle = join(server[place], "bundle.pem");
    if (!existsSync(bundle)) {
      const system = [
        process.env.SSL_CERT_FILE, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
      ].find((file) => file && existsSync(file));
      writeFileSync(bundle, `${system ? readFileSync(system, "utf8").trimEnd() : ""}\n${readFileSync(server.caFile, "utf8")}`);
    }
    for (const each of ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"]) variables[each] = bundle;
    return { ...variables, LAPSE_CA: server.caFile, NODE_EXTRA_CA_CERTS: server.caFile };
  }

  #removed;

  /** The first app that signs users in, else the first that is not only an API. */
  get #firstApp() {
    const known = this.apps.filter((each) => each.kind !== "resource");
    const isDaemon = (each) => each.kind === "confidential" && !each.redirectUris.length && !each.spaRedirectUris.length;
    return known.find((each) => !isDaemon(each)) ?? known[0];
  }

  /** `native` or an id; undefined where this tenant has none of that name. */
  #app(name) {
    const wanted = name.toLowerCase();
    return this.apps.find((each) => [each.id, each.name.toLowerCase()].includes(wanted))
      ?? this.apps.find((each) => each.name.toLowerCase().split(" ").at(-1) === wanted);
  }

  async #items(path, asked) {
    const items = [];
    for (let next; next !== null;) {
      const page = await this.call("GET", `${path}?${query(asked)}`);
      items.push(...page.items);
      next = page.next;
      asked = { ...asked, after: next, wait: undefined }; // the first page has waited
    }
    return items;
  }
}

if (Symbol.asyncDispose) {
  Object.defineProperty(Server.prototype, Symbol.asyncDispose, { value: Server.prototype.stop });
  Object.defineProperty(Sandbox.prototype, Symbol.asyncDispose, { value: Sandbox.prototype.remove });
}

// Starting and finding a server

async function found() {
  const address = process.env.LAPSE_SERVER.replace(/\/$/, "");
  const isSecure = address.startsWith("https:");
  const server = new Server({
    https: address, http: isSecure ? null : address, caFile: process.env.LAPSE_CA || null, origin: address, program: program(false),
    token: process.env.LAPSE_CONTROL_TOKEN, folder: newFolder(),
  });
  try {
    const { addresses } = await server.call("GET", "status");
    if (isSecure) server.http = addresses.http;
    else server.https = addresses.https ?? address;
  } catch (error) {
    throw new Error(
      `LAPSE_SERVER is ${address}, and nothing usable answers there: ${error.message || error.code}\n`
      + "Its CA's file belongs into LAPSE_CA, its control token into LAPSE_CONTROL_TOKEN.", { cause: error });
  }
  return server;
}

// Beside the server, which takes the shell's place, a watcher reads descriptor 3. It ends when this process is gone, in whatever way. A
// line comes before that when the server has ended: then its number may be another process's.
const watched = '{ read -r line <&3 || kill $$; cat <&3; rm -rf "$0"; } >/dev/null 2>&1 & exec "$@" 3<&-';

async function started() {
  const file = program(true);
  const folder = newFolder();
  const [ready, log] = [join(folder, "ready.json"), join(folder, "stderr")];
  const output = openSync(log, "w");
  // A lapse.yaml of the folder where the tests run, and the settings of whoever runs them, are not the tests'.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LAPSE_")));
  const options = ["serve", "--ephemeral", "--https-port", "0", "--http-port", "0", "--ready-file", ready];
  const child = spawn("/bin/sh", ["-c", watched, folder, file, ...options], {
    cwd: folder, env, stdio: ["ignore", "ignore", output, "pipe"],
  });
  closeSync(output);
  let ending;
  const watcher = child.stdio[3];
  watcher.on("error", () => {}); // the watcher may be gone
  const ended = new Promise((done) => {
    child.once("error", (error) => done((ending = error.message)));
    child.once("exit", (status, signal) => {
      watcher.write("\n");
      done((ending = signal ?? `exit status ${status}`));
    });
  });
  const end = async () => {
    if (ending === undefined) {
      child.kill("SIGTERM");
      const late = new AbortController();
      await Promise.race([ended, sleep(stopSeconds * 1000, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
      if (ending === undefined) child.kill("SIGKILL");
      await ended;
    }
    watcher.end();
  };
  const deadline = Date.now() + startSeconds * 1000;
  while (!existsSync(ready)) {
    if (ending === undefined && Date.now() < deadline) {
      await sleep(10);
      continue;
    }
    const why = ending === undefined ? `is not ready after ${startSeconds} s` : `ended (${ending}) before it was ready`;
    await end();
    const said = readFileSync(log, "utf8").slice(-4000).trim();
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`Lapse did not start: ${file} ${why}\n${said}`);
  }
  // Neither of them keeps a process alive that has nothing else to do.
  child.unref();
  watcher.unref();
  const { https: secure, http: plain, ca_file: caFile } = JSON.parse(readFileSync(ready, "utf8"));
  return new Server({ https: secure, http: plain, caFile, program: file, folder, end });
}

function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), "lapse-node-"));
  if (folders.length === 0) process.once("exit", () => folders.forEach((each) => rmSync(each, { recursive: true, force: true })));
  folders.push(folder);
  return folder;
}

/** The file of LAPSE_BIN, else of `lapse` on the PATH. */
function program(isNeeded) {
  const name = process.env.LAPSE_BIN || "lapse";
  const places = name.includes("/") ? [name] : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
  const file = places.find(isProgram);
  if (file) return resolve(file);
  if (!isNeeded) return undefined;
  throw new Error(
    process.env.LAPSE_BIN
      ? `Lapse did not start: LAPSE_BIN is ${name}, which is no program.`
      : "Lapse did not start: there is no program lapse on the PATH. Install it, or name it in LAPSE_BIN.");
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

// Values

function taken(verb, options = {}, names) {
  const unknown = Object.keys(options).filter((name) => !names.includes(name));
  if (unknown.length) throw new TypeError(`${verb} takes no ${unknown.join(", ")}; it takes ${names.join(", ")}`);
  return options;
}

/** Text as it is; a number is of milliseconds, as everywhere in Node. */
const duration = (value) => (typeof value === "number" ? `PT${(value / 1000).toFixed(3)}S` : value);
const instant = (value) => (value instanceof Date ? value.toISOString() : value);
const isId = (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/** Of a duration as the control API writes it. */
function milliseconds(iso) {
  const [, days, hours, minutes, seconds] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(iso).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

function query(asked) {
  return new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== undefined && value !== null));
}

function secretOf(app) {
  const first = app?.secrets[0];
  return typeof first === "object" ? first.value : first;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
