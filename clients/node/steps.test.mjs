// Plays the list of steps that all test kits share.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { LapseError, sandbox } from "./lapse.mjs";

const { stories } = JSON.parse(readFileSync(new URL("../steps.json", import.meta.url), "utf8"));

// Each verb with what it takes, as the steps name it: what has a place of its own, then the options.
const verbs = {
  signIn: [["user"], ["client", "scope", "authTime", "method"]],
  refresh: [["refreshToken"], ["client", "scope", "region", "claims", "secret"]],
  revoke: [["user"], ["cause", "wait"]],
  propagation: [["model"]],
  advance: [["by"]],
  until: [["what"]],
  fault: [["match", "effect"], ["times", "probability", "name"]],
  clearFaults: [["name"]],
  forge: [["user"], ["client", "scope", "defect"]],
  explain: [[], ["refreshToken", "session", "accessToken", "at", "region"]],
  expect: [["client"], ["after", "user"]],
  events: [[], ["type", "user", "after"]],
  exchanges: [[], ["client", "user", "endpoint", "after", "wait"]],
  har: [[]],
  report: [["client"]],
  call: [["method", "path", "body"]],
};

const at = (value, path) => path.split(".").reduce((found, name) => found?.[name], value);

function act(tenant, verb, given) {
  const [places, options] = verbs[verb];
  const { reauthorizesWithin, recoversWithin, retriesAtMost, ...more } = given;
  const known = verb === "expect" ? more : given;
  const named = Object.fromEntries(Object.entries(known).filter(([name]) => !places.includes(name)));
  const done = tenant[verb](...places.map((name) => known[name]), ...(options ? [named] : []));
  if (verb !== "expect") return done;
  assert.ok((reauthorizesWithin === undefined) !== (recoversWithin === undefined), "one of the two");
  const within = retriesAtMost === undefined ? [] : [{ retriesAtMost }];
  return reauthorizesWithin === undefined ? done.recovers(recoversWithin, ...within) : done.reauthorizes(reauthorizesWithin, ...within);
}

async function play(tenant, { do: verb, with: given, as, answers = {}, fails }, earlier) {
  const filled = (value) => {
    if (Array.isArray(value)) return value.map(filled);
    if (typeof value === "string") {
      return value.replace(/\{([a-zA-Z][^{}"]*)\}/g, (_, what) => {
        const [kind, name] = what.split(":");
        const found = name ? { user: tenant.user(name), client: kind === "client" ? tenant.client(name) : undefined }[kind]
          : what === "domain" ? tenant.domain : at(earlier, what);
        assert.ok(found !== undefined, `nothing is called ${what}`);
        return found;
      });
    }
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filled(each)]));
  };
  if (fails) {
    await assert.rejects(async () => act(tenant, verb, filled(given)), (error) => {
      const { says, ...members } = fails;
      assert.ok(error instanceof (says ? assert.AssertionError : LapseError), error);
      if (says) assert.ok(error.message.includes(says), error.message);
      for (const [name, value] of Object.entries(members)) assert.equal(error[name], value, `${name} of ${error}`);
      return true;
    });
    return;
  }
  const answer = await act(tenant, verb, filled(given));
  for (const [path, value] of Object.entries(answers)) assert.deepEqual(at(answer, path), filled(value), `${path} of ${JSON.stringify(answer)}`);
  if (as) earlier[as] = answer;
}

test("the list has only what a player knows, and every verb", () => {
  const played = new Set();
  const only = (what, names, where) => assert.deepEqual(Object.keys(what).filter((name) => !names.includes(name)), [], where);
  for (const { name, steps, ...more } of stories) {
    only(more, [], name);
    for (const step of steps) {
      const where = `${name}: ${JSON.stringify(step)}`;
      only(step, ["do", "with", "as", "answers", "fails"], where);
      only(step.fails ?? {}, ["status", "code", "field", "says"], where);
      assert.ok(!(step.fails && (step.answers || step.as)), `${where} has an answer or fails`);
      assert.ok(verbs[step.do], `there is no verb ${step.do}`);
      const more = step.do === "expect" ? ["reauthorizesWithin", "recoversWithin", "retriesAtMost"] : [];
      only(step.with, [...verbs[step.do].flat(), ...more], where);
      played.add(step.do);
    }
  }
  assert.deepEqual(Object.keys(verbs).filter((verb) => !played.has(verb)), []);
});

test("stories", { concurrency: 4 }, async (t) => {
  await Promise.all(stories.map((story) => t.test(story.name, async () => {
    const tenant = await sandbox();
    const earlier = {};
    for (const [index, step] of story.steps.entries()) {
      await play(tenant, step, earlier).catch((error) => {
        throw new Error(`step ${index + 1}, ${JSON.stringify(step)}: ${error.message}`, { cause: error });
      });
    }
    await tenant.remove();
  })));
});
