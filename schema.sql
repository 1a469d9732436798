-- Lapse's database. This file is the only place that makes tables; it is embedded in the program.
--
-- Instants are counted in 100 ns since 1970-01-01T00:00:00Z, on the clock that the comment names.
-- GUIDs are text in lower case. Secrets (tokens, codes, cookies, passwords) are only here as SHA-256.
-- JSON columns hold what the program only ever reads and writes whole.

-- One row: which schema this is. A database of an older one is migrated (Sources/LapseStore/migrations.sql), of a newer one refused.
CREATE TABLE meta (
    version    INTEGER NOT NULL,
    last_event INTEGER NOT NULL                -- no event that was ever deleted with its tenant had a higher id
) STRICT;

-- A directory. `aliases` such as common are no tenants.
CREATE TABLE tenants (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    domains     TEXT NOT NULL,                 -- JSON list, lower case, the default first
    clock_mode  TEXT NOT NULL CHECK (clock_mode IN ('running', 'frozen')),
    clock_ticks INTEGER NOT NULL,              -- running: offset from the machine's clock; frozen: the instant shown
    propagation TEXT,                          -- JSON model; NULL follows the server's
    policies    TEXT NOT NULL,                 -- JSON
    seed        TEXT NOT NULL,                 -- JSON: the rows that a reset brings back, column by column
    is_sandbox  INTEGER NOT NULL CHECK (is_sandbox IN (0, 1)),
    first_event INTEGER NOT NULL,              -- no event of the tenant has a lower id
    number      INTEGER NOT NULL DEFAULT 0,    -- what stands for the tenant where there are many rows
    pruned_through INTEGER,                    -- tokens and codes that ended by then may be gone; NULL: none is. Tenant's clock
    pruned_grant   INTEGER NOT NULL DEFAULT 0  -- the codes of grants up to that number are gone, as far as they may
) STRICT;
CREATE UNIQUE INDEX tenants_by_number ON tenants (number);
-- Sandboxes may be many, the others are few: whoever looks for those passes over no sandbox.
CREATE INDEX tenants_by_name ON tenants (is_sandbox, name, id);

