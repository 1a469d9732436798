-- What brings an older database to this schema: one section a version, begun by its number. The last number is the schema's.
-- A section is never changed once a program with it was released: somebody's database has gone through it.

-- To schema 8: columns are named by the field's words, and a seed holds rows instead of the control API's objects.

ALTER TABLE grants RENAME COLUMN is_capable TO declares_cp1;
ALTER TABLE device_codes RENAME COLUMN is_capable TO declares_cp1;
ALTER TABLE apps RENAME COLUMN delegated TO delegated_permissions;
ALTER TABLE apps RENAME COLUMN application TO application_permissions;

-- `|| ''` keeps a list or an object as text, which is how a JSON column holds it; NULL stays NULL.
UPDATE tenants SET seed = json_object(
    'tenant', json_object(
        'id', seed ->> '$.tenant.id',
        'name', seed ->> '$.tenant.name',
        'domains', json_extract(seed, '$.tenant.domains') || '',
        'clock_mode', 'running',
        'clock_ticks', 0,
        'propagation', json_extract(seed, '$.tenant.propagation') || '',
        'policies', json_extract(seed, '$.tenant.policies') || '',
        'is_sandbox', seed ->> '$.tenant.isSandbox'),
    'users', (
        SELECT json_group_array(json_object(
            'id', u.value ->> '$.id',
            'tenant', seed ->> '$.tenant.id',
            'user_principal_name', u.value ->> '$.userPrincipalName',
            'display_name', u.value ->> '$.displayName',
            'given_name', u.value ->> '$.givenName',
            'surname', u.value ->> '$.surname',
            'mail', u.value ->> '$.mail',
            'password_hash', json('{"blob":"' || (u.value ->> '$.passwordHash') || '"}'),
            'password_salt', u.value ->> '$.passwordSalt',
            'account_enabled', u.value ->> '$.accountEnabled',
            'roles', json_extract(u.value, '$.roles') || '',
            'challenges', json_extract(u.value, '$.challenges') || '',
            'withdrawn_consents', '[]',
            'must_change_password', 0,
            'profile', '{}',
            'home_tenant', u.value ->> '$.home.tenant',
            'home_user', u.value ->> '$.home.user',
            'created_at', 15778368000000000))                   -- the birth of every tenant: what schema 7 read back
        FROM json_each(seed, '$.users') u),
    'apps', (
        SELECT json_group_array(json_object(
            'tenant', seed ->> '$.tenant.id',
            'id', a.value ->> '$.id',
            'name', a.value ->> '$.name',
            'kind', a.value ->> '$.kind',
            'secret_hashes', json_extract(a.value, '$.secretHashes') || '',
            'redirect_uris', json_extract(a.value, '$.redirectUris') || '',
            'spa_redirect_uris', json_extract(a.value, '$.spaRedirectUris') || '',
            'logout_url', a.value ->> '$.logoutUrl',
            'flows', json_extract(a.value, '$.flows') || '',
            'delegated_permissions', json_extract(a.value, '$.delegated') || '',
            'application_permissions', json_extract(a.value, '$.application') || '',
            'exposes', json_extract(a.value, '$.exposes') || '',
            'access_token_version', a.value ->> '$.accessTokenVersion',
            'is_family_member', a.value ->> '$.foci',
            'lifetimes', json_extract(a.value, '$.lifetimes') || '',
            'challenges', json_extract(a.value, '$.challenges') || ''))
        FROM json_each(seed, '$.apps') a),
    'faults', json(ifnull(json_extract(seed, '$.faults'), '[]')));

-- To schema 9: what the clocks of tenants have shown is kept; apps and grants know which registration of a client id they are of.

CREATE TABLE clock_floors (
    tenant TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    ticks  INTEGER NOT NULL                    -- an instant of the tenant
) STRICT, WITHOUT ROWID;

ALTER TABLE apps ADD COLUMN registration INTEGER NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN registration INTEGER NOT NULL DEFAULT 0;

UPDATE tenants SET seed = json_set(seed, '$.apps', json((
    SELECT json_group_array(json_set(a.value, '$.registration', 0)) FROM json_each(seed, '$.apps') a)));

-- To schema 10: a code knows whether it was asked for at its tenant; users keep what they consented to beside an app's registration; apps have an
-- audience, id tokens from authorize, and secrets that end; tenants have service principals. Domains and redirect URIs are found by themselves; refresh
-- tokens know which of their grant's they are.

ALTER TABLE authorization_codes ADD COLUMN names_tenant INTEGER NOT NULL DEFAULT 1 CHECK (names_tenant IN (0, 1));
ALTER TABLE users ADD COLUMN consents TEXT NOT NULL DEFAULT '{}';
ALTER TABLE apps ADD COLUMN sign_in_audience TEXT NOT NULL DEFAULT 'AzureADMultipleOrgs'
    CHECK (sign_in_audience IN ('AzureADMultipleOrgs', 'AzureADMyOrg'));
ALTER TABLE apps ADD COLUMN issues_id_tokens INTEGER NOT NULL DEFAULT 0 CHECK (issues_id_tokens IN (0, 1));
ALTER TABLE apps ADD COLUMN secret_ends TEXT NOT NULL DEFAULT '{}';
ALTER TABLE apps ADD COLUMN certificates TEXT NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN optional_claims TEXT NOT NULL DEFAULT '{}';

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

