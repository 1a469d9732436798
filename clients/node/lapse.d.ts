// Types of lapse.mjs. Objects that the control API answers may have more members: docs/control-api.md has all of them.

import type { Agent } from "node:https";

/** Text as people type it (`5s`, `3m`, `2d`) or ISO 8601 (`PT5S`); a number is of milliseconds. */
export type Duration = string | number;

/** RFC 3339, or a Date. */
export type Instant = string | Date;

/** A user: what stands before the @, the full name, or an id. */
export type UserName = string;

/** A client: the lab's `native`, `web`, `spa`, `daemon` or `api`, an app's name or the last word of it, or an id. */
export type ClientName = string;

/**
 * The Lapse of LAPSE_SERVER, which is used and not stopped, else a new one, which ends with this process at the latest. Throws an
 * Error with what the program said.
 */
export function start(): Promise<Server>;

/** A sandbox of this process's one server, which the first call starts; else as `Server.sandbox`. */
export function sandbox(template?: Template): Promise<Sandbox>;

/** A refusal of the control API. */
export class LapseError extends Error {
  constructor(status: number, code: string, field: string | null, message: string);
  /** Of HTTP. */
  status: number;
  code: string;
  /** The member of the body, or the parameter, that is wrong. */
  field: string | null;
}

/** The name, domain or id of a tenant that is there, or a tenant as in a seed file. */
export type Template = string | { [member: string]: unknown };

/** A running Lapse. */
export interface Server {
  /** The origin, `https://localhost:PORT`. */
  readonly https: string;
  /** The same over plain HTTP; null when it does not listen there. */
  readonly http: string | null;
  /** The file with the CA of its certificate; null when the system is to trust it. */
  readonly caFile: string | null;
  /** The file of the program; null when it is not known. */
  readonly program: string | null;
  /** For requests of node:https: trusts the CA. */
  readonly agent: Agent;
  /** A tenant for one test, its clock frozen: like Contoso, unless another template is given. */
  sandbox(template?: Template): Promise<Sandbox>;
  /** Any call of the control API; `path` is what follows `/_lapse/api/`. Answers its JSON, null when there is none. Throws LapseError. */
  call(method: string, path: string, body?: unknown): Promise<any>;
  /** Ends it, and returns when it has ended. One of LAPSE_SERVER goes on. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A tenant for one test. Each method throws LapseError for what the control API refuses, before anything is done. */
export interface Sandbox {
  readonly server: Server;
  readonly id: string;
  readonly domain: string;
  /** The authority's address, `https://localhost:PORT/DOMAIN`. */
  readonly authority: string;
  /** As they were made, with passwords. */
  readonly users: ReadonlyArray<{
    id: string; userPrincipalName: string; displayName: string; password?: string; [member: string]: unknown;
  }>;
  /** As they were made, with secrets. */
  readonly apps: ReadonlyArray<{
    id: string; name: string; kind: "public" | "confidential" | "spa" | "resource"; [member: string]: unknown;
  }>;

