PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta (
    version    INTEGER NOT NULL,
    last_event INTEGER NOT NULL                -- no event that was ever deleted with its tenant had a higher id
) STRICT;
INSERT INTO meta VALUES(8,0);
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
    first_event INTEGER NOT NULL               -- no event of the tenant has a lower id
) STRICT;
INSERT INTO tenants VALUES('11111111-aaaa-4aaa-8aaa-111111111111','Contoso','["contoso.example"]','frozen',17723664300000000,'{"seed":1,"regions":["eastus","westeurope"],"routing":"sticky","origin":"sampled","planes":{"refresh":{"afterAttempts":2},"session":"immediate","cae":"immediate","directory":"immediate"}}','{"tieRule":"entra","revocationMatrix":{"passwordChange":["passwordCookie","passwordToken","nonPasswordToken"]},"revokeAnswer":204,"permissions":"newest","errorLayout":"current","suberror":true,"loopDetection":false,"tokenTimes":"tenant","cloud":"global","lifetimes":{"accessToken":"PT20M"}}','{"tenant":{"clock_mode":"running","clock_ticks":0,"domains":"[\"contoso.example\"]","id":"11111111-aaaa-4aaa-8aaa-111111111111","is_sandbox":0,"name":"Contoso","policies":"{\"tieRule\":\"precise\",\"revocationMatrix\":{},\"revokeAnswer\":200,\"permissions\":\"newest\",\"errorLayout\":\"current\",\"suberror\":true,\"loopDetection\":false,\"tokenTimes\":\"tenant\",\"cloud\":\"global\",\"lifetimes\":{}}","propagation":null},"users":[{"account_enabled":1,"challenges":"[]","created_at":15778368000000000,"display_name":"Adele Vance","given_name":"Adele","home_tenant":null,"home_user":null,"id":"aaaaaaaa-0001-4000-8000-000000000001","mail":"adele@contoso.example","must_change_password":0,"password_hash":{"blob":"5dd6d491b8c3861a1879da3a7c0e09a4fd6f77e50925fdcd518844ac3e7b1774"},"password_salt":"aaaaaaaa-0001-4000-8000-000000000001","profile":"{}","roles":"[]","surname":"Vance","tenant":"11111111-aaaa-4aaa-8aaa-111111111111","user_principal_name":"adele@contoso.example","withdrawn_consents":"[]"},{"account_enabled":1,"challenges":"[]","created_at":15778368000000000,"display_name":"Alex Wilber","given_name":"Alex","home_tenant":null,"home_user":null,"id":"aaaaaaaa-0001-4000-8000-000000000002","mail":"alex@contoso.example","must_change_password":0,"password_hash":{"blob":"a40096779d93b29f2f03a54e0cf92178dd5242aa505fde445bf07559cf68c146"},"password_salt":"aaaaaaaa-0001-4000-8000-000000000002","profile":"{}","roles":"[]","surname":"Wilber","tenant":"11111111-aaaa-4aaa-8aaa-111111111111","user_principal_name":"alex@contoso.example","withdrawn_consents":"[]"},{"account_enabled":1,"challenges":"[]","created_at":15778368000000000,"display_name":"Ada Admin","given_name":"Ada","home_tenant":null,"home_user":null,"id":"aaaaaaaa-0001-4000-8000-000000000003","mail":"admin@contoso.example","must_change_password":0,"password_hash":{"blob":"07f15e3fbe1413b000bb2be670503153197d64610a741aec0e28839c684ed73b"},"password_salt":"aaaaaaaa-0001-4000-8000-000000000003","profile":"{}","roles":"[\"Global Administrator\"]","surname":"Admin","tenant":"11111111-aaaa-4aaa-8aaa-111111111111","user_principal_name":"admin@contoso.example","withdrawn_consents":"[]"},{"account_enabled":1,"challenges":"[]","created_at":15778368000000000,"display_name":"Nestor Wilke","given_name":null,"home_tenant":"22222222-bbbb-4bbb-8bbb-222222222222","home_user":"aaaaaaaa-0001-4000-8000-000000000004","id":"aaaaaaaa-0001-4000-8000-000000000005","mail":"nestor@fabrikam.example","must_change_password":0,"password_hash":null,"password_salt":"aaaaaaaa-0001-4000-8000-000000000005","profile":"{}","roles":"[]","surname":null,"tenant":"11111111-aaaa-4aaa-8aaa-111111111111","user_principal_name":"nestor_fabrikam.example#EXT#@contoso.example","withdrawn_consents":"[]"}],"apps":[{"access_token_version":2,"application_permissions":"[]","challenges":"[]","delegated_permissions":"[\"openid\",\"profile\",\"email\",\"offline_access\",\"User.Read\",\"User.RevokeSessions.All\",\"User.ReadWrite.All\",\"Directory.AccessAsUser.All\",\"api://lapse-lab/access_as_user\"]","exposes":null,"flows":"[\"code\",\"refresh\",\"device\",\"password\"]","id":"bbbbbbbb-0002-4000-8000-000000000001","is_family_member":0,"kind":"public","lifetimes":"{}","logout_url":null,"name":"Lapse Native","redirect_uris":"[\"http://localhost\",\"http://localhost/cb\",\"http://localhost/callback\"]","secret_hashes":"[]","spa_redirect_uris":"[]","tenant":"11111111-aaaa-4aaa-8aaa-111111111111"},{"access_token_version":2,"application_permissions":"[]","challenges":"[]","delegated_permissions":"[\"openid\",\"profile\",\"email\",\"offline_access\",\"User.Read\",\"User.RevokeSessions.All\",\"User.ReadWrite.All\",\"Directory.AccessAsUser.All\",\"api://lapse-lab/access_as_user\"]","exposes":null,"flows":"[\"code\",\"refresh\",\"clientCredentials\",\"onBehalfOf\"]","id":"bbbbbbbb-0002-4000-8000-000000000002","is_family_member":0,"kind":"confidential","lifetimes":"{}","logout_url":null,"name":"Lapse Web","redirect_uris":"[\"http://localhost:3000/auth/callback\",\"https://localhost:3000/auth/callback\",\"http://localhost/cb\"]","secret_hashes":"[\"d01eab998a7546cfddef7f2b60f17d7558dfe5a860e5d98a8329afc71b1e027b\"]","spa_redirect_uris":"[]","tenant":"11111111-aaaa-4aaa-8aaa-111111111111"},{"access_token_version":2,"application_permissions":"[]","challenges":"[]","delegated_permissions":"[\"openid\",\"profile\",\"email\",\"offline_access\",\"User.Read\",\"User.RevokeSessions.All\",\"User.ReadWrite.All\",\"Directory.AccessAsUser.All\",\"api://lapse-lab/access_as_user\"]","exposes":null,"flows":"[\"code\",\"refresh\"]","id":"bbbbbbbb-0002-4000-8000-000000000003","is_family_member":0,"kind":"spa","lifetimes":"{}","logout_url":null,"name":"Lapse SPA","redirect_uris":"[]","secret_hashes":"[]","spa_redirect_uris":"[\"http://localhost:5173/\",\"http://localhost/\"]","tenant":"11111111-aaaa-4aaa-8aaa-111111111111"},{"access_token_version":2,"application_permissions":"[\"User.RevokeSessions.All\",\"User.Read.All\",\"User.ReadWrite.All\",\"AuditLog.Read.All\"]","challenges":"[]","delegated_permissions":"[\"openid\",\"profile\",\"email\",\"offline_access\",\"User.Read\",\"User.RevokeSessions.All\",\"User.ReadWrite.All\",\"Directory.AccessAsUser.All\",\"api://lapse-lab/access_as_user\"]","exposes":null,"flows":"[\"code\",\"refresh\",\"clientCredentials\",\"onBehalfOf\"]","id":"bbbbbbbb-0002-4000-8000-000000000004","is_family_member":0,"kind":"confidential","lifetimes":"{}","logout_url":null,"name":"Lapse Daemon","redirect_uris":"[]","secret_hashes":"[\"795b8460870f9b3ac1f29a8a87d9bbfdc3cb3a6050a46e98c4e21a7dbe71b561\"]","spa_redirect_uris":"[]","tenant":"11111111-aaaa-4aaa-8aaa-111111111111"},{"access_token_version":2,"application_permissions":"[]","challenges":"[]","delegated_permissions":"[\"User.Read\"]","exposes":"{\"uri\":\"api://lapse-lab\",\"scopes\":[\"access_as_user\"],\"xms_cc\":true}","flows":"[\"onBehalfOf\"]","id":"bbbbbbbb-0002-4000-8000-000000000005","is_family_member":0,"kind":"resource","lifetimes":"{}","logout_url":null,"name":"Lapse API","redirect_uris":"[]","secret_hashes":"[\"5e8f30bfa9f9016594eed9e513d96886a17761fae2fcaeebbe7d70c96936b47e\"]","spa_redirect_uris":"[]","tenant":"11111111-aaaa-4aaa-8aaa-111111111111"}],"faults":[]}',0,1);
INSERT INTO tenants VALUES('22222222-bbbb-4bbb-8bbb-222222222222','Fabrikam','["fabrikam.example"]','frozen',17723664300000000,NULL,'{"tieRule":"precise","revocationMatrix":{},"revokeAnswer":200,"permissions":"newest","errorLayout":"current","suberror":true,"loopDetection":false,"tokenTimes":"tenant","cloud":"global","lifetimes":{}}','{"tenant":{"clock_mode":"running","clock_ticks":0,"domains":"[\"fabrikam.example\"]","id":"22222222-bbbb-4bbb-8bbb-222222222222","is_sandbox":0,"name":"Fabrikam","policies":"{\"tieRule\":\"precise\",\"revocationMatrix\":{},\"revokeAnswer\":200,\"permissions\":\"newest\",\"errorLayout\":\"current\",\"suberror\":true,\"loopDetection\":false,\"tokenTimes\":\"tenant\",\"cloud\":\"global\",\"lifetimes\":{}}","propagation":null},"users":[{"account_enabled":1,"challenges":"[]","created_at":15778368000000000,"display_name":"Nestor Wilke","given_name":"Nestor","home_tenant":null,"home_user":null,"id":"aaaaaaaa-0001-4000-8000-000000000004","mail":"nestor@fabrikam.example","must_change_password":0,"password_hash":{"blob":"a5514d9c86620f3050be29561597caac74e1a41cb8901bd242c442af04f8cacb"},"password_salt":"aaaaaaaa-0001-4000-8000-000000000004","profile":"{}","roles":"[]","surname":"Wilke","tenant":"22222222-bbbb-4bbb-8bbb-222222222222","user_principal_name":"nestor@fabrikam.example","withdrawn_consents":"[]"}],"apps":[],"faults":[]}',0,1);
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
    CHECK ((home_tenant IS NULL) = (home_user IS NULL))
) STRICT;
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-000000000001','11111111-aaaa-4aaa-8aaa-111111111111','adele@contoso.example','Adele Vance','Adele','Vance','adele@contoso.example',X'a059e36bda6fb241f6a15604ec5f180000d3610563001a2fd67b3972c171e74c','aaaaaaaa-0001-4000-8000-000000000001',1,'[]','[]','[]',0,'{}',NULL,NULL,15778368000000000,NULL,0);
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-000000000002','11111111-aaaa-4aaa-8aaa-111111111111','alex@contoso.example','Alex Wilber','Alex','Wilber','alex@contoso.example',X'a40096779d93b29f2f03a54e0cf92178dd5242aa505fde445bf07559cf68c146','aaaaaaaa-0001-4000-8000-000000000002',1,'[]','[]','["bbbbbbbb-0002-4000-8000-000000000002"]',0,'{}',NULL,NULL,15778368000000000,NULL,0);
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-000000000003','11111111-aaaa-4aaa-8aaa-111111111111','admin@contoso.example','Ada Admin','Ada','Admin','admin@contoso.example',X'07f15e3fbe1413b000bb2be670503153197d64610a741aec0e28839c684ed73b','aaaaaaaa-0001-4000-8000-000000000003',1,'["Global Administrator"]','[]','[]',0,'{}',NULL,NULL,15778368000000000,NULL,0);
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-000000000005','11111111-aaaa-4aaa-8aaa-111111111111','nestor_fabrikam.example#EXT#@contoso.example','Nestor Wilke',NULL,NULL,'nestor@fabrikam.example',NULL,'aaaaaaaa-0001-4000-8000-000000000005',1,'[]','[]','[]',0,'{}','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',15778368000000000,NULL,0);
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-000000000004','22222222-bbbb-4bbb-8bbb-222222222222','nestor@fabrikam.example','Nestor Wilke','Nestor','Wilke','nestor@fabrikam.example',X'a5514d9c86620f3050be29561597caac74e1a41cb8901bd242c442af04f8cacb','aaaaaaaa-0001-4000-8000-000000000004',1,'[]','[]','[]',0,'{}',NULL,NULL,15778368000000000,NULL,0);
INSERT INTO users VALUES('aaaaaaaa-0001-4000-8000-0000000000a1','11111111-aaaa-4aaa-8aaa-111111111111','mila@contoso.example','Mila',NULL,NULL,NULL,X'3568fbca55efefc6a6437138c9f9fe073229dbd0f5ce94b3278933e86168439d','aaaaaaaa-0001-4000-8000-0000000000a1',1,'["Helpdesk Administrator"]','[{"code":50076,"on":["refresh"]}]','[]',0,'{}',NULL,NULL,17723664000000000,NULL,0);
INSERT INTO users VALUES('91646f10-4df2-47b2-a21a-a45a4f252372','11111111-aaaa-4aaa-8aaa-111111111111','gone@contoso.example','Gone',NULL,NULL,NULL,X'617468e0f8eb145251c4b43e442d00420b0989920c4c081ddb593cff0ec26cd3','91646f10-4df2-47b2-a21a-a45a4f252372',1,'[]','[]','[]',0,'{}',NULL,NULL,17723664000000000,17723664300000000,0);
INSERT INTO users VALUES('dd4f87d6-71b0-4822-9a5c-d382a514f0b7','11111111-aaaa-4aaa-8aaa-111111111111','off@contoso.example','Off',NULL,NULL,NULL,X'20c7068c0e126bf5cc2c1f97b4462192194c2c3efeae9ee95498410569223231','dd4f87d6-71b0-4822-9a5c-d382a514f0b7',0,'[]','[]','[]',0,'{}',NULL,NULL,17723664000000000,NULL,0);
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
INSERT INTO faults VALUES('11111111-aaaa-4aaa-8aaa-111111111111',1,'18d69cf4-cec4-494b-9a4c-84f81b35374b','{"name":"one in two","match":{"endpoint":"token","user":"aaaaaaaa-0001-4000-8000-000000000002"},"effect":{"status":503,"retryAfter":"PT5S"},"times":3,"probability":0.5}',0,0);
CREATE TABLE expectations (
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    ordinal    INTEGER NOT NULL,
    id         TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    PRIMARY KEY (tenant, ordinal)
) STRICT;
INSERT INTO expectations VALUES('11111111-aaaa-4aaa-8aaa-111111111111',1,'10830c7a-1bfb-45a6-9d0e-76a22a2f39b4','{"name":"comes back","after":"revoke","reauthorizesWithin":"PT1M"}');
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
INSERT INTO events VALUES(1,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068848581606);
INSERT INTO events VALUES(2,'22222222-bbbb-4bbb-8bbb-222222222222',17723664000000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068848596756);
INSERT INTO events VALUES(3,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'propagationChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068848607402);
INSERT INTO events VALUES(4,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'policiesChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068848620403);
INSERT INTO events VALUES(5,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','aaaaaaaa-0001-4000-8000-0000000000a1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068848631494);
INSERT INTO events VALUES(6,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','91646f10-4df2-47b2-a21a-a45a4f252372',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068848640048);
INSERT INTO events VALUES(7,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','dd4f87d6-71b0-4822-9a5c-d382a514f0b7',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068848647913);
INSERT INTO events VALUES(8,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'appCreated',NULL,'dddddddd-0004-4000-8000-000000000001',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068848659290);
INSERT INTO events VALUES(9,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','b8dc08b9-1994-4d4f-9a2d-20e118002f41',NULL,'eastus',NULL,'69711111-5e50-48b2-87d0-d9bf2da6c90e',NULL,17723676000000000,0,NULL,NULL,17959068848678471);
INSERT INTO events VALUES(10,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000002','f76c2a7f-0c08-4566-b26a-86f539a6e6aa',NULL,'eastus',NULL,'d4a4b684-f7fe-45e5-ba6a-dbc9f4936b39',NULL,17723676000000000,0,NULL,NULL,17959068848704752);
INSERT INTO events VALUES(11,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000003','10b5c1c4-5f74-462d-a667-a514f454605a',NULL,'eastus',NULL,'75e20d40-402f-4ad6-94a1-2c5d48ad0f6d',NULL,17723676000000000,0,NULL,NULL,17959068848721584);
INSERT INTO events VALUES(12,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','8fd3f583-f0a7-41d7-9d8c-b6410ed92b5e',NULL,'eastus',NULL,'637319b6-089a-49bb-ae08-64d19f04b232',NULL,17723676000000000,0,NULL,NULL,17959068848733885);
INSERT INTO events VALUES(13,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-0000000000a1','bbbbbbbb-0002-4000-8000-000000000001','50450b95-bd82-4503-a099-1761cd20a3fa',NULL,'eastus',NULL,'f47df415-fb7e-4208-b7a3-f43806182a7f',NULL,17723676000000000,0,NULL,NULL,17959068848748731);
INSERT INTO events VALUES(14,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','91646f10-4df2-47b2-a21a-a45a4f252372','bbbbbbbb-0002-4000-8000-000000000001','0ef35190-806e-4e11-8673-5220fd031a12',NULL,'eastus',NULL,'3bf42364-985b-4aa6-bdc9-8c5e5674d843',NULL,17723676000000000,0,NULL,NULL,17959068848761593);
INSERT INTO events VALUES(15,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','dd4f87d6-71b0-4822-9a5c-d382a514f0b7','bbbbbbbb-0002-4000-8000-000000000001','d5532de1-08a2-415a-8a2d-a1ff6f580065',NULL,'eastus',NULL,'2e08e2d0-8946-46c2-81a4-cbb448a07762',NULL,17723676000000000,0,NULL,NULL,17959068848774332);
INSERT INTO events VALUES(16,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000005','bbbbbbbb-0002-4000-8000-000000000001','deccd76e-31c2-4a3a-85bc-99bd92d20d5d',NULL,'eastus',NULL,'d80cf31c-e71b-4836-b70d-e7cd79228dce',NULL,17723676000000000,0,NULL,NULL,17959068848789587);
INSERT INTO events VALUES(17,'22222222-bbbb-4bbb-8bbb-222222222222',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000004','bbbbbbbb-0002-4000-8000-000000000001','4b52b1bb-ad67-4713-861b-2bb889b85a1a',NULL,'local',NULL,'1d0e01d5-67d2-4356-ae6d-6373d94b29b5',NULL,17723703780000000,0,NULL,NULL,17959068848828077);
INSERT INTO events VALUES(18,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','74f3f8da-71dd-48a6-8e5f-e22140ba7ea2',NULL,'eastus',NULL,'d10e5fc3-6f4e-460b-a0c7-0cd35f288a6d',NULL,17723676000000000,0,NULL,NULL,17959068848865711);
INSERT INTO events VALUES(19,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068848905905);
INSERT INTO events VALUES(20,'22222222-bbbb-4bbb-8bbb-222222222222',17723664100000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068848948418);
INSERT INTO events VALUES(21,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'tokenRefreshed','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','74f3f8da-71dd-48a6-8e5f-e22140ba7ea2',NULL,'eastus',NULL,'23dbdc8f-6bac-4cbc-901d-2c098dcbac48',NULL,17724557020000000,1,'5cc9a225b06e8454',NULL,17959068848996604);
INSERT INTO events VALUES(22,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'deviceCodeIssued',NULL,'bbbbbbbb-0002-4000-8000-000000000001',NULL,NULL,'westeurope',NULL,'9990895f-30d0-4179-b6ad-f604156050b2',NULL,NULL,NULL,NULL,NULL,17959068849026808);
INSERT INTO events VALUES(23,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'consentWithdrawn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849107995);
INSERT INTO events VALUES(24,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002','79b32e8c-3ee4-40f0-bf07-f6b37dfef666',NULL,'eastus',NULL,'1f207ac3-996e-4283-83c6-8b8ef00268de',NULL,17723676100000000,0,NULL,NULL,17959068849149996);
INSERT INTO events VALUES(25,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'revoked','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'038e154a-8326-4f01-aecb-1f238b79642e','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849185173);
INSERT INTO events VALUES(26,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849225198);
INSERT INTO events VALUES(27,'22222222-bbbb-4bbb-8bbb-222222222222',17723664300000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849264621);
INSERT INTO events VALUES(28,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'44f29f27-5fa1-4af3-9278-4d2c339c83dc','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849305235);
INSERT INTO events VALUES(29,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'passwordChanged','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'44f29f27-5fa1-4af3-9278-4d2c339c83dc',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849306786);
INSERT INTO events VALUES(30,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000002',NULL,NULL,'75964f4c-3263-4ba3-aea9-c3bfbe586b21','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849345287);
INSERT INTO events VALUES(31,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-0000000000a1',NULL,NULL,'f84720af-2e8c-494e-a06f-c9b87a693efa','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849383580);
INSERT INTO events VALUES(32,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'742b80d3-cb4e-4ba0-87da-cf11217b142c','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849423298);
INSERT INTO events VALUES(33,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revocationReleased','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'742b80d3-cb4e-4ba0-87da-cf11217b142c','westeurope',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849466329);
INSERT INTO events VALUES(34,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'userDeleted','91646f10-4df2-47b2-a21a-a45a4f252372',NULL,NULL,'138c93e0-8cbe-46c9-9b75-7d560ab5f652','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849505698);
INSERT INTO events VALUES(35,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'userUpdated','dd4f87d6-71b0-4822-9a5c-d382a514f0b7',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849547730);
INSERT INTO events VALUES(36,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'accountDisabled','dd4f87d6-71b0-4822-9a5c-d382a514f0b7',NULL,NULL,'141f5e05-066c-43bf-9339-9a858543b63e','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849547783);
INSERT INTO events VALUES(37,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'propagationChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849587689);
INSERT INTO events VALUES(38,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000003','bbbbbbbb-0002-4000-8000-000000000001','b5da888e-9046-448d-9b00-b5a42e4ad978',NULL,'eastus',NULL,'f766d560-703c-4762-9e50-74999974391f',NULL,17723676300000000,0,NULL,NULL,17959068849709127);
INSERT INTO events VALUES(39,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'c8bdf0f0-e6c2-4aa1-b8ef-a4daf0aa45ee','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959068849742630);
INSERT INTO events VALUES(40,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','46d302d2-1064-41a6-8bb9-56ff0c87cb5b',NULL,'eastus',NULL,'ba18b40d-a27e-4adf-9d33-da08881c06d6',NULL,17723676300000000,0,NULL,NULL,17959068849785746);
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
INSERT INTO sessions VALUES('a863bbc4-7a49-452c-9c0b-d9bdd9c9eb82',X'05c8cfc4982c389bcd44956f865a32335ed2d666ed658b401169b8ac6ed83c94','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,9,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('df815036-ff2b-4bf7-9d02-9749e2a2221e',X'1c6d99cb253c02ee6b028fe6777f44bec6d7b7c62f63e1c6464157d17acfdd2c','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,10,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('8d91f4b5-ae3f-4d14-825e-2ecf7456a53c',X'7e7d527566b22708a62c860bad48d71dc04dbcf43f5626118664f2a0ff2dc181','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,11,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('5e177018-d2f5-4496-a41a-fdafa38f1cc4',X'1b1bb528e51a9ed7aee1095189dfe23205555cc13da2fd5d22ff3839b9983d47','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,12,'non-password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('8753bca3-4be1-40e7-9ee8-3c080a99687f',X'ccd03c92279ae79f99d23cfb91ded286ada05e0967748130f93cc1775e8713b9','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664000000000,13,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('6b3e102e-3b28-4042-89dd-b412d0d01153',X'255125250e9a57e9aacac77a18715dc75d97c2f794fec574940db1ea191f3523','11111111-aaaa-4aaa-8aaa-111111111111','91646f10-4df2-47b2-a21a-a45a4f252372',17723664000000000,14,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('3ccd875e-e449-48fc-a0d5-e8b5a76af5d5',X'23dc4cb72ef474588f9e1e1cb0066d3fa31f53e34b761a1899daf8adb2bab7d5','11111111-aaaa-4aaa-8aaa-111111111111','dd4f87d6-71b0-4822-9a5c-d382a514f0b7',17723664000000000,15,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('a6e2d4bd-287d-4e19-bff3-9f8a02f236ae',X'e74782a2904e58a885d48d4cc24cca61fea61b35b15f7c1f4269e6dc0bbe96c6','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,16,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('f28d02e9-ac17-4073-ba57-c5b41259efd1',X'ef31b14521b5ee7f804d02c45f799b621bac8933d41551f0bb94a94ba352500e','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,17,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('7b8b7902-0bb7-4fcb-934c-1ed06f8228ec',X'838481ce6e69b9b3c696ca737c73bef015edd3a3b8b884b6a20a1936d550ec32','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664000000000,18,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('26899924-7a9a-42c6-881f-7b39ab6d47ba',X'2b875a67db7d968164a18faa32d003317503a811878ce16e099deed6fd1b3ef8','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664100000000,24,'password',0,17723664100000000,17724528100000000,NULL);
INSERT INTO sessions VALUES('38283889-0695-414d-be6b-21a33b5338c1',X'd3767c79364a482f4d5dd4b167b9d224d2057d79b158f507da7e310f55e07968','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,38,'password',0,17723664300000000,17724528300000000,NULL);
INSERT INTO sessions VALUES('453ffaa9-72b1-4356-b371-0f712a8fcd3c',X'223019509674e9059a3d279f0489f8aabc935b53b380becbd0a771d33d58b475','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,40,'password',0,17723664300000000,17724528300000000,NULL);
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
    declares_cp1 INTEGER NOT NULL CHECK (declares_cp1 IN (0, 1))   -- the client says that it understands claims challenges
) STRICT;
INSERT INTO grants VALUES('b8dc08b9-1994-4d4f-9a2d-20e118002f41','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,9,'password','a863bbc4-7a49-452c-9c0b-d9bdd9c9eb82',17723664000000000,0);
INSERT INTO grants VALUES('f76c2a7f-0c08-4566-b26a-86f539a6e6aa','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000002','confidential','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,10,'password','df815036-ff2b-4bf7-9d02-9749e2a2221e',17723664000000000,0);
INSERT INTO grants VALUES('10b5c1c4-5f74-462d-a667-a514f454605a','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000003','spa','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,11,'password','8d91f4b5-ae3f-4d14-825e-2ecf7456a53c',17723664000000000,0);
INSERT INTO grants VALUES('8fd3f583-f0a7-41d7-9d8c-b6410ed92b5e','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,12,'non-password','5e177018-d2f5-4496-a41a-fdafa38f1cc4',17723664000000000,0);
INSERT INTO grants VALUES('50450b95-bd82-4503-a099-1761cd20a3fa','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664000000000,13,'password','8753bca3-4be1-40e7-9ee8-3c080a99687f',17723664000000000,0);
INSERT INTO grants VALUES('0ef35190-806e-4e11-8673-5220fd031a12','11111111-aaaa-4aaa-8aaa-111111111111','91646f10-4df2-47b2-a21a-a45a4f252372','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','91646f10-4df2-47b2-a21a-a45a4f252372',17723664000000000,14,'password','6b3e102e-3b28-4042-89dd-b412d0d01153',17723664000000000,0);
INSERT INTO grants VALUES('d5532de1-08a2-415a-8a2d-a1ff6f580065','11111111-aaaa-4aaa-8aaa-111111111111','dd4f87d6-71b0-4822-9a5c-d382a514f0b7','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','dd4f87d6-71b0-4822-9a5c-d382a514f0b7',17723664000000000,15,'password','3ccd875e-e449-48fc-a0d5-e8b5a76af5d5',17723664000000000,0);
INSERT INTO grants VALUES('deccd76e-31c2-4a3a-85bc-99bd92d20d5d','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000005','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,16,'password','a6e2d4bd-287d-4e19-bff3-9f8a02f236ae',17723664000000000,0);
INSERT INTO grants VALUES('4b52b1bb-ad67-4713-861b-2bb889b85a1a','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,17,'password','f28d02e9-ac17-4073-ba57-c5b41259efd1',17723664000000000,0);
INSERT INTO grants VALUES('74f3f8da-71dd-48a6-8e5f-e22140ba7ea2','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664000000000,18,'password','7b8b7902-0bb7-4fcb-934c-1ed06f8228ec',17723664000000000,0);
INSERT INTO grants VALUES('79b32e8c-3ee4-40f0-bf07-f6b37dfef666','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002','confidential','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664100000000,24,'password','26899924-7a9a-42c6-881f-7b39ab6d47ba',17723664100000000,0);
INSERT INTO grants VALUES('b5da888e-9046-448d-9b00-b5a42e4ad978','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,38,'password','38283889-0695-414d-be6b-21a33b5338c1',17723664300000000,0);
INSERT INTO grants VALUES('46d302d2-1064-41a6-8bb9-56ff0c87cb5b','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,40,'password','453ffaa9-72b1-4356-b371-0f712a8fcd3c',17723664300000000,0);
CREATE TABLE refresh_tokens (
    grant_id   TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    issued_at  INTEGER NOT NULL,               -- the grant's tenant's clock
    hash       BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (grant_id, issued_at, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO refresh_tokens VALUES('0ef35190-806e-4e11-8673-5220fd031a12',17723664000000000,X'dad22c10d0274337728ca35665b77b1d75cc68a14d2cdec0c58e19c3c6eb0e83',17801424000000000);
INSERT INTO refresh_tokens VALUES('10b5c1c4-5f74-462d-a667-a514f454605a',17723664000000000,X'f32640b4c8ab2ef8d46cb5b7b7afc3e4c1485cd2fb38aeddcbe306c865e64e0d',17724528000000000);
INSERT INTO refresh_tokens VALUES('46d302d2-1064-41a6-8bb9-56ff0c87cb5b',17723664300000000,X'adf85e27f5c027a2f2d61c73b5917f368af3cb883ee2e0086fff0e47416e2bdb',17801424300000000);
INSERT INTO refresh_tokens VALUES('4b52b1bb-ad67-4713-861b-2bb889b85a1a',17723664000000000,X'fbbe02f509c82fdf03df1eb37ce89649e6adfe078e0f9e3368c789fce7bf3ebf',17801424000000000);
INSERT INTO refresh_tokens VALUES('50450b95-bd82-4503-a099-1761cd20a3fa',17723664000000000,X'f60843546eb7b3d6a5d6302bea5710dbdd45ab03149de5ae1321dacaa1753bcc',17801424000000000);
INSERT INTO refresh_tokens VALUES('74f3f8da-71dd-48a6-8e5f-e22140ba7ea2',17723664000000000,X'5cc9a225b06e8454c71495e5f35d6c7c3014ecc9861b7a14a817eeee32887120',17801424000000000);
INSERT INTO refresh_tokens VALUES('74f3f8da-71dd-48a6-8e5f-e22140ba7ea2',17723664100000000,X'c37b308a97a6e9506b95f21c652a0e71dd3fb44c1b6f36001af1feade4ab7825',17801424100000000);
INSERT INTO refresh_tokens VALUES('79b32e8c-3ee4-40f0-bf07-f6b37dfef666',17723664100000000,X'01c555aa85d514c67e8f11eb8f4fac380bc41d5b86c2a60f2aae18f7c52dd2e7',17801424100000000);
INSERT INTO refresh_tokens VALUES('8fd3f583-f0a7-41d7-9d8c-b6410ed92b5e',17723664000000000,X'805d8d3f12a3a09e7070c061b134c168ba274690d301a5f6ec7f78ed6ffa2a73',17801424000000000);
INSERT INTO refresh_tokens VALUES('b5da888e-9046-448d-9b00-b5a42e4ad978',17723664300000000,X'1415b73b767d3ba66d2b38d69bf6c8dc644eb9db32a3908fd98e29810fefe6f3',17801424300000000);
INSERT INTO refresh_tokens VALUES('b8dc08b9-1994-4d4f-9a2d-20e118002f41',17723664000000000,X'f7625a80f5c3962c31889a7cb6b0528d1ea6a3c8d679840e8d44a4808bf5566e',17801424000000000);
INSERT INTO refresh_tokens VALUES('d5532de1-08a2-415a-8a2d-a1ff6f580065',17723664000000000,X'3e2e85eefb26bdcbe253acb823d14d0ffa7408b69424a483c6168d353cd3c55b',17801424000000000);
INSERT INTO refresh_tokens VALUES('deccd76e-31c2-4a3a-85bc-99bd92d20d5d',17723664000000000,X'b031e1f29166fa56fdeaabc34b411daae2fa6a641336e61c03bd13064aa749d3',17801424000000000);
INSERT INTO refresh_tokens VALUES('f76c2a7f-0c08-4566-b26a-86f539a6e6aa',17723664000000000,X'641fc3f387659b0a1bbb99216657481138ea65b900c701be84f5c0f91f1941f9',17801424000000000);
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
    declares_cp1   INTEGER NOT NULL CHECK (declares_cp1 IN (0, 1)), -- as in grants
    issued_at      INTEGER NOT NULL,           -- tenant's clock; without a tenant the machine's
    expires_at     INTEGER NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'declined', 'redeemed')),
    grant_id       TEXT REFERENCES grants (id) ON DELETE CASCADE   -- NULL until approved
) STRICT, WITHOUT ROWID;
INSERT INTO device_codes VALUES(X'98aa9961a5151461de410dc187bcdfc735680fce9cb4fb01d49ad1169de34489',X'e3aa680ae2ab78df9f36698e83759406f3c83a14d348ae5b1cc28d39e5322975','bbbbbbbb-0002-4000-8000-000000000001','11111111-aaaa-4aaa-8aaa-111111111111','openid',0,17723664100000000,17723673100000000,'pending',NULL);
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
INSERT INTO revocations VALUES('038e154a-8326-4f01-aecb-1f238b79642e','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664100000000,25,1,'adminRevoke',NULL);
INSERT INTO revocations VALUES('44f29f27-5fa1-4af3-9278-4d2c339c83dc','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,28,2,'passwordChange',NULL);
INSERT INTO revocations VALUES('75964f4c-3263-4ba3-aea9-c3bfbe586b21','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664300000000,30,3,'userRevoke',NULL);
INSERT INTO revocations VALUES('f84720af-2e8c-494e-a06f-c9b87a693efa','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664300000000,31,4,'passwordExpired',NULL);
INSERT INTO revocations VALUES('742b80d3-cb4e-4ba0-87da-cf11217b142c','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,32,5,'adminResetEntra',NULL);
INSERT INTO revocations VALUES('c8bdf0f0-e6c2-4aa1-b8ef-a4daf0aa45ee','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,39,8,'adminRevoke',NULL);
CREATE TABLE state_changes (
    id          TEXT PRIMARY KEY,
    sequence    INTEGER NOT NULL UNIQUE,       -- the event of the change
    ordinal     INTEGER NOT NULL,              -- as in revocations
    home_tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    home_user   TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('disable', 'enable', 'delete', 'restore')),
    at          INTEGER NOT NULL               -- home tenant's clock
) STRICT;
INSERT INTO state_changes VALUES('138c93e0-8cbe-46c9-9b75-7d560ab5f652',34,6,'11111111-aaaa-4aaa-8aaa-111111111111','91646f10-4df2-47b2-a21a-a45a4f252372','delete',17723664300000000);
INSERT INTO state_changes VALUES('141f5e05-066c-43bf-9339-9a858543b63e',36,7,'11111111-aaaa-4aaa-8aaa-111111111111','dd4f87d6-71b0-4822-9a5c-d382a514f0b7','disable',17723664300000000);
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
