import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as kit from "./lapse.mjs";

const { LapseError, sandbox, start } = kit;
const address = new URL("lapse.mjs", import.meta.url).href;

async function tenantOf(t) {
  const tenant = await sandbox();
  t.after(() => tenant.remove());
  return tenant;
}

function folderOf(t) {
  const folder = mkdtempSync(join(tmpdir(), "lapse-node-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A module in a process of its own; `start` and `sandbox` are imported. */
const node = (script) => ["--input-type=module", "-e", `import fs from "node:fs"; import { start, sandbox } from ${JSON.stringify(address)}; ${script}`];

function run(script, variables = {}) {
  const env = { ...process.env, ...variables };
  for (const [name, value] of Object.entries(variables)) if (value === undefined) delete env[name];
  return spawnSync(process.execPath, node(script), { env, encoding: "utf8", timeout: 60_000 });
}

async function until(what, holds) {
  for (const end = Date.now() + 20_000; !(await holds()); await sleep(20)) assert.ok(Date.now() < end, `not within 20 s: ${what}`);
}

/** Whether somebody listens there. */
async function answers(origin) {
  return fetch(`${origin}/_lapse/api/health`).then(() => true, () => false);
}

async function assertGone({ http, folder }) {
  await until(`${http} is gone`, async () => !(await answers(http)) && !existsSync(folder));
}

test("what the types say is there, and nothing else", async (t) => {
  const types = readFileSync(new URL("lapse.d.ts", import.meta.url), "utf8").replace(/\/\*\*[^]*?\*\//g, "");
  const exported = [...types.matchAll(/^export (?:function|class|const) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(exported.sort(), Object.keys(kit).sort());
  // Members begin a line of an interface.
  const declared = (name) => {
    const [, body] = new RegExp(`^export (?:interface|class) ${name}\\b.*\\{\\n([^]*?)^\\}`, "m").exec(types);
    return [...body.matchAll(/^ {2}(?:readonly )?(\w+|\[Symbol\.\w+\])\??[(:]/gm)].map(([, member]) => member).sort();
  };
  const real = (object) => {
    const type = Object.getPrototypeOf(object);
    // Of the symbols, only that of the language: the others are the module's own.
    const disposal = type[Symbol.asyncDispose ?? "asyncDispose"] || !Symbol.asyncDispose ? ["[Symbol.asyncDispose]"] : [];
    return [...Object.keys(object), ...Object.getOwnPropertyNames(type), ...disposal].filter((name) => name !== "constructor").sort();
  };
  const tenant = await tenantOf(t);
  assert.deepEqual(declared("Server"), real(tenant.server));
  assert.deepEqual(declared("Sandbox"), real(tenant));
  assert.deepEqual(declared("Reaction"), Object.keys(tenant.expect()).sort());
  const error = new LapseError(400, "invalid", "by", "wrong");
  // `name` is every Error's.
  assert.deepEqual(declared("LapseError"), ["constructor", ...Object.keys(error).filter((name) => name !== "name")].sort());
});

test("what the types say of answers is so", async (t) => {
  const types = readFileSync(new URL("lapse.d.ts", import.meta.url), "utf8");
  const members = (name) => [...new RegExp(`^export interface ${name} \\{\\n([^]*?)^\\}`, "m").exec(types)[1].matchAll(/^ {2}(\w+):/gm)].map(([, member]) => member);
  const tenant = await tenantOf(t);
  const has = (name, answer) => assert.deepEqual(members(name).filter((member) => answer[member] === undefined), [], name);
  const grant = await tenant.signIn("adele");
  has("Grant", grant);
  has("Revocation", await tenant.revoke("adele"));
  has("Advance", await tenant.advance("1s"));
  has("Explanation", await tenant.explain({ refreshToken: grant.refresh_token }));
  has("Event", (await tenant.events())[0]);
  await tenant.refresh(grant.refresh_token);
  await tenant.signIn("adele");
  has("Expectation", await tenant.expect().reauthorizes("1m"));
});

test("a program that is not there is told in one error", () => {
  const named = run("await start()", { LAPSE_BIN: "/nowhere/lapse" });
  assert.equal(named.status, 1);
  assert.match(named.stderr, /Error: Lapse did not start: LAPSE_BIN is \/nowhere\/lapse, which is no program\./);
  const unnamed = run("await sandbox().catch(() => sandbox())", { LAPSE_BIN: undefined, PATH: "/nowhere" });
  assert.match(unnamed.stderr, /Error: Lapse did not start: there is no program lapse on the PATH\. Install it, or name it in LAPSE_BIN\./);
});

test("a program that ends at once is told with what it said", (t) => {
  const folder = folderOf(t);
  const program = join(folder, "lapse");
  writeFileSync(program, "#!/bin/sh\necho 'no room on the moon' >&2\nexit 7\n");
  chmodSync(program, 0o755);
  const { status, stderr } = run("await start()", { LAPSE_BIN: program, TMPDIR: folder });
  assert.equal(status, 1);
  assert.match(stderr, /Lapse did not start: .*\/lapse ended \(exit status 7\) before it was ready\nno room on the moon/);
  assert.deepEqual(spawnSync("ls", [folder], { encoding: "utf8" }).stdout, "lapse\n", "it leaves a folder behind");
});

const told = "const { server } = await sandbox(); const { LAPSE_COOKIES: file } = (await server.sandbox()).environment();"
  + "console.log(JSON.stringify({ http: server.http, folder: file.slice(0, file.lastIndexOf('/')) }));";

const after = `const { pid } = JSON.parse(fs.readFileSync(file.replace(/[^/]*$/, "ready.json")));
  process.kill(pid);
  for (let there = true; there; await new Promise(setImmediate)) try { process.kill(pid, 0); } catch { there = false; }`;

test("the server is gone with its process, however that ends", { concurrency: true }, async (t) => {
  for (const [how, script, status] of [
    ["at its end", "", 0],
    ["by process.exit", "process.exit(3)", 3],
    ["by an exception that nobody catches", "setTimeout(() => { throw new Error('oops'); })", 1],
    ["by stop()", "await server.stop(); await server.stop();", 0],
    ["after its server", after, 0],
  ]) {
    await t.test(how, async () => {
      // The settings of whoever runs the tests are not the server's: this one would ask for a control token.
      const ended = run(told + script, { LAPSE_HOST: "0.0.0.0" });
      assert.equal(ended.status, status, ended.stderr);
      await assertGone(JSON.parse(ended.stdout));
    });
  }
  await t.test("by SIGKILL", async () => {
    const child = spawn(process.execPath, node(`${told} setInterval(() => {}, 1000)`), { stdio: ["ignore", "pipe", "inherit"] });
    const there = JSON.parse(String(await once(child.stdout, "data")));
    assert.ok(await answers(there.http));
    child.kill("SIGKILL");
    await assertGone(there);
  });
});

test("a Lapse of LAPSE_SERVER is used, and not stopped", async () => {
  const server = await start();
  try {
    const named = { LAPSE_SERVER: server.https, LAPSE_CA: server.caFile, LAPSE_BIN: "/nowhere/lapse" };
    for (const [origin, members] of [[server.https, "https,http"], [server.http, "https,http"]]) {
      const used = run(
        "const it = await sandbox(); console.log(it.server.https, it.server.http, (await it.signIn('adele')).expires_in > 0); await it.server.stop()",
        { ...named, LAPSE_SERVER: origin });
      assert.equal(used.stdout, `${server.https} ${server.http} true\n`, `${members}: ${used.stderr}`);
    }
    assert.equal((await server.call("GET", "health")).status, "ok");
    assert.match(run("await start()", { ...named, LAPSE_CA: "" }).stderr, /LAPSE_SERVER is https:.*nothing usable answers there: .*certificate/);
  } finally {
    await server.stop();
  }
  assert.match(run("await start()", { LAPSE_SERVER: server.http }).stderr, /nothing usable answers there: .*ECONNREFUSED/);
});

test("a control token is sent", async (t) => {
  const folder = folderOf(t);
  const ready = join(folder, "ready.json");
  const token = "of-these-tests";
  const lapse = spawn(process.env.LAPSE_BIN ?? "lapse", [
    "serve", "--ephemeral", "--https-port", "0", "--http-port", "0", "--control-token", token, "--ready-file", ready,
  ], { cwd: folder, stdio: "ignore" });
  t.after(async () => {
    lapse.kill();
    await once(lapse, "exit");
  });
  await until("it is ready", () => existsSync(ready));
  const { https: LAPSE_SERVER, ca_file: LAPSE_CA } = JSON.parse(readFileSync(ready, "utf8"));
  const used = run("console.log((await sandbox()).domain)", { LAPSE_SERVER, LAPSE_CA, LAPSE_CONTROL_TOKEN: token });
  assert.match(used.stdout, /^sbx-/, used.stderr);
  assert.match(run("await start()", { LAPSE_SERVER, LAPSE_CA }).stderr, /belongs into LAPSE_CA, its control token into LAPSE_CONTROL_TOKEN/);
});

test("what is listening there is no Lapse", async () => {
  const other = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")).listen(0, "127.0.0.1");
  await once(other, "listening");
  const child = spawn(process.execPath, node("await start()"), {
    env: { ...process.env, LAPSE_SERVER: `http://127.0.0.1:${other.address().port}` }, stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (part) => (said += part));
  await once(child, "close");
  other.close();
  assert.match(said, /nothing usable answers there/);
});

test("twenty tests at once", { concurrency: 20 }, async (t) => {
  await Promise.all(Array.from({ length: 20 }, (_, index) => t.test(`number ${index + 1}`, async (t) => {
    const tenant = await tenantOf(t);
    const [adele, alex] = await Promise.all([tenant.signIn("adele"), tenant.signIn("alex")]);
    await tenant.propagation({ planes: { refresh: { fixed: `PT${index + 1}M` } } });
    await tenant.revoke("adele");
    await tenant.advance(index * 60_000 + 59_999);
    assert.equal((await tenant.refresh(adele.refresh_token)).status, 200);
    const { now } = await tenant.advance(1);
    assert.equal((await tenant.refresh(adele.refresh_token)).body.error_codes[0], 50173);
    assert.equal((await tenant.refresh(alex.refresh_token)).status, 200);
    assert.equal((await tenant.call("GET", "clock")).now, now);
    assert.equal((await tenant.events({ type: "revoked" })).length, 1);
    assert.equal((await tenant.events({ type: "signedIn" })).length, 2);
  })));
});

test("names of users and clients", async (t) => {
  const tenant = await tenantOf(t);
  const [adele] = tenant.users;
  for (const name of ["adele", "Adele", "adele@contoso.example", adele.userPrincipalName]) assert.equal(tenant.user(name), adele.userPrincipalName);
  assert.equal(tenant.user(adele.id), adele.id);
  assert.equal(tenant.user("newcomer"), `newcomer@${tenant.domain}`);
  assert.deepEqual(["native", "Lapse Web", "daemon"].map((name) => tenant.client(name).at(-1)), ["1", "2", "4"]);
  assert.equal(tenant.client("04b07795-8ddb-461a-bbee-02f9e1bf7b46"), "04b07795-8ddb-461a-bbee-02f9e1bf7b46");
  assert.throws(() => tenant.client("nativ"), /no app is called nativ; there are: Lapse Native, /);
});

test("what is signed names the origin that apps see", async (t) => {
  const tenant = await tenantOf(t);
  const { id_token: token } = await tenant.signIn("adele");
  assert.equal(JSON.parse(Buffer.from(token.split(".")[1], "base64url")).iss, `${tenant.server.https}/${tenant.id}/v2.0`);
});

test("numbers are milliseconds, and a Date is an instant", async (t) => {
  const tenant = await tenantOf(t);
  const { now } = await tenant.call("GET", "clock");
  assert.equal(new Date((await tenant.advance(1500)).now) - new Date(now), 1500);
  const authTime = new Date("2026-01-02T03:04:05.678Z");
  const { refresh_token: refreshToken } = await tenant.signIn("adele", { authTime });
  assert.equal((await tenant.explain({ refreshToken, at: new Date("2027-01-01") })).authTime, "2026-01-02T03:04:05.6780000Z");
});

test("an option that is misspelt is refused before anything is done", async (t) => {
  const tenant = await tenantOf(t);
  await assert.rejects(async () => tenant.signIn("adele", { clinet: "web" }), /^TypeError: signIn takes no clinet; it takes client, scope, authTime, method$/);
  await assert.rejects(async () => tenant.expect("native").recovers("1s", { retries: 1 }), /recovers takes no retries/);
  assert.deepEqual((await tenant.events({ type: "signedIn" })), []);
});

test("an expectation says what Lapse saw, and waits for the app", async (t) => {
  const tenant = await tenantOf(t);
  await assert.rejects(tenant.expect("native").reauthorizes(100), (error) => {
    assert.ok(error instanceof assert.AssertionError);
    assert.match(error.message, /^native did not re-authorize within 100 ms of revoke: it met no revoke\./);
    return true;
  });
  const grant = await tenant.signIn("adele");
  await tenant.revoke("adele");
  for (let count = 0; count < 3; count++) await tenant.refresh(grant.refresh_token);
  await assert.rejects(tenant.expect("native", { after: "refusal" }).reauthorizes("1s"), /within 1s of refusal: it has not re-authorized.* \(event \d+/);
  await assert.rejects(tenant.expect("native", { after: "refusal", user: "adele" }).reauthorizes("1m", { retriesAtMost: 1 }), /2 more times/);
  // The app comes while the test waits.
  const began = Date.now();
  const [held] = await Promise.all([tenant.expect("native").reauthorizes("50s"), sleep(300).then(() => tenant.signIn("adele"))]);
  assert.equal(held.status, "passed");
  assert.ok(Date.now() - began < 20_000);
  assert.deepEqual((await tenant.call("GET", "expectations")).items, []);
});

test("pages of events are one list", async (t) => {
  const tenant = await tenantOf(t);
  for (let left = 13; left > 0; left--) await Promise.all(Array.from({ length: 20 }, () => tenant.signIn("adele")));
  const events = await tenant.events({ type: "signedIn", user: "adele" });
  assert.equal(events.length, 260);
  assert.equal((await tenant.call("GET", "events?type=signedIn")).items.length < 260, true, "one page has them all");
  assert.deepEqual(events.map(({ id }) => id), events.map(({ id }) => id).sort((one, other) => one - other));
  assert.equal((await tenant.events({ after: events[249].id })).length, 10);
});

test("an API refuses a token for another audience", async (t) => {
  const tenant = await tenantOf(t);
  const ask = (token) => new Promise((done, failed) => {
    // Over TLS, which the agent trusts.
    const headers = { Authorization: `Bearer ${token}` };
    https.get(`${tenant.server.https}/v1.0/me`, { agent: tenant.server.agent, headers }, (answer) => answer.resume().on("end", () => done(answer.statusCode)))
      .on("error", failed);
  });
  assert.equal(await ask((await tenant.signIn("adele")).access_token), 200);
  assert.equal(await ask((await tenant.forge("adele", { defect: "audience" })).access_token), 401);
});

test("an app in a process of its own finds its tenant, and trusts it", async (t) => {
  const tenant = await tenantOf(t);
  const variables = tenant.environment();
  const graph = `const answer = await fetch(process.env.LAPSE_GRAPH + "/v1.0/me", { headers: { Authorization: "Bearer " + process.argv[1] } });
    console.log((await answer.json()).userPrincipalName)`;
  const app = spawnSync(process.execPath, ["--input-type=module", "-e", graph, (await tenant.signIn("adele")).access_token], {
    env: { ...process.env, ...variables }, encoding: "utf8",
  });
  assert.equal(app.stdout, `${variables.LAPSE_USER}\n`, app.stderr);
  assert.deepEqual(
    [variables.LAPSE_AUTHORITY, variables.LAPSE_CLIENT_ID, variables.LAPSE_CLIENT_SECRET, variables.LAPSE_PASSWORD],
    [`${tenant.server.https}/${tenant.domain}`, tenant.client("native"), "", "Passw0rd!"]);
  const web = tenant.environment({ client: "web", user: "alex" });
  assert.deepEqual([web.LAPSE_CLIENT_ID, web.LAPSE_CLIENT_SECRET, web.LAPSE_USER], [tenant.client("web"), "lapse-web-secret", tenant.user("alex")]);
  const bundle = readFileSync(variables.SSL_CERT_FILE, "utf8");
  assert.ok(bundle.endsWith(readFileSync(variables.LAPSE_CA, "utf8")) && existsSync(variables.REQUESTS_CA_BUNDLE));
  assert.match(variables.BROWSER, / visit %s &$/);
});

test("the names of the environment are those of lapse check", async (t) => {
  const tenant = await tenantOf(t);
  const names = (text) => text.split("\n").map((line) => line.split("=")[0])
    .filter((name) => /^(LAPSE_(?!BIN)|BROWSER$|[A-Z_]+_CA_BUNDLE$|SSL_CERT_FILE$|NODE_EXTRA_CA_CERTS$|no_proxy$|NO_PROXY$)/.test(name)).sort();
  const checked = spawnSync(tenant.server.program, ["check", "--grace", "1s", "--", "sh", "-c", "env >&2; exit 1"], {
    encoding: "utf8", timeout: 60_000, env: { PATH: process.env.PATH },
  });
  assert.deepEqual(Object.keys(tenant.environment()).sort(), names(checked.stderr));
});

test("await using ends a sandbox and a server", { skip: !Symbol.asyncDispose && "this Node has no Symbol.asyncDispose" }, async () => {
  const server = await start();
  const tenant = await server.sandbox({ users: [{ userPrincipalName: "wren@tailspin.example" }], apps: [], domains: ["tailspin.example"], name: "Tailspin" });
  assert.equal(tenant.user("wren"), "wren@tailspin.example");
  await tenant[Symbol.asyncDispose]();
  await assert.rejects(tenant.call("GET", "clock"), { name: "LapseError", status: 404 });
  await tenant.remove();
  await server[Symbol.asyncDispose]();
  assert.equal(await answers(server.http), false);
});