UPDATE tenants SET seed = json_set(seed,
    '$.users', json((SELECT json_group_array(json_set(u.value, '$.consents', '{}')) FROM json_each(seed, '$.users') u)),
    '$.apps', json((
        SELECT json_group_array(json_set(a.value,
            '$.sign_in_audience', 'AzureADMultipleOrgs', '$.issues_id_tokens', 0, '$.secret_ends', '{}',
            '$.certificates', '[]', '$.optional_claims', '{}'))
        FROM json_each(seed, '$.apps') a)),
    '$.principals', json('[]'));

CREATE INDEX events_of_rare_kinds ON events (tenant, type)
    WHERE type <> 'tokenRefreshed' AND type <> 'refreshRefused' AND type <> 'accessOutlived' AND type <> 'accessChallenged';
CREATE INDEX events_by_user ON events (user) WHERE user IS NOT NULL;
CREATE INDEX sessions_by_tenant ON sessions (home_tenant, expires_at);
CREATE INDEX tenants_by_name ON tenants (is_sandbox, name, id);

CREATE TABLE domains (
    domain TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX domains_by_tenant ON domains (tenant);

INSERT OR IGNORE INTO domains SELECT d.value, t.id FROM tenants t, json_each(t.domains) d;

CREATE TABLE redirect_addresses (
    address TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    app     TEXT NOT NULL,
    PRIMARY KEY (address, tenant, app),
    FOREIGN KEY (tenant, app) REFERENCES apps (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX redirect_addresses_by_app ON redirect_addresses (tenant, app);

INSERT OR IGNORE INTO redirect_addresses
    SELECT CASE WHEN u.value GLOB 'http://localhost:[1-9]*' THEN 'http://localhost' || ltrim(substr(u.value, 18), '0123456789')
        WHEN u.value GLOB 'http://127.0.0.1:[1-9]*' THEN 'http://127.0.0.1' || ltrim(substr(u.value, 18), '0123456789')
        ELSE u.value END, a.tenant, a.id
    FROM apps a, (SELECT tenant, id, redirect_uris AS uris FROM apps UNION ALL SELECT tenant, id, spa_redirect_uris FROM apps) l,
        json_each(l.uris) u
    WHERE a.tenant = l.tenant AND a.id = l.id;

-- Grants and tenants have numbers, which stand for them where there are many rows. When the older Lapse wrote a token or code is not known: at its
-- last event at the latest.
ALTER TABLE tenants ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN pruned_through INTEGER;
ALTER TABLE tenants ADD COLUMN pruned_grant INTEGER NOT NULL DEFAULT 0;
UPDATE tenants SET number = rowid,
    policies = json_set(policies, '$.retention', json('{"eventRows":1000000,"eventAge":"P30D","tokenAge":"P30D"}')),
    seed = json_set(seed, '$.tenant.policies', json_set(json_extract(seed, '$.tenant.policies'),
        '$.retention', json('{"eventRows":1000000,"eventAge":"P30D","tokenAge":"P30D"}')) || '');
CREATE UNIQUE INDEX tenants_by_number ON tenants (number);

ALTER TABLE authorization_codes ADD COLUMN written_at INTEGER NOT NULL DEFAULT 0;
UPDATE authorization_codes SET written_at = (SELECT ifnull(max(written_at) / 10000000, 0) FROM events);
CREATE INDEX authorization_codes_by_end ON authorization_codes (expires_at) WHERE redeemed_at IS NULL;
ALTER TABLE device_codes ADD COLUMN written_at INTEGER NOT NULL DEFAULT 0;
UPDATE device_codes SET written_at = (SELECT ifnull(max(written_at) / 10000000, 0) FROM events);
CREATE INDEX device_codes_by_tenant ON device_codes (tenant, expires_at);

ALTER TABLE arrivals ADD COLUMN tenant INTEGER NOT NULL DEFAULT 0;
UPDATE arrivals SET tenant = t.number FROM tenants t,
        (SELECT sequence, home_tenant FROM revocations UNION ALL SELECT sequence, home_tenant FROM state_changes) e
    WHERE e.sequence = arrivals.sequence AND t.id = e.home_tenant;
CREATE INDEX arrivals_by_tenant ON arrivals (tenant, visible_at);

CREATE TEMP TABLE old_grants AS SELECT rowid AS number, * FROM grants;
CREATE TEMP TABLE old_tokens AS
    SELECT g.number, issued_at, hash, expires_at, t.number AS tenant, (SELECT ifnull(max(written_at) / 10000000, 0) FROM events) AS written_at, row_number() OVER earlier AS ordinal,
        nullif(max(expires_at) OVER earlier, expires_at) AS last_end
    FROM refresh_tokens r JOIN old_grants g ON g.id = r.grant_id JOIN tenants t ON t.id = g.tenant
    WINDOW earlier AS (PARTITION BY g.number ORDER BY issued_at, hash ROWS UNBOUNDED PRECEDING);
DROP TABLE refresh_tokens;
DROP TABLE grants;

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
INSERT INTO grants SELECT *, NULL, NULL, NULL FROM old_grants;

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
INSERT INTO refresh_tokens SELECT * FROM old_tokens;
DROP TABLE old_tokens;
DROP TABLE old_grants;

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