  /** The full name of a user in this tenant. */
  user(name: UserName): string;
  /** The id of a client. Throws a TypeError when no app has this name. */
  client(name: ClientName): string;
  /**
   * The variables by which an app in a process of its own finds this tenant, under the names of `lapse check`: for
   * `{ ...process.env, ...lapse.environment() }`. The first app that signs users in and the first user, unless others are given.
   */
  environment(options?: { client?: ClientName; user?: UserName }): { [name: string]: string };
  /** Removes the tenant with everything in it. */
  remove(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;

  /** Signs a user in without a browser. The client is `native`, the scope `openid profile offline_access User.Read` unless given. */
  signIn(
    user: UserName, options?: { client?: ClientName; scope?: string; authTime?: Instant; method?: "password" | "non-password" },
  ): Promise<Grant>;
  /** Redeems a refresh token at the token endpoint, with the app's first secret unless another is given. Answers whatever the status is. */
  refresh(
    refreshToken: string,
    options?: { client?: ClientName; scope?: string; region?: string; claims?: string | object; secret?: string },
  ): Promise<{ status: number; body: { [member: string]: any } }>;
  /**
   * Revokes a user's sign-ins, by `adminRevoke` unless another cause is given. With `wait` it answers when that is in effect
   * everywhere, or when the wait is over: time of the machine, a minute at most.
   */
  revoke(user: UserName, options?: { cause?: Cause; wait?: Duration }): Promise<Revocation>;
  /** How revocations spread: a preset's name or a model. Answers the model. */
  propagation(model: "instant" | "documented" | "observed" | "flapping" | object): Promise<{ [member: string]: any }>;
  /** Moves the clock forward. */
  advance(by: Duration): Promise<Advance>;
  /** Moves the clock to what comes next. Nothing ahead: a LapseError with status 409. */
  until(what: "next-event" | "propagation" | "refresh-token-expiry"): Promise<Advance>;
  /** Makes requests that match go wrong. `client` and `user` in `match` may be short. */
  fault(
    match: { endpoint?: string; grantType?: string; client?: ClientName; user?: UserName; region?: string },
    effect: object, options?: { times?: number; probability?: number; name?: string },
  ): Promise<{ id: string; [member: string]: any }>;
  /** Takes all faults away, or those of a name. */
  clearFaults(name?: string): Promise<void>;
  /** An access token with one defect, which an API has to refuse. The scope is `User.Read` unless another is given. */
  forge(
    user: UserName, options: { client?: ClientName; scope?: string; defect: Defect },
  ): Promise<{ access_token: string; defect: Defect; claims: { [claim: string]: any } }>;
  /** Why one of the three is accepted or refused, in each plane and region, now or at another instant. */
  explain(
    what: { refreshToken?: string; session?: string; accessToken?: string; at?: Instant; region?: string },
  ): Promise<Explanation>;
  /** Begins a sentence: `await lapse.expect("native").reauthorizes("5s")`. What the client met before the call counts, too. */
  expect(client?: ClientName, options?: { after?: Occasion; user?: UserName }): Reaction;
  /** What happened, in order. */
  events(options?: { type?: string; user?: UserName; after?: number | string }): Promise<Event[]>;
  /** The requests to the authority and Graph with their answers, in order; with `wait` as soon as there is one. */
  exchanges(
    options?: { client?: ClientName; user?: UserName; endpoint?: string; after?: number | string; wait?: Duration },
  ): Promise<Array<{ [member: string]: any }>>;
  /** The same as an HTTP archive (HAR 1.2). */
  har(): Promise<{ [member: string]: any }>;
  /** How each client, or one, handled what it met. */
  report(client?: ClientName): Promise<{ verdict: "good" | "bad" | "untested"; clients: any[]; [member: string]: any }>;
  /** Any call of the control API on this tenant, such as `call("PUT", "policies", {tieRule: "entra"})`. */
  call(method: string, path: string, body?: unknown): Promise<any>;
}

/** Both wait until it is so. When it failed, or the time (the machine's) is over, they throw an AssertionError with what Lapse saw. */
export interface Reaction {
  /** The client sent its user to sign in, and repeated a refused request so often at most. */
  reauthorizes(within: Duration, options?: { retriesAtMost?: number }): Promise<Expectation>;
  /** The client got what it asked for. */
  recovers(within: Duration, options?: { retriesAtMost?: number }): Promise<Expectation>;
}

export type Cause =
  | "userRevoke" | "adminRevoke" | "passwordChange" | "selfServiceReset" | "adminResetAzurePortal" | "adminResetEntra"
  | "singleSignOut" | "passwordExpired";

export type Defect = "audience" | "issuer" | "signature" | "expired" | "notYetValid" | "keyId";

export type Occasion = "revoke" | "refusal" | "challenge" | "silentRefusal" | "outage";

export interface Grant {
  grant: string;
  refresh_token: string | null;
  access_token: string;
  id_token: string | null;
  /** Seconds. */
  expires_in: number;
  cookies: { ESTSAUTH: string; [name: string]: string };
}

/** `planes`: by plane, then by region. */
export interface Revocation {
  id: string;
  user: string;
  at: string;
  cause: Cause;
  stamp: string;
  planes: { [plane: string]: { [region: string]: { visibleAt: string | null; held: boolean; effective: boolean } } };
}

export interface Advance {
  now: string;
  mode: "running" | "frozen";
  tookEffect: Array<{ at: string; type: string; id: string; plane?: string; region?: string }>;
}

export interface Explanation {
  kind: string;
  known: boolean;
  grant: string | null;
  user: string | null;
  authTime: string | null;
  verdicts: Array<{
    plane: string; region: string; accepted: boolean; code: number | null; rule: string; why: string; changesAt: string | null;
    [member: string]: any;
  }>;
  history: Event[];
}

export interface Event {
  id: number;
  at: string;
  type: string;
  user: string | null;
  client: string | null;
  grant: string | null;
  revocation: string | null;
  region: string | null;
  code: number | null;
  requestId: string | null;
}

export interface Expectation {
  id: string;
  status: "passed" | "failed" | "pending";
  outcomes: Array<{ client: string; status: string; says: string; events: number[] }>;
}
