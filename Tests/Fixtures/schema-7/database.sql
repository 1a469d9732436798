PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta (
    version    INTEGER NOT NULL,
    last_event INTEGER NOT NULL                -- no event that was ever deleted with its tenant had a higher id
) STRICT;
INSERT INTO meta VALUES(7,0);
CREATE TABLE tenants (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    domains     TEXT NOT NULL,                 -- JSON list, lower case, the default first
    clock_mode  TEXT NOT NULL CHECK (clock_mode IN ('running', 'frozen')),
    clock_ticks INTEGER NOT NULL,              -- running: offset from the machine's clock; frozen: the instant shown
    propagation TEXT,                          -- JSON model; NULL follows the server's
    policies    TEXT NOT NULL,                 -- JSON
    seed        TEXT NOT NULL,                 -- JSON: the rows that a reset brings back, secrets hashed
    is_sandbox  INTEGER NOT NULL CHECK (is_sandbox IN (0, 1)),
    first_event INTEGER NOT NULL               -- no event of the tenant has a lower id
) STRICT;
INSERT INTO tenants VALUES('11111111-aaaa-4aaa-8aaa-111111111111','Contoso','["contoso.example"]','frozen',17723664300000000,'{"seed":1,"regions":["eastus","westeurope"],"routing":"sticky","origin":"sampled","planes":{"refresh":{"afterAttempts":2},"session":"immediate","cae":"immediate","directory":"immediate"}}','{"tieRule":"entra","revocationMatrix":{"passwordChange":["passwordCookie","passwordToken","nonPasswordToken"]},"revokeAnswer":204,"permissions":"newest","errorLayout":"current","suberror":true,"loopDetection":false,"tokenTimes":"tenant","cloud":"global","lifetimes":{"accessToken":"PT20M"}}','{"tenant":{"id":"11111111-aaaa-4aaa-8aaa-111111111111","name":"Contoso","domains":["contoso.example"],"policies":{"tieRule":"precise","revocationMatrix":{},"revokeAnswer":200,"permissions":"newest","errorLayout":"current","suberror":true,"loopDetection":false,"tokenTimes":"tenant","cloud":"global","lifetimes":{}},"isSandbox":false},"users":[{"id":"aaaaaaaa-0001-4000-8000-000000000001","userPrincipalName":"adele@contoso.example","displayName":"Adele Vance","givenName":"Adele","surname":"Vance","mail":"adele@contoso.example","accountEnabled":true,"roles":[],"challenges":[],"createdDateTime":"2020-01-01T00:00:00Z","passwordHash":"5dd6d491b8c3861a1879da3a7c0e09a4fd6f77e50925fdcd518844ac3e7b1774","passwordSalt":"aaaaaaaa-0001-4000-8000-000000000001"},{"id":"aaaaaaaa-0001-4000-8000-000000000002","userPrincipalName":"alex@contoso.example","displayName":"Alex Wilber","givenName":"Alex","surname":"Wilber","mail":"alex@contoso.example","accountEnabled":true,"roles":[],"challenges":[],"createdDateTime":"2020-01-01T00:00:00Z","passwordHash":"a40096779d93b29f2f03a54e0cf92178dd5242aa505fde445bf07559cf68c146","passwordSalt":"aaaaaaaa-0001-4000-8000-000000000002"},{"id":"aaaaaaaa-0001-4000-8000-000000000003","userPrincipalName":"admin@contoso.example","displayName":"Ada Admin","givenName":"Ada","surname":"Admin","mail":"admin@contoso.example","accountEnabled":true,"roles":["Global Administrator"],"challenges":[],"createdDateTime":"2020-01-01T00:00:00Z","passwordHash":"07f15e3fbe1413b000bb2be670503153197d64610a741aec0e28839c684ed73b","passwordSalt":"aaaaaaaa-0001-4000-8000-000000000003"},{"id":"aaaaaaaa-0001-4000-8000-000000000005","userPrincipalName":"nestor_fabrikam.example#EXT#@contoso.example","displayName":"Nestor Wilke","givenName":null,"surname":null,"mail":"nestor@fabrikam.example","accountEnabled":true,"roles":[],"challenges":[],"home":{"tenant":"22222222-bbbb-4bbb-8bbb-222222222222","user":"aaaaaaaa-0001-4000-8000-000000000004"},"createdDateTime":"2020-01-01T00:00:00Z","passwordSalt":"aaaaaaaa-0001-4000-8000-000000000005"}],"apps":[{"id":"bbbbbbbb-0002-4000-8000-000000000001","name":"Lapse Native","kind":"public","redirectUris":["http://localhost","http://localhost/cb","http://localhost/callback"],"spaRedirectUris":[],"logoutUrl":null,"flows":["code","refresh","device","password"],"delegated":["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"],"application":[],"exposes":null,"accessTokenVersion":2,"foci":false,"lifetimes":{},"challenges":[],"secretHashes":[]},{"id":"bbbbbbbb-0002-4000-8000-000000000002","name":"Lapse Web","kind":"confidential","redirectUris":["http://localhost:3000/auth/callback","https://localhost:3000/auth/callback","http://localhost/cb"],"spaRedirectUris":[],"logoutUrl":null,"flows":["code","refresh","clientCredentials","onBehalfOf"],"delegated":["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"],"application":[],"exposes":null,"accessTokenVersion":2,"foci":false,"lifetimes":{},"challenges":[],"secretHashes":["d01eab998a7546cfddef7f2b60f17d7558dfe5a860e5d98a8329afc71b1e027b"]},{"id":"bbbbbbbb-0002-4000-8000-000000000003","name":"Lapse SPA","kind":"spa","redirectUris":[],"spaRedirectUris":["http://localhost:5173/","http://localhost/"],"logoutUrl":null,"flows":["code","refresh"],"delegated":["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"],"application":[],"exposes":null,"accessTokenVersion":2,"foci":false,"lifetimes":{},"challenges":[],"secretHashes":[]},{"id":"bbbbbbbb-0002-4000-8000-000000000004","name":"Lapse Daemon","kind":"confidential","redirectUris":[],"spaRedirectUris":[],"logoutUrl":null,"flows":["code","refresh","clientCredentials","onBehalfOf"],"delegated":["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"],"application":["User.RevokeSessions.All","User.Read.All","User.ReadWrite.All","AuditLog.Read.All"],"exposes":null,"accessTokenVersion":2,"foci":false,"lifetimes":{},"challenges":[],"secretHashes":["795b8460870f9b3ac1f29a8a87d9bbfdc3cb3a6050a46e98c4e21a7dbe71b561"]},{"id":"bbbbbbbb-0002-4000-8000-000000000005","name":"Lapse API","kind":"resource","redirectUris":[],"spaRedirectUris":[],"logoutUrl":null,"flows":["onBehalfOf"],"delegated":["User.Read"],"application":[],"exposes":{"uri":"api://lapse-lab","scopes":["access_as_user"],"xms_cc":true},"accessTokenVersion":2,"foci":false,"lifetimes":{},"challenges":[],"secretHashes":["5e8f30bfa9f9016594eed9e513d96886a17761fae2fcaeebbe7d70c96936b47e"]}],"faults":[]}',0,1);
INSERT INTO tenants VALUES('22222222-bbbb-4bbb-8bbb-222222222222','Fabrikam','["fabrikam.example"]','frozen',17723664300000000,NULL,'{"tieRule":"precise","revocationMatrix":{},"revokeAnswer":200,"permissions":"newest","errorLayout":"current","suberror":true,"loopDetection":false,"tokenTimes":"tenant","cloud":"global","lifetimes":{}}','{"tenant":{"id":"22222222-bbbb-4bbb-8bbb-222222222222","name":"Fabrikam","domains":["fabrikam.example"],"policies":{"tieRule":"precise","revocationMatrix":{},"revokeAnswer":200,"permissions":"newest","errorLayout":"current","suberror":true,"loopDetection":false,"tokenTimes":"tenant","cloud":"global","lifetimes":{}},"isSandbox":false},"users":[{"id":"aaaaaaaa-0001-4000-8000-000000000004","userPrincipalName":"nestor@fabrikam.example","displayName":"Nestor Wilke","givenName":"Nestor","surname":"Wilke","mail":"nestor@fabrikam.example","accountEnabled":true,"roles":[],"challenges":[],"createdDateTime":"2020-01-01T00:00:00Z","passwordHash":"a5514d9c86620f3050be29561597caac74e1a41cb8901bd242c442af04f8cacb","passwordSalt":"aaaaaaaa-0001-4000-8000-000000000004"}],"apps":[],"faults":[]}',0,1);
CREATE TABLE routing (
    tenant   TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    requests INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
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
    account_enabled     INTEGER NOT NULL CHECK (account_enabled IN (0, 1)), -- as Graph shows it; believed is state_changes
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
    CHECK ((home_tenant IS NULL) = (home_user IS NULL))
) STRICT;
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-000000000001','11111111-aaaa-4aaa-8aaa-111111111111','adele@contoso.example','Adele Vance','Adele','Vance','adele@contoso.example',X'a059e36bda6fb241f6a15604ec5f180000d3610563001a2fd67b3972c171e74c','aaaaaaaa-0001-4000-8000-000000000001',1,'[]','[]','[]',0,'{}',NULL,NULL,15778368000000000,NULL,0);
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-000000000002','11111111-aaaa-4aaa-8aaa-111111111111','alex@contoso.example','Alex Wilber','Alex','Wilber','alex@contoso.example',X'a40096779d93b29f2f03a54e0cf92178dd5242aa505fde445bf07559cf68c146','aaaaaaaa-0001-4000-8000-000000000002',1,'[]','[]','["bbbbbbbb-0002-4000-8000-000000000002"]',0,'{}',NULL,NULL,15778368000000000,NULL,0);
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-000000000003','11111111-aaaa-4aaa-8aaa-111111111111','admin@contoso.example','Ada Admin','Ada','Admin','admin@contoso.example',X'07f15e3fbe1413b000bb2be670503153197d64610a741aec0e28839c684ed73b','aaaaaaaa-0001-4000-8000-000000000003',1,'["Global Administrator"]','[]','[]',0,'{}',NULL,NULL,15778368000000000,NULL,0);
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-000000000005','11111111-aaaa-4aaa-8aaa-111111111111','nestor_fabrikam.example#EXT#@contoso.example','Nestor Wilke',NULL,NULL,'nestor@fabrikam.example',NULL,'aaaaaaaa-0001-4000-8000-000000000005',1,'[]','[]','[]',0,'{}','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',15778368000000000,NULL,0);
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-000000000004','22222222-bbbb-4bbb-8bbb-222222222222','nestor@fabrikam.example','Nestor Wilke','Nestor','Wilke','nestor@fabrikam.example',X'a5514d9c86620f3050be29561597caac74e1a41cb8901bd242c442af04f8cacb','aaaaaaaa-0001-4000-8000-000000000004',1,'[]','[]','[]',0,'{}',NULL,NULL,15778368000000000,NULL,0);
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-0000000000a1','11111111-aaaa-4aaa-8aaa-111111111111','mila@contoso.example','Mila',NULL,NULL,NULL,X'3568fbca55efefc6a6437138c9f9fe073229dbd0f5ce94b3278933e86168439d','aaaaaaaa-0001-4000-8000-0000000000a1',1,'["Helpdesk Administrator"]','[{"code":50076,"on":["refresh"]}]','[]',0,'{}',NULL,NULL,17723664000000000,NULL,0);
INSERT INTO users VALUES('7c31ba44-e492-45dc-bd80-64545c112484','11111111-aaaa-4aaa-8aaa-111111111111','gone@contoso.example','Gone',NULL,NULL,NULL,X'30075a5319d1220c0ad3546dc155a522d5097cf9922f18a4af6949f63abd6792','7c31ba44-e492-45dc-bd80-64545c112484',1,'[]','[]','[]',0,'{}',NULL,NULL,17723664000000000,17723664300000000,0);
INSERT INTO users VALUES('8f52d2fd-4d78-48ee-9382-af700fc33106','11111111-aaaa-4aaa-8aaa-111111111111','off@contoso.example','Off',NULL,NULL,NULL,X'd8286664261eb7380ce3e7f454941058781ea1f1b19ba19f1c95e036c35d9d8d','8f52d2fd-4d78-48ee-9382-af700fc33106',0,'[]','[]','[]',0,'{}',NULL,NULL,17723664000000000,NULL,0);
CREATE TABLE lockouts (
    user         TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    failures     INTEGER NOT NULL,
    locked_until INTEGER                       -- NULL: not locked so far
) STRICT, WITHOUT ROWID;
CREATE TABLE token_requests (
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    hash   BLOB NOT NULL,
    at     INTEGER NOT NULL
) STRICT;
CREATE TABLE faults (
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    ordinal    INTEGER NOT NULL,               -- which of the tenant's faults: the key of its chances
    id         TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,                  -- JSON as it was given
    asked      INTEGER NOT NULL,               -- matching requests so far, and how many of them were hit
    hits       INTEGER NOT NULL,
    PRIMARY KEY (tenant, ordinal)
) STRICT;
INSERT INTO faults VALUES('11111111-aaaa-4aaa-8aaa-111111111111',1,'b5305b5e-4d1e-438d-9394-2e54bbd7f186','{"name":"one in two","match":{"endpoint":"token","user":"aaaaaaaa-0001-4000-8000-000000000002"},"effect":{"status":503,"retryAfter":"PT5S"},"times":3,"probability":0.5}',0,0);
CREATE TABLE expectations (
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    ordinal    INTEGER NOT NULL,
    id         TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    PRIMARY KEY (tenant, ordinal)
) STRICT;
INSERT INTO expectations VALUES('11111111-aaaa-4aaa-8aaa-111111111111',1,'a82455a1-b835-4067-ac74-0ca91f092d31','{"name":"comes back","after":"revoke","reauthorizesWithin":"PT1M"}');
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
    delegated            TEXT NOT NULL,
    application          TEXT NOT NULL,
    exposes              TEXT,                 -- JSON; NULL: exposes no API
    access_token_version INTEGER NOT NULL CHECK (access_token_version IN (1, 2)),
    is_family_member     INTEGER NOT NULL CHECK (is_family_member IN (0, 1)),
    lifetimes            TEXT NOT NULL,        -- JSON
    challenges           TEXT NOT NULL,        -- JSON list
    PRIMARY KEY (tenant, id)
) STRICT;
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','bbbbbbbb-0002-4000-8000-000000000001','Lapse Native','public','[]','["http://localhost","http://localhost/cb","http://localhost/callback"]','[]',NULL,'["code","refresh","device","password"]','["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"]','[]',NULL,2,0,'{}','[]');
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','bbbbbbbb-0002-4000-8000-000000000002','Lapse Web','confidential','["d01eab998a7546cfddef7f2b60f17d7558dfe5a860e5d98a8329afc71b1e027b"]','["http://localhost:3000/auth/callback","https://localhost:3000/auth/callback","http://localhost/cb"]','[]',NULL,'["code","refresh","clientCredentials","onBehalfOf"]','["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"]','[]',NULL,2,0,'{}','[]');
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','bbbbbbbb-0002-4000-8000-000000000003','Lapse SPA','spa','[]','[]','["http://localhost:5173/","http://localhost/"]',NULL,'["code","refresh"]','["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"]','[]',NULL,2,0,'{}','[]');
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','bbbbbbbb-0002-4000-8000-000000000004','Lapse Daemon','confidential','["795b8460870f9b3ac1f29a8a87d9bbfdc3cb3a6050a46e98c4e21a7dbe71b561"]','[]','[]',NULL,'["code","refresh","clientCredentials","onBehalfOf"]','["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"]','["User.RevokeSessions.All","User.Read.All","User.ReadWrite.All","AuditLog.Read.All"]',NULL,2,0,'{}','[]');
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','bbbbbbbb-0002-4000-8000-000000000005','Lapse API','resource','["5e8f30bfa9f9016594eed9e513d96886a17761fae2fcaeebbe7d70c96936b47e"]','[]','[]',NULL,'["onBehalfOf"]','["User.Read"]','[]','{"uri":"api://lapse-lab","scopes":["access_as_user"],"xms_cc":true}',2,0,'{}','[]');
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','dddddddd-0004-4000-8000-000000000001','Web with an API','confidential','["6c9f962eefa14b6d2589cd6a45c38129ca056bec783905aafb13c5e432379dda"]','["http://localhost:3000/cb"]','[]','http://localhost:3000/out','["code","refresh","clientCredentials","onBehalfOf"]','["User.Read"]','["User.Read.All"]','{"uri":"api://fixture","scopes":["read"],"xms_cc":true}',2,0,'{"accessToken":"PT2M"}','[{"code":7000222,"on":["refresh","authorize"]}]');
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
INSERT INTO events VALUES(1,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915140756432);
INSERT INTO events VALUES(2,'22222222-bbbb-4bbb-8bbb-222222222222',17723664000000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915140830065);
INSERT INTO events VALUES(3,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'propagationChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915140866998);
INSERT INTO events VALUES(4,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'policiesChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915140927476);
INSERT INTO events VALUES(5,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','aaaaaaaa-0001-4000-8000-0000000000a1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915140956630);
INSERT INTO events VALUES(6,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','7c31ba44-e492-45dc-bd80-64545c112484',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915140996128);
INSERT INTO events VALUES(7,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','8f52d2fd-4d78-48ee-9382-af700fc33106',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141016340);
INSERT INTO events VALUES(8,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'appCreated',NULL,'dddddddd-0004-4000-8000-000000000001',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141080255);
INSERT INTO events VALUES(9,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','350dc5aa-f3e2-4402-9b92-fa92fb3182a2',NULL,'eastus',NULL,'e4cd071f-d8f5-4eec-ba1b-a32e97091f89',NULL,17723676000000000,0,NULL,NULL,17958915141118510);
INSERT INTO events VALUES(10,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000002','d108aa0d-616d-4083-9272-7e8a1c8e4526',NULL,'eastus',NULL,'3792afc5-2e6e-43cf-be9e-bc16f8b7b3be',NULL,17723676000000000,0,NULL,NULL,17958915141196060);
INSERT INTO events VALUES(11,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000003','3e442513-b572-49ca-ab06-c26b8286f5cd',NULL,'eastus',NULL,'1a156826-e48e-43cd-a9c7-7e9c7a0faa54',NULL,17723676000000000,0,NULL,NULL,17958915141226251);
INSERT INTO events VALUES(12,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','81b366d1-7535-4aa3-b44c-d8b51da92fe4',NULL,'eastus',NULL,'b4f2e9d1-dd2b-4db1-ad38-c9c60c80fac3',NULL,17723676000000000,0,NULL,NULL,17958915141249228);
INSERT INTO events VALUES(13,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-0000000000a1','bbbbbbbb-0002-4000-8000-000000000001','17a04d7e-64bf-4a68-b88e-1112f30fd425',NULL,'eastus',NULL,'d8748fe9-8818-4d05-89f1-22ec38820f07',NULL,17723676000000000,0,NULL,NULL,17958915141304367);
INSERT INTO events VALUES(14,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','7c31ba44-e492-45dc-bd80-64545c112484','bbbbbbbb-0002-4000-8000-000000000001','277dcb48-4cfa-4029-947b-c2bcad198232',NULL,'eastus',NULL,'f85f032c-8669-4452-a05e-e7eb3e4c0db8',NULL,17723676000000000,0,NULL,NULL,17958915141331204);
INSERT INTO events VALUES(15,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','8f52d2fd-4d78-48ee-9382-af700fc33106','bbbbbbbb-0002-4000-8000-000000000001','2a788ee2-7ccb-4e5c-985d-625c1b87210f',NULL,'eastus',NULL,'e73288e9-b12f-4cd6-b80f-288fd4c4f6b0',NULL,17723676000000000,0,NULL,NULL,17958915141354410);
INSERT INTO events VALUES(16,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000005','bbbbbbbb-0002-4000-8000-000000000001','b124e16d-362e-4ed2-a3d2-e1dd87f9b742',NULL,'eastus',NULL,'cc3c347e-1a4f-444e-859b-ddf182cd41e7',NULL,17723676000000000,0,NULL,NULL,17958915141481359);
INSERT INTO events VALUES(17,'22222222-bbbb-4bbb-8bbb-222222222222',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000004','bbbbbbbb-0002-4000-8000-000000000001','a7d7ddc7-f677-4ebf-842b-02aec9d68888',NULL,'local',NULL,'e3fffc7c-289b-4c45-bcdd-d7d2cb06a965',NULL,17723701620000000,0,NULL,NULL,17958915141509239);
INSERT INTO events VALUES(18,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','471fdd23-7664-40e5-a77f-be37dd60a99c',NULL,'eastus',NULL,'30b5c047-ddb4-4df1-9227-716e4e5b40e0',NULL,17723676000000000,0,NULL,NULL,17958915141532666);
INSERT INTO events VALUES(19,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141592418);
INSERT INTO events VALUES(20,'22222222-bbbb-4bbb-8bbb-222222222222',17723664100000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141615735);
INSERT INTO events VALUES(21,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'tokenRefreshed','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','471fdd23-7664-40e5-a77f-be37dd60a99c',NULL,'eastus',NULL,'6d515b14-5b98-4a18-832a-411736f693af',NULL,17724647330000000,1,'cb606f690b6469f6',NULL,17958915141650615);
INSERT INTO events VALUES(22,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'deviceCodeIssued',NULL,'bbbbbbbb-0002-4000-8000-000000000001',NULL,NULL,'westeurope',NULL,'29d7710e-db09-458f-ae4e-ebec93ab7641',NULL,NULL,NULL,NULL,NULL,17958915141715776);
INSERT INTO events VALUES(23,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'consentWithdrawn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141751169);
INSERT INTO events VALUES(24,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002','ca79e3d2-3ee0-440c-80e8-de4bfba44203',NULL,'eastus',NULL,'f77df29a-c777-4302-a6ee-1ef4d0d51d68',NULL,17723676100000000,0,NULL,NULL,17958915141797503);
INSERT INTO events VALUES(25,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'revoked','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'82b31b4f-5f2d-4d58-9779-9c230d96b123','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141821097);
INSERT INTO events VALUES(26,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141873388);
INSERT INTO events VALUES(27,'22222222-bbbb-4bbb-8bbb-222222222222',17723664300000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141912719);
INSERT INTO events VALUES(28,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'f4b59fc5-a14f-49a6-8fc3-6ef6539b5f41','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141931811);
INSERT INTO events VALUES(29,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'passwordChanged','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'f4b59fc5-a14f-49a6-8fc3-6ef6539b5f41',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141933834);
INSERT INTO events VALUES(30,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000002',NULL,NULL,'3205526a-8d7d-46a4-9786-746d242fc5b1','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141952014);
INSERT INTO events VALUES(31,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-0000000000a1',NULL,NULL,'6c388705-0c7f-4015-843a-0404b55d7332','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915141970043);
INSERT INTO events VALUES(32,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'2fd7722f-3464-400a-a0f9-d674e9bdff2d','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915142029674);
INSERT INTO events VALUES(33,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revocationReleased','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'2fd7722f-3464-400a-a0f9-d674e9bdff2d','westeurope',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915142050707);
INSERT INTO events VALUES(34,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'userDeleted','7c31ba44-e492-45dc-bd80-64545c112484',NULL,NULL,'bb510442-ab1e-4edd-b832-778a338da01d','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915142068863);
INSERT INTO events VALUES(35,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'userUpdated','8f52d2fd-4d78-48ee-9382-af700fc33106',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915142088233);
INSERT INTO events VALUES(36,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'accountDisabled','8f52d2fd-4d78-48ee-9382-af700fc33106',NULL,NULL,'14d66268-da6d-4818-9c25-e2bfc32d4d24','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915142088372);
INSERT INTO events VALUES(37,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'propagationChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915142146785);
INSERT INTO events VALUES(38,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000003','bbbbbbbb-0002-4000-8000-000000000001','da8b2b81-6980-4aa7-b5ff-d981cff23f99',NULL,'eastus',NULL,'a8df9188-c001-4c25-9dc8-eb0a201a4d99',NULL,17723676300000000,0,NULL,NULL,17958915142177949);
INSERT INTO events VALUES(39,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'ae0b561e-9f2a-44ef-b9cb-7e67b561e37d','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17958915142222780);
INSERT INTO events VALUES(40,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','4945f06b-2211-4a1a-aa08-f32960810fa0',NULL,'eastus',NULL,'4a2c40dd-feda-43bd-b948-7e82456e2fc7',NULL,17723676300000000,0,NULL,NULL,17958915142246945);
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
INSERT INTO sessions VALUES('6e23c513-db6c-44ac-929d-881673e36652',X'2efdc398d0d6b7709a54e31796d53332f4f476df7d27cdf852bc151c2b16ec8f','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,9,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('93ea4146-8d43-4a59-8fe2-25988266dfa6',X'8aa69679db7ab74527dea6d7dd7223f10e3a2c3b0f10d4c92e77f993fb3082b9','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,10,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('81c5ffa9-3a5e-4cf6-bd55-d30bce8d4f90',X'71342f24efa7021f67d7ecee966e7e4bc855581cabdedb1dcf954f1e9b079efd','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,11,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('63ee2870-21a7-4f85-afa4-fc28cef16a9a',X'8f49eea2cb523034e9c4e9f4be7d325adabd17a18b0ed63c9e0afded08f05d08','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,12,'non-password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('b924a7d0-ef4f-48ce-8195-3c3fb26d679c',X'6b4f581b900368550b430e2794f0ca4b1104d055e3d8a5d71757b17587f370af','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664000000000,13,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('850be195-d7c2-41a1-a424-0ae512f2455e',X'81809d8c3500b53709f8c24de703ad97420f651c49f91818936e38060eb18270','11111111-aaaa-4aaa-8aaa-111111111111','7c31ba44-e492-45dc-bd80-64545c112484',17723664000000000,14,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('18cba8b0-387f-4774-aa1b-ff57455ecc54',X'76511ffa906be249a7dcc40a9c2a69908b76ce7cc0438c4077c1dfc59fbf1a11','11111111-aaaa-4aaa-8aaa-111111111111','8f52d2fd-4d78-48ee-9382-af700fc33106',17723664000000000,15,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('68125bc3-8524-416f-900f-ea8159d8d1cb',X'57c170adfbd5eaacc0ff9f9587ace4345024fb3221fb7d4c725e8c52a34eafa6','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,16,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('0f94cd3b-1bf9-4701-b028-fa26e3e0197a',X'04f4b626116a724a4649639b88c0778efda73ca425edfd8026da2b602ca3c15c','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,17,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('247b264d-a34f-4d52-9eef-b0900276f539',X'ddb45c01d2776f657a4540b4453f5a4214c01d2a8b7722e04ae42ab278b005ad','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664000000000,18,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('5bbdda3c-745a-4a75-87e5-907498950c09',X'ac4a833b6e87d6d3726aee9b8eef4e899face4758fc834a12722309abec4fb92','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664100000000,24,'password',0,17723664100000000,17724528100000000,NULL);
INSERT INTO sessions VALUES('3c60ffe1-93e8-4874-ac93-a8d4b3530c86',X'684bd35222df7200c780482665ff7ca05b8400a281b05accfad884767170c9ce','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,38,'password',0,17723664300000000,17724528300000000,NULL);
INSERT INTO sessions VALUES('30f5c82d-e34b-4cb6-a6d9-3744807e6632',X'56fd7da9d01e8bf09681b0e242bac5bf796d5418f27739d06ca1f9ebc78808be','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,40,'password',0,17723664300000000,17724528300000000,NULL);
CREATE TABLE grants (
    id           TEXT PRIMARY KEY,
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
    is_capable   INTEGER NOT NULL CHECK (is_capable IN (0, 1))     -- the client understands claims challenges
) STRICT;
INSERT INTO grants VALUES('350dc5aa-f3e2-4402-9b92-fa92fb3182a2','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,9,'password','6e23c513-db6c-44ac-929d-881673e36652',17723664000000000,0);
INSERT INTO grants VALUES('d108aa0d-616d-4083-9272-7e8a1c8e4526','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000002','confidential','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,10,'password','93ea4146-8d43-4a59-8fe2-25988266dfa6',17723664000000000,0);
INSERT INTO grants VALUES('3e442513-b572-49ca-ab06-c26b8286f5cd','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000003','spa','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,11,'password','81c5ffa9-3a5e-4cf6-bd55-d30bce8d4f90',17723664000000000,0);
INSERT INTO grants VALUES('81b366d1-7535-4aa3-b44c-d8b51da92fe4','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,12,'non-password','63ee2870-21a7-4f85-afa4-fc28cef16a9a',17723664000000000,0);
INSERT INTO grants VALUES('17a04d7e-64bf-4a68-b88e-1112f30fd425','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664000000000,13,'password','b924a7d0-ef4f-48ce-8195-3c3fb26d679c',17723664000000000,0);
INSERT INTO grants VALUES('277dcb48-4cfa-4029-947b-c2bcad198232','11111111-aaaa-4aaa-8aaa-111111111111','7c31ba44-e492-45dc-bd80-64545c112484','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','7c31ba44-e492-45dc-bd80-64545c112484',17723664000000000,14,'password','850be195-d7c2-41a1-a424-0ae512f2455e',17723664000000000,0);
INSERT INTO grants VALUES('2a788ee2-7ccb-4e5c-985d-625c1b87210f','11111111-aaaa-4aaa-8aaa-111111111111','8f52d2fd-4d78-48ee-9382-af700fc33106','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','8f52d2fd-4d78-48ee-9382-af700fc33106',17723664000000000,15,'password','18cba8b0-387f-4774-aa1b-ff57455ecc54',17723664000000000,0);
INSERT INTO grants VALUES('b124e16d-362e-4ed2-a3d2-e1dd87f9b742','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000005','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,16,'password','68125bc3-8524-416f-900f-ea8159d8d1cb',17723664000000000,0);
INSERT INTO grants VALUES('a7d7ddc7-f677-4ebf-842b-02aec9d68888','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,17,'password','0f94cd3b-1bf9-4701-b028-fa26e3e0197a',17723664000000000,0);
INSERT INTO grants VALUES('471fdd23-7664-40e5-a77f-be37dd60a99c','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664000000000,18,'password','247b264d-a34f-4d52-9eef-b0900276f539',17723664000000000,0);
INSERT INTO grants VALUES('ca79e3d2-3ee0-440c-80e8-de4bfba44203','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002','confidential','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664100000000,24,'password','5bbdda3c-745a-4a75-87e5-907498950c09',17723664100000000,0);
INSERT INTO grants VALUES('da8b2b81-6980-4aa7-b5ff-d981cff23f99','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,38,'password','3c60ffe1-93e8-4874-ac93-a8d4b3530c86',17723664300000000,0);
INSERT INTO grants VALUES('4945f06b-2211-4a1a-aa08-f32960810fa0','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,40,'password','30f5c82d-e34b-4cb6-a6d9-3744807e6632',17723664300000000,0);
CREATE TABLE refresh_tokens (
    grant_id   TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    issued_at  INTEGER NOT NULL,               -- the grant's tenant's clock
    hash       BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (grant_id, issued_at, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO refresh_tokens VALUES('17a04d7e-64bf-4a68-b88e-1112f30fd425',17723664000000000,X'67de2fbd633faa1a8e253bb5efb5d95d58b44cba6a0e76c86844f805bf7774b7',17801424000000000);
INSERT INTO refresh_tokens VALUES('277dcb48-4cfa-4029-947b-c2bcad198232',17723664000000000,X'cecc085f6d88a9569d9e4a585e1f8dc9c8282e3683d96e17f2e60e7c4ad3ab3c',17801424000000000);
INSERT INTO refresh_tokens VALUES('2a788ee2-7ccb-4e5c-985d-625c1b87210f',17723664000000000,X'130ae61ac86fb6797c519a15199f8a83bfaf008a4024d7a5a7a9eaae5264b8d3',17801424000000000);
INSERT INTO refresh_tokens VALUES('350dc5aa-f3e2-4402-9b92-fa92fb3182a2',17723664000000000,X'a61541ebca6db4da6a493e2d10567db1f1df85cd871a374752a011d3cb5d1065',17801424000000000);
INSERT INTO refresh_tokens VALUES('3e442513-b572-49ca-ab06-c26b8286f5cd',17723664000000000,X'342c04ad7fb6868354076447aec00fa0a5f3b93e1688cb42672ee364bdee5758',17724528000000000);
INSERT INTO refresh_tokens VALUES('471fdd23-7664-40e5-a77f-be37dd60a99c',17723664000000000,X'cb606f690b6469f61fa9698b256c22164977e523a65c889a27a98c3b29766217',17801424000000000);
INSERT INTO refresh_tokens VALUES('471fdd23-7664-40e5-a77f-be37dd60a99c',17723664100000000,X'4e7770acf22f88a233f2993d8a9310591b02021ad0b9ae263566a29cc84664f6',17801424100000000);
INSERT INTO refresh_tokens VALUES('4945f06b-2211-4a1a-aa08-f32960810fa0',17723664300000000,X'15da54ab4c0849d123f37431f84b3ec92ea903b1a1a3a3d5c41329c99a9472ce',17801424300000000);
INSERT INTO refresh_tokens VALUES('81b366d1-7535-4aa3-b44c-d8b51da92fe4',17723664000000000,X'6942df80f92790120e211c2d1ec2aa367ae415dab5d944d240e152cc59489c1b',17801424000000000);
INSERT INTO refresh_tokens VALUES('a7d7ddc7-f677-4ebf-842b-02aec9d68888',17723664000000000,X'd30ece3b83749b94ebd4cabe414f84b8d92745b4722250e131e3c9a3f1631e22',17801424000000000);
INSERT INTO refresh_tokens VALUES('b124e16d-362e-4ed2-a3d2-e1dd87f9b742',17723664000000000,X'80b78e8f24180080a97216c79994a17b52a87548ea9d6f088ea3afd7e2867c60',17801424000000000);
INSERT INTO refresh_tokens VALUES('ca79e3d2-3ee0-440c-80e8-de4bfba44203',17723664100000000,X'efeeb7b1ecfc8f187bc1383d0ed458249f22692ea7a3fcfc78b3db1ed5499fdf',17801424100000000);
INSERT INTO refresh_tokens VALUES('d108aa0d-616d-4083-9272-7e8a1c8e4526',17723664000000000,X'6c9e2804b8811aa63244837da7b61daade67d97d1d2028934d37a4746da1f5b6',17801424000000000);
INSERT INTO refresh_tokens VALUES('da8b2b81-6980-4aa7-b5ff-d981cff23f99',17723664300000000,X'1fd50171755ffa733568093e58bb869deedbe56b0f9194547c31a48e07aa1ed2',17801424300000000);
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
    CHECK ((challenge IS NULL) = (challenge_method IS NULL))
) STRICT, WITHOUT ROWID;
CREATE TABLE device_codes (
    hash           BLOB PRIMARY KEY,
    user_code_hash BLOB NOT NULL UNIQUE,
    client         TEXT NOT NULL,
    tenant         TEXT REFERENCES tenants (id) ON DELETE CASCADE, -- NULL: asked for at common or organizations
    scope          TEXT NOT NULL,
    is_capable     INTEGER NOT NULL CHECK (is_capable IN (0, 1)),  -- as in grants
    issued_at      INTEGER NOT NULL,           -- tenant's clock; without a tenant the machine's
    expires_at     INTEGER NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'declined', 'redeemed')),
    grant_id       TEXT REFERENCES grants (id) ON DELETE CASCADE   -- NULL until approved
) STRICT, WITHOUT ROWID;
INSERT INTO device_codes VALUES(X'9cf3ba8916745673413fcf2a80f49b469795c6123bc4a7537a40ba1b971171ae',X'13f0a09d07743c5017df54ae34e70617f546d2caf4880bdf507edd16ccd42733','bbbbbbbb-0002-4000-8000-000000000001','11111111-aaaa-4aaa-8aaa-111111111111','openid',0,17723664100000000,17723673100000000,'pending',NULL);
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
INSERT INTO revocations VALUES('82b31b4f-5f2d-4d58-9779-9c230d96b123','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664100000000,25,1,'adminRevoke',NULL);
INSERT INTO revocations VALUES('f4b59fc5-a14f-49a6-8fc3-6ef6539b5f41','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,28,2,'passwordChange',NULL);
INSERT INTO revocations VALUES('3205526a-8d7d-46a4-9786-746d242fc5b1','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664300000000,30,3,'userRevoke',NULL);
INSERT INTO revocations VALUES('6c388705-0c7f-4015-843a-0404b55d7332','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664300000000,31,4,'passwordExpired',NULL);
INSERT INTO revocations VALUES('2fd7722f-3464-400a-a0f9-d674e9bdff2d','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,32,5,'adminResetEntra',NULL);
INSERT INTO revocations VALUES('ae0b561e-9f2a-44ef-b9cb-7e67b561e37d','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,39,8,'adminRevoke',NULL);
CREATE TABLE state_changes (
    id          TEXT PRIMARY KEY,
    sequence    INTEGER NOT NULL UNIQUE,       -- the event of the change
    ordinal     INTEGER NOT NULL,              -- as in revocations
    home_tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    home_user   TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('disable', 'enable', 'delete', 'restore')),
    at          INTEGER NOT NULL               -- home tenant's clock
) STRICT;
INSERT INTO state_changes VALUES('bb510442-ab1e-4edd-b832-778a338da01d',34,6,'11111111-aaaa-4aaa-8aaa-111111111111','7c31ba44-e492-45dc-bd80-64545c112484','delete',17723664300000000);
INSERT INTO state_changes VALUES('14d66268-da6d-4818-9c25-e2bfc32d4d24',36,7,'11111111-aaaa-4aaa-8aaa-111111111111','8f52d2fd-4d78-48ee-9382-af700fc33106','disable',17723664300000000);
CREATE TABLE arrivals (
    sequence   INTEGER NOT NULL,               -- of the revocation or state change
    plane      TEXT NOT NULL CHECK (plane IN ('refresh', 'session', 'cae', 'directory')),
    region     TEXT NOT NULL,
    visible_at INTEGER,                        -- home tenant's clock; NULL: after attempts, or held until released
    attempts   INTEGER,                        -- so many requests of a grant or session pass first; NULL: none is counted
    PRIMARY KEY (sequence, plane, region),
    CHECK (visible_at IS NULL OR attempts IS NULL)
) STRICT;
INSERT INTO arrivals VALUES(25,'refresh','eastus',17723665900000000,NULL);
INSERT INTO arrivals VALUES(25,'refresh','westeurope',17723665900000000,NULL);
INSERT INTO arrivals VALUES(25,'session','eastus',17723666560042116,NULL);
INSERT INTO arrivals VALUES(25,'session','westeurope',17723666027590155,NULL);
INSERT INTO arrivals VALUES(25,'cae','eastus',17723664100000000,NULL);
INSERT INTO arrivals VALUES(25,'cae','westeurope',NULL,NULL);
INSERT INTO arrivals VALUES(25,'directory','eastus',17723664462619157,NULL);
INSERT INTO arrivals VALUES(25,'directory','westeurope',17723664467457785,NULL);
INSERT INTO arrivals VALUES(28,'refresh','eastus',17723666100000000,NULL);
INSERT INTO arrivals VALUES(28,'refresh','westeurope',17723666100000000,NULL);
INSERT INTO arrivals VALUES(28,'session','eastus',17723666216046476,NULL);
INSERT INTO arrivals VALUES(28,'session','westeurope',17723664945178670,NULL);
INSERT INTO arrivals VALUES(28,'cae','eastus',17723664300000000,NULL);
INSERT INTO arrivals VALUES(28,'cae','westeurope',NULL,NULL);
INSERT INTO arrivals VALUES(28,'directory','eastus',17723664695519653,NULL);
INSERT INTO arrivals VALUES(28,'directory','westeurope',17723665855137106,NULL);
INSERT INTO arrivals VALUES(30,'refresh','eastus',17723666100000000,NULL);
INSERT INTO arrivals VALUES(30,'refresh','westeurope',17723666100000000,NULL);
INSERT INTO arrivals VALUES(30,'session','eastus',17723666447044045,NULL);
INSERT INTO arrivals VALUES(30,'session','westeurope',17723667025710759,NULL);
INSERT INTO arrivals VALUES(30,'cae','eastus',17723664300000000,NULL);
INSERT INTO arrivals VALUES(30,'cae','westeurope',NULL,NULL);
INSERT INTO arrivals VALUES(30,'directory','eastus',17723664486655348,NULL);
INSERT INTO arrivals VALUES(30,'directory','westeurope',17723666414350600,NULL);
INSERT INTO arrivals VALUES(31,'refresh','eastus',17723666100000000,NULL);
INSERT INTO arrivals VALUES(31,'refresh','westeurope',17723666100000000,NULL);
INSERT INTO arrivals VALUES(31,'session','eastus',17723665242640725,NULL);
INSERT INTO arrivals VALUES(31,'session','westeurope',17723666289126590,NULL);
INSERT INTO arrivals VALUES(31,'cae','eastus',17723664300000000,NULL);
INSERT INTO arrivals VALUES(31,'cae','westeurope',NULL,NULL);
INSERT INTO arrivals VALUES(31,'directory','eastus',17723664350148475,NULL);
INSERT INTO arrivals VALUES(31,'directory','westeurope',17723664840247230,NULL);
INSERT INTO arrivals VALUES(32,'refresh','eastus',17723666100000000,NULL);
INSERT INTO arrivals VALUES(32,'refresh','westeurope',17723666100000000,NULL);
INSERT INTO arrivals VALUES(32,'session','eastus',17723666719275816,NULL);
INSERT INTO arrivals VALUES(32,'session','westeurope',17723665542213322,NULL);
INSERT INTO arrivals VALUES(32,'cae','eastus',17723664300000000,NULL);
INSERT INTO arrivals VALUES(32,'cae','westeurope',17723664300000000,NULL);
INSERT INTO arrivals VALUES(32,'directory','eastus',17723664575017032,NULL);
INSERT INTO arrivals VALUES(32,'directory','westeurope',17723665326229927,NULL);
INSERT INTO arrivals VALUES(34,'refresh','eastus',17723666100000000,NULL);
INSERT INTO arrivals VALUES(34,'refresh','westeurope',17723666100000000,NULL);
INSERT INTO arrivals VALUES(34,'session','eastus',17723667259942369,NULL);
INSERT INTO arrivals VALUES(34,'session','westeurope',17723666254378616,NULL);
INSERT INTO arrivals VALUES(34,'cae','eastus',17723664300000000,NULL);
INSERT INTO arrivals VALUES(34,'cae','westeurope',NULL,NULL);
INSERT INTO arrivals VALUES(34,'directory','eastus',17723666215193806,NULL);
INSERT INTO arrivals VALUES(34,'directory','westeurope',17723665446563989,NULL);
INSERT INTO arrivals VALUES(36,'refresh','eastus',17723666100000000,NULL);
INSERT INTO arrivals VALUES(36,'refresh','westeurope',17723666100000000,NULL);
INSERT INTO arrivals VALUES(36,'session','eastus',17723665960100336,NULL);
INSERT INTO arrivals VALUES(36,'session','westeurope',17723666334353744,NULL);
INSERT INTO arrivals VALUES(36,'cae','eastus',17723664300000000,NULL);
INSERT INTO arrivals VALUES(36,'cae','westeurope',NULL,NULL);
INSERT INTO arrivals VALUES(36,'directory','eastus',17723666159986422,NULL);
INSERT INTO arrivals VALUES(36,'directory','westeurope',17723665199559013,NULL);
INSERT INTO arrivals VALUES(39,'refresh','eastus',NULL,2);
INSERT INTO arrivals VALUES(39,'refresh','westeurope',NULL,2);
INSERT INTO arrivals VALUES(39,'session','eastus',17723664300000000,NULL);
INSERT INTO arrivals VALUES(39,'session','westeurope',17723664300000000,NULL);
INSERT INTO arrivals VALUES(39,'cae','eastus',17723664300000000,NULL);
INSERT INTO arrivals VALUES(39,'cae','westeurope',17723664300000000,NULL);
INSERT INTO arrivals VALUES(39,'directory','eastus',17723664300000000,NULL);
INSERT INTO arrivals VALUES(39,'directory','westeurope',17723664300000000,NULL);
CREATE TABLE attempts (
    subject  TEXT NOT NULL,                    -- the id of the grant, session or user
    sequence INTEGER NOT NULL,
    plane    TEXT NOT NULL,
    region   TEXT NOT NULL,
    passed   INTEGER NOT NULL,
    PRIMARY KEY (subject, sequence, plane, region)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_name ON users (user_principal_name) WHERE deleted_at IS NULL;
CREATE INDEX users_by_tenant ON users (tenant);
CREATE INDEX users_by_home ON users (home_user) WHERE home_user IS NOT NULL;
CREATE INDEX token_requests_by_hash ON token_requests (tenant, hash);
CREATE INDEX token_requests_by_time ON token_requests (tenant, at);
CREATE INDEX apps_by_id ON apps (id);
CREATE INDEX sessions_by_browser ON sessions (browser);
CREATE INDEX sessions_by_user ON sessions (home_user);
CREATE INDEX grants_by_home ON grants (home_user);
CREATE INDEX grants_by_tenant ON grants (tenant);
CREATE INDEX authorization_codes_by_grant ON authorization_codes (grant_id);
CREATE INDEX device_codes_by_grant ON device_codes (grant_id);
CREATE INDEX revocations_by_user ON revocations (home_user, at);
CREATE UNIQUE INDEX revocations_by_ordinal ON revocations (home_tenant, ordinal);
CREATE INDEX state_changes_by_user ON state_changes (home_user);
CREATE UNIQUE INDEX state_changes_by_ordinal ON state_changes (home_tenant, ordinal);
CREATE INDEX attempts_by_sequence ON attempts (sequence);
COMMIT;