-- Which tenant has verified a domain: what is in the lists of the tenants, by the domain.
CREATE TABLE domains (
    domain TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX domains_by_tenant ON domains (tenant);

-- What the running clock of a tenant has shown, or is about to: it never shows less, though the machine's clock steps back. No row: a
-- person has set the clock since.
CREATE TABLE clock_floors (
    tenant TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    ticks  INTEGER NOT NULL                    -- an instant of the tenant
) STRICT, WITHOUT ROWID;

-- How many requests of a tenant were routed by count; no row: none since its seed or its model was set.
CREATE TABLE routing (
    tenant   TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    requests INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A user object of one tenant. A guest signs in at home: home_tenant and home_user are set, password_hash is NULL.
CREATE TABLE users (
    id                  TEXT PRIMARY KEY,
    tenant              TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_principal_name TEXT NOT NULL COLLATE NOCASE,
    display_name        TEXT NOT NULL,
    given_name          TEXT,                  -- NULL: not set, as in Graph
    surname             TEXT,
    mail                TEXT,
    password_hash       BLOB,                  -- salted with a user id; NULL: guests
    password_salt       TEXT NOT NULL,         -- that id: its own, or the template's
    account_enabled     INTEGER NOT NULL CHECK (account_enabled IN (0, 1)), -- as Graph shows it; what is in effect: state_changes
    roles               TEXT NOT NULL,         -- JSON list of display names
    challenges          TEXT NOT NULL,         -- JSON list
    withdrawn_consents  TEXT NOT NULL,         -- JSON list of client ids
    must_change_password INTEGER NOT NULL CHECK (must_change_password IN (0, 1)),
    profile             TEXT NOT NULL,         -- JSON: what Graph keeps besides
    home_tenant         TEXT,                  -- NULL: a member
    home_user           TEXT,
    created_at          INTEGER NOT NULL,      -- tenant's clock
    deleted_at          INTEGER,               -- tenant's clock; NULL: not deleted
    is_purged           INTEGER NOT NULL DEFAULT 0 CHECK (is_purged IN (0, 1)), -- deleted for good
    consents            TEXT NOT NULL DEFAULT '{}', -- JSON: by client id, the permissions given beside its registration
    CHECK ((home_tenant IS NULL) = (home_user IS NULL))
) STRICT;
CREATE UNIQUE INDEX users_by_name ON users (user_principal_name) WHERE deleted_at IS NULL;
CREATE INDEX users_by_tenant ON users (tenant);
CREATE INDEX users_by_home ON users (home_user) WHERE home_user IS NOT NULL;

-- Wrong passwords since the last right one, or since they locked the account; no row: none. On the account's own tenant's clock.
CREATE TABLE lockouts (
    user         TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    failures     INTEGER NOT NULL,
    locked_until INTEGER                       -- NULL: not locked so far
) STRICT, WITHOUT ROWID;

-- Token requests of tenants that look for loops: what was asked, hashed, and when on the tenant's clock.
CREATE TABLE token_requests (
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    hash   BLOB NOT NULL,
    at     INTEGER NOT NULL
) STRICT;
CREATE INDEX token_requests_by_hash ON token_requests (tenant, hash);
CREATE INDEX token_requests_by_time ON token_requests (tenant, at);

-- What goes wrong on purpose, in the order in which requests are asked about it.
CREATE TABLE faults (
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    ordinal    INTEGER NOT NULL,               -- which of the tenant's faults: the key of its chances
    id         TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,                  -- JSON as it was given
    asked      INTEGER NOT NULL,               -- matching requests so far, and how many of them were hit
    hits       INTEGER NOT NULL,
    PRIMARY KEY (tenant, ordinal)
) STRICT;

-- What somebody expects of an app after it met something: JSON as it was given.
CREATE TABLE expectations (
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    ordinal    INTEGER NOT NULL,
    id         TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    PRIMARY KEY (tenant, ordinal)
) STRICT;

-- The labs that a tenant has played, and last the one that it plays, with what its learner predicted and what came of it. A reset removes them.
CREATE TABLE lab_runs (
    tenant      TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,              -- in the order in which they were started
    definition  TEXT NOT NULL,                 -- JSON of the lab as it was given
    language    TEXT NOT NULL,
    is_changed  INTEGER NOT NULL CHECK (is_changed IN (0, 1)), -- played with its change
    started_at  INTEGER NOT NULL,              -- when the first thing happens; tenant's clock
    sign_ins    TEXT NOT NULL,                 -- JSON: by name, grant and session
    predictions TEXT NOT NULL,                 -- JSON: by question
    outcomes    TEXT NOT NULL,                 -- JSON: by question
    played      INTEGER NOT NULL,              -- how many of the steps
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

-- An app registration. The same client id may be registered in several tenants.
CREATE TABLE apps (
    tenant               TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id                   TEXT NOT NULL,        -- client_id
    name                 TEXT NOT NULL,
    kind                 TEXT NOT NULL CHECK (kind IN ('public', 'confidential', 'spa', 'resource')),
    secret_hashes        TEXT NOT NULL,        -- JSON list of hexadecimal SHA-256, salted with the id
    redirect_uris        TEXT NOT NULL,        -- JSON list, as all lists here
    spa_redirect_uris    TEXT NOT NULL,
    logout_url           TEXT,                 -- NULL: none
    flows                TEXT NOT NULL,
    delegated_permissions   TEXT NOT NULL,
    application_permissions TEXT NOT NULL,
    exposes              TEXT,                 -- JSON; NULL: exposes no API
    access_token_version INTEGER NOT NULL CHECK (access_token_version IN (1, 2)),
    is_family_member     INTEGER NOT NULL CHECK (is_family_member IN (0, 1)),
    lifetimes            TEXT NOT NULL,        -- JSON
    challenges           TEXT NOT NULL,        -- JSON list
    registration         INTEGER NOT NULL DEFAULT 0, -- the event that made it; 0: it came with the tenant's seed
    sign_in_audience     TEXT NOT NULL DEFAULT 'AzureADMultipleOrgs' CHECK (sign_in_audience IN ('AzureADMultipleOrgs', 'AzureADMyOrg')),
    issues_id_tokens     INTEGER NOT NULL DEFAULT 0 CHECK (issues_id_tokens IN (0, 1)),
    secret_ends          TEXT NOT NULL DEFAULT '{}', -- JSON: by a secret's hash when it ends, in ticks; the others never
    certificates         TEXT NOT NULL DEFAULT '[]', -- JSON list: DER in base64url, and the end in ticks
    optional_claims      TEXT NOT NULL DEFAULT '{}', -- JSON: claims beside the usual, by kind of token
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX apps_by_id ON apps (id);

-- The redirect URIs of all apps, by the URI: as URIs are compared, so those of loopback addresses without a port.
CREATE TABLE redirect_addresses (
    address TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    app     TEXT NOT NULL,
    PRIMARY KEY (address, tenant, app),
    FOREIGN KEY (tenant, app) REFERENCES apps (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX redirect_addresses_by_app ON redirect_addresses (tenant, app);

-- What an administrator of a tenant changed of an app there, whoever registered it; no row: nothing.
CREATE TABLE service_principals (
    tenant              TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    client              TEXT NOT NULL,
    is_enabled          INTEGER NOT NULL CHECK (is_enabled IN (0, 1)), -- as Graph shows it; what is in effect: state_changes
    is_deleted          INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
    requires_assignment INTEGER NOT NULL CHECK (requires_assignment IN (0, 1)),
    assigned            TEXT NOT NULL,         -- JSON list of user ids
    consents            TEXT NOT NULL DEFAULT '[]', -- JSON list: what an administrator consented to for everybody
    PRIMARY KEY (tenant, client)
) STRICT, WITHOUT ROWID;

-- What happened, in order. The id is the place in that order, across tenants and never used twice: grants and revocations keep
-- the id of their event. No foreign key, which would want an index, and no index for what comes in crowds: every redeem appends here, to
-- one page, and only people and tests read. A tenant's events begin at its first_event.
CREATE TABLE events (
    id         INTEGER PRIMARY KEY,
    tenant     TEXT NOT NULL,
    at         INTEGER NOT NULL,               -- tenant's clock
    type       TEXT NOT NULL,
    user       TEXT,                           -- NULL here and below: the event has none
    client     TEXT,
    grant_id   TEXT,
    revocation TEXT,
    region     TEXT,
    code       INTEGER,                        -- the AADSTS number of a refusal
    request_id TEXT,
    actor      TEXT,                           -- who changed the directory: a user or client id
    ends_at    INTEGER,                        -- of the access token that was issued; NULL here and below: none was
    evaluated  INTEGER CHECK (evaluated IN (0, 1)), -- whether resources evaluate that token continuously
    presented  TEXT,                           -- fingerprint of a refresh token, uti of an access token, id of a session
    notes      TEXT,                           -- JSON for the judge: how the app asked, what a fault did
    written_at INTEGER NOT NULL                -- machine's clock
) STRICT;
CREATE INDEX events_of_rare_kinds ON events (tenant, type)
    WHERE type <> 'tokenRefreshed' AND type <> 'refreshRefused' AND type <> 'accessOutlived' AND type <> 'accessChallenged';
CREATE INDEX events_by_user ON events (user) WHERE user IS NOT NULL;

-- A browser session. `browser` is the hash of the cookie that names the browser; a browser holds any number of sessions.
CREATE TABLE sessions (
    id            TEXT PRIMARY KEY,            -- the sid claim
    browser       BLOB NOT NULL,
    home_tenant   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    home_user     TEXT NOT NULL,
    auth_time     INTEGER NOT NULL,            -- home tenant's clock, as all instants of a session
    sequence      INTEGER NOT NULL,            -- the event of the credential
    method        TEXT NOT NULL CHECK (method IN ('password', 'non-password')),
    is_persistent INTEGER NOT NULL CHECK (is_persistent IN (0, 1)),
    last_used_at  INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    ended_at      INTEGER                      -- signed out; NULL: not
) STRICT;
CREATE INDEX sessions_by_browser ON sessions (browser);
CREATE INDEX sessions_by_user ON sessions (home_user);
CREATE INDEX sessions_by_tenant ON sessions (home_tenant, expires_at);

-- What one sign-in gave one client. auth_time and sequence are those of the credential and never change.
CREATE TABLE grants (
    number       INTEGER PRIMARY KEY,          -- in the order in which they were made
    id           TEXT NOT NULL UNIQUE,
    tenant       TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user         TEXT NOT NULL,                -- the user object in that tenant
    client       TEXT NOT NULL,
    client_class TEXT NOT NULL CHECK (client_class IN ('public', 'confidential', 'spa')),
    scope        TEXT NOT NULL,
    home_tenant  TEXT NOT NULL,                -- the account that signed in: a guest's is elsewhere
    home_user    TEXT NOT NULL,
    auth_time    INTEGER NOT NULL,             -- home tenant's clock
    sequence     INTEGER NOT NULL,
    method       TEXT NOT NULL CHECK (method IN ('password', 'non-password')),
    session      TEXT,                         -- NULL: no browser
    created_at   INTEGER NOT NULL,             -- tenant's clock
    declares_cp1 INTEGER NOT NULL CHECK (declares_cp1 IN (0, 1)), -- the client says that it understands claims challenges
    registration INTEGER NOT NULL,             -- of the client, as in apps
    pruned_through INTEGER,                    -- refresh tokens that were issued by then may be gone; NULL: none is. As issued_at
    pruned_code    TEXT CHECK (pruned_code IN ('redeemed', 'expired')), -- how its code had ended, which is gone; NULL: it is not
    pruned_code_names_tenant INTEGER CHECK (pruned_code_names_tenant IN (0, 1)) -- of that code
) STRICT;
CREATE INDEX grants_by_home ON grants (home_user);
CREATE INDEX grants_by_tenant ON grants (tenant);

-- One generation of a grant's refresh token. Redeeming adds a child and changes nothing here. A token names its grant and its instant,
-- so that one tree finds it and takes a new one beside the last, with one write. The token of the latest instant, the one of the
-- largest ordinal where several have it, says how many the grant has had and when the last of them ends: it is never pruned.
CREATE TABLE refresh_tokens (
    grant_number INTEGER NOT NULL REFERENCES grants (number) ON DELETE CASCADE,
    issued_at    INTEGER NOT NULL,             -- the grant's tenant's clock
    hash         BLOB NOT NULL,
    expires_at   INTEGER NOT NULL,
    tenant       INTEGER NOT NULL,             -- the number of the grant's
    written_at   INTEGER NOT NULL,             -- machine's clock, in seconds since 1970
    ordinal      INTEGER NOT NULL,             -- which of the grant's tokens
    last_end     INTEGER,                      -- the latest end of the grant's tokens up to this one; NULL: its own
    PRIMARY KEY (grant_number, issued_at, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (tenant, expires_at);

CREATE TABLE authorization_codes (
    hash             BLOB PRIMARY KEY,
    grant_id         TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    redirect_uri     TEXT NOT NULL,
    is_for_spa       INTEGER NOT NULL CHECK (is_for_spa IN (0, 1)),
    challenge        TEXT,                     -- PKCE; NULL: none
    challenge_method TEXT CHECK (challenge_method IN ('plain', 'S256')),
    nonce            TEXT,                     -- NULL: none
    wants_auth_time  INTEGER NOT NULL CHECK (wants_auth_time IN (0, 1)),
    issued_at        INTEGER NOT NULL,         -- tenant's clock
    expires_at       INTEGER NOT NULL,
    redeemed_at      INTEGER,                  -- NULL: not yet
    names_tenant     INTEGER NOT NULL DEFAULT 1 CHECK (names_tenant IN (0, 1)), -- 0: asked for at common or organizations
    written_at       INTEGER NOT NULL DEFAULT 0, -- machine's clock, in seconds since 1970
    CHECK ((challenge IS NULL) = (challenge_method IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX authorization_codes_by_grant ON authorization_codes (grant_id);
CREATE INDEX authorization_codes_by_end ON authorization_codes (expires_at) WHERE redeemed_at IS NULL;

CREATE TABLE device_codes (
    hash           BLOB PRIMARY KEY,
    user_code_hash BLOB NOT NULL UNIQUE,
    client         TEXT NOT NULL,
    tenant         TEXT REFERENCES tenants (id) ON DELETE CASCADE, -- NULL: asked for at common or organizations
    scope          TEXT NOT NULL,
    declares_cp1   INTEGER NOT NULL CHECK (declares_cp1 IN (0, 1)), -- as in grants
    issued_at      INTEGER NOT NULL,           -- tenant's clock; without a tenant the machine's
    expires_at     INTEGER NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'declined', 'redeemed')),
    grant_id       TEXT REFERENCES grants (id) ON DELETE CASCADE,  -- NULL until approved
    written_at     INTEGER NOT NULL DEFAULT 0  -- machine's clock, in seconds since 1970
) STRICT, WITHOUT ROWID;
CREATE INDEX device_codes_by_grant ON device_codes (grant_id);
CREATE INDEX device_codes_by_tenant ON device_codes (tenant, expires_at);

-- A cut-off for one account. Nothing else is written when tokens are revoked: no token is touched.
CREATE TABLE revocations (
    id          TEXT PRIMARY KEY,
    home_tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    home_user   TEXT NOT NULL,
    at          INTEGER NOT NULL,              -- home tenant's clock
    sequence    INTEGER NOT NULL UNIQUE,       -- the event of the revocation
    ordinal     INTEGER NOT NULL,              -- which of its tenant's revocations and state changes: the key of its samples
    cause       TEXT NOT NULL CHECK (cause IN ('userRevoke', 'adminRevoke', 'passwordChange', 'selfServiceReset',
        'adminResetAzurePortal', 'adminResetEntra', 'singleSignOut', 'passwordExpired')),
    actor       TEXT                           -- user or client id; NULL: the control API
) STRICT;
CREATE INDEX revocations_by_user ON revocations (home_user, at);
CREATE UNIQUE INDEX revocations_by_ordinal ON revocations (home_tenant, ordinal);

-- Disabled, enabled, deleted, restored: it takes effect like a revocation, but a state.
CREATE TABLE state_changes (
    id          TEXT PRIMARY KEY,
    sequence    INTEGER NOT NULL UNIQUE,       -- the event of the change
    ordinal     INTEGER NOT NULL,              -- as in revocations
    home_tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    home_user   TEXT NOT NULL,                 -- a user, or the id of a service principal
    kind        TEXT NOT NULL CHECK (kind IN ('disable', 'enable', 'delete', 'restore')),
    at          INTEGER NOT NULL               -- home tenant's clock
) STRICT;
CREATE INDEX state_changes_by_user ON state_changes (home_user);
CREATE UNIQUE INDEX state_changes_by_ordinal ON state_changes (home_tenant, ordinal);

-- From when on a plane in a region enforces a revocation or state change: decided when it happens; only a release changes it.
CREATE TABLE arrivals (
    sequence   INTEGER NOT NULL,               -- of the revocation or state change
    plane      TEXT NOT NULL CHECK (plane IN ('refresh', 'session', 'cae', 'directory')),
    region     TEXT NOT NULL,
    visible_at INTEGER,                        -- home tenant's clock; NULL: after attempts, or held until released
    attempts   INTEGER,                        -- so many requests of a grant or session pass first; NULL: none is counted
    tenant     INTEGER NOT NULL DEFAULT 0,     -- the number of its
    PRIMARY KEY (sequence, plane, region),
    CHECK (visible_at IS NULL OR attempts IS NULL)
) STRICT;                                      -- in the order of the rowid: the model's order of regions
CREATE INDEX arrivals_by_tenant ON arrivals (tenant, visible_at);

-- How many requests of a grant, a session, or an account's fresh sign-ins have passed in spite of an arrival that counts them.
CREATE TABLE attempts (
    subject  TEXT NOT NULL,                    -- the id of the grant, session or user
    sequence INTEGER NOT NULL,
    plane    TEXT NOT NULL,
    region   TEXT NOT NULL,
    passed   INTEGER NOT NULL,
    PRIMARY KEY (subject, sequence, plane, region)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_by_sequence ON attempts (sequence);
