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
INSERT INTO users VALUES('a13938a7-841d-4544-8e33-7a475bce4a61','11111111-aaaa-4aaa-8aaa-111111111111','gone@contoso.example','Gone',NULL,NULL,NULL,X'515733da32842dee3e25980db226bd0e3cdb1cf32f3a388ccdacc63a4523e74f','a13938a7-841d-4544-8e33-7a475bce4a61',1,'[]','[]','[]',0,'{}',NULL,NULL,17723664000000000,17723664300000000,0);
INSERT INTO users VALUES('546a7e7a-f544-44d5-8e77-0cad1283f589','11111111-aaaa-4aaa-8aaa-111111111111','off@contoso.example','Off',NULL,NULL,NULL,X'5266220f0042ae9930c0d84c65115355092ec1f2c97bacbe3e25a08ae8cd76f4','546a7e7a-f544-44d5-8e77-0cad1283f589',0,'[]','[]','[]',0,'{}',NULL,NULL,17723664000000000,NULL,0);
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
INSERT INTO faults VALUES('11111111-aaaa-4aaa-8aaa-111111111111',1,'931ab369-3ab1-482c-a5cc-7a840082b2f0','{"name":"one in two","match":{"endpoint":"token","user":"aaaaaaaa-0001-4000-8000-000000000002"},"effect":{"status":503,"retryAfter":"PT5S"},"times":3,"probability":0.5}',0,0);
CREATE TABLE expectations (
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    ordinal    INTEGER NOT NULL,
    id         TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    PRIMARY KEY (tenant, ordinal)
) STRICT;
INSERT INTO expectations VALUES('11111111-aaaa-4aaa-8aaa-111111111111',1,'ad9a27d7-c3ee-41f7-a3da-09e45e2b2dc5','{"name":"comes back","after":"revoke","reauthorizesWithin":"PT1M"}');
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
INSERT INTO events VALUES(1,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074599856535);
INSERT INTO events VALUES(2,'22222222-bbbb-4bbb-8bbb-222222222222',17723664000000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074599916611);
INSERT INTO events VALUES(3,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'propagationChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074599943967);
INSERT INTO events VALUES(4,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'policiesChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074599995048);
INSERT INTO events VALUES(5,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','aaaaaaaa-0001-4000-8000-0000000000a1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074600034469);
INSERT INTO events VALUES(6,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','a13938a7-841d-4544-8e33-7a475bce4a61',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074600068861);
INSERT INTO events VALUES(7,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','546a7e7a-f544-44d5-8e77-0cad1283f589',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074600099026);
INSERT INTO events VALUES(8,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'appCreated',NULL,'dddddddd-0004-4000-8000-000000000001',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074600155983);
INSERT INTO events VALUES(9,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','63611be9-6109-4ecd-b409-c5f473fa7e1b',NULL,'eastus',NULL,'7e79cfa9-2c67-4c86-9ba0-9533a99c0f39',NULL,17723676000000000,0,NULL,NULL,17959074600249951);
INSERT INTO events VALUES(10,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000002','0c083e56-9dc7-4bde-bf1a-4f692c42891c',NULL,'eastus',NULL,'db499dd2-b321-4021-a13b-edba80003b35',NULL,17723676000000000,0,NULL,NULL,17959074600318218);
INSERT INTO events VALUES(11,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000003','a1d6817f-f2dc-4e4e-b106-3d1c7522ecf4',NULL,'eastus',NULL,'f33a2194-2443-46a1-839f-b1bedd561646',NULL,17723676000000000,0,NULL,NULL,17959074600344402);
INSERT INTO events VALUES(12,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','3d2bbf5e-9039-47ba-85ff-f13f04586b3a',NULL,'eastus',NULL,'dccb267a-f122-42c0-b457-402e994e7f64',NULL,17723676000000000,0,NULL,NULL,17959074600364902);
INSERT INTO events VALUES(13,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-0000000000a1','bbbbbbbb-0002-4000-8000-000000000001','36f0aa85-6543-47d4-810d-57e30fd8563f',NULL,'eastus',NULL,'28fde769-4745-4e14-86b3-f773d48927eb',NULL,17723676000000000,0,NULL,NULL,17959074600420855);
INSERT INTO events VALUES(14,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','a13938a7-841d-4544-8e33-7a475bce4a61','bbbbbbbb-0002-4000-8000-000000000001','61911843-fa03-4460-b99c-6fc83e79a2e7',NULL,'eastus',NULL,'1d8fd8ed-e716-4759-9581-259bf32d4d5b',NULL,17723676000000000,0,NULL,NULL,17959074600460066);
INSERT INTO events VALUES(15,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','546a7e7a-f544-44d5-8e77-0cad1283f589','bbbbbbbb-0002-4000-8000-000000000001','f2f1da7f-9a16-4816-b5c6-22772580e85e',NULL,'eastus',NULL,'f7afc340-8324-403d-91e2-2d1579e36778',NULL,17723676000000000,0,NULL,NULL,17959074600488947);
INSERT INTO events VALUES(16,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000005','bbbbbbbb-0002-4000-8000-000000000001','a1c54c47-025d-4fc9-9fcc-36bd3dbd5b45',NULL,'eastus',NULL,'db8c5a59-15e3-4704-a709-10faad198288',NULL,17723676000000000,0,NULL,NULL,17959074600554197);
INSERT INTO events VALUES(17,'22222222-bbbb-4bbb-8bbb-222222222222',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000004','bbbbbbbb-0002-4000-8000-000000000001','4dd0dc9f-e729-4d71-800c-111deba827e9',NULL,'local',NULL,'110b203f-33b9-4ac8-8565-a30811d07d09',NULL,17723712920000000,0,NULL,NULL,17959074600637539);
INSERT INTO events VALUES(18,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','af2c8b5e-ab94-4aa3-b7a2-c958f4b84103',NULL,'eastus',NULL,'7efb45eb-acc8-4695-92ee-faf4f7a2a475',NULL,17723676000000000,0,NULL,NULL,17959074600701875);
INSERT INTO events VALUES(19,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074600794622);
INSERT INTO events VALUES(20,'22222222-bbbb-4bbb-8bbb-222222222222',17723664100000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074600852774);
INSERT INTO events VALUES(21,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'tokenRefreshed','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','af2c8b5e-ab94-4aa3-b7a2-c958f4b84103',NULL,'eastus',NULL,'c3e5ea30-286b-4027-88a8-e9339f03636a',NULL,17724419440000000,1,'d62fd185fb9b4048',NULL,17959074601133690);
INSERT INTO events VALUES(22,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'deviceCodeIssued',NULL,'bbbbbbbb-0002-4000-8000-000000000001',NULL,NULL,'westeurope',NULL,'cb8356cd-b7d3-4b5d-aeb8-53de38fe4b75',NULL,NULL,NULL,NULL,NULL,17959074601398884);
INSERT INTO events VALUES(23,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'consentWithdrawn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074601482488);
INSERT INTO events VALUES(24,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002','51b37be1-0945-4e3b-b677-457995dd6a6e',NULL,'eastus',NULL,'f598aff8-13fa-4293-9c9d-09826c6eccd2',NULL,17723676100000000,0,NULL,NULL,17959074601723119);
INSERT INTO events VALUES(25,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'revoked','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'2f822fcb-4919-46e6-a09e-a0171588e6f4','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074601787959);
INSERT INTO events VALUES(26,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074601826157);
INSERT INTO events VALUES(27,'22222222-bbbb-4bbb-8bbb-222222222222',17723664300000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074601868328);
INSERT INTO events VALUES(28,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'9c23cc4b-2f3e-4e4b-b602-6e941912bcf4','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074602007890);
INSERT INTO events VALUES(29,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'passwordChanged','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'9c23cc4b-2f3e-4e4b-b602-6e941912bcf4',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074602012301);
INSERT INTO events VALUES(30,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000002',NULL,NULL,'0caeed47-85ce-4c7b-8849-76ddded427d3','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074602113847);
INSERT INTO events VALUES(31,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-0000000000a1',NULL,NULL,'20867516-e313-41d2-85f8-cec27c9aa09d','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074602147926);
INSERT INTO events VALUES(32,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'be6ddc57-7a74-49aa-8abc-925321314b62','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074602175983);
INSERT INTO events VALUES(33,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revocationReleased','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'be6ddc57-7a74-49aa-8abc-925321314b62','westeurope',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074602228384);
INSERT INTO events VALUES(34,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'userDeleted','a13938a7-841d-4544-8e33-7a475bce4a61',NULL,NULL,'47deeda8-9c79-494d-97dd-29c00080c159','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074602265240);
INSERT INTO events VALUES(35,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'userUpdated','546a7e7a-f544-44d5-8e77-0cad1283f589',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074602296335);
INSERT INTO events VALUES(36,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'accountDisabled','546a7e7a-f544-44d5-8e77-0cad1283f589',NULL,NULL,'5de3e04c-272c-4143-8c69-367d155cad0e','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074602296486);
INSERT INTO events VALUES(37,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'propagationChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074602329534);
INSERT INTO events VALUES(38,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000003','bbbbbbbb-0002-4000-8000-000000000001','40434cd4-01c0-4030-8d98-af18b00dea1c',NULL,'eastus',NULL,'c8574eaf-2211-431a-8169-406912404b1c',NULL,17723676300000000,0,NULL,NULL,17959074602351613);
INSERT INTO events VALUES(39,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'402aae68-7034-44fe-9764-335e1ac96ac1','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959074602374885);
INSERT INTO events VALUES(40,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','e29d7eef-31ad-457c-9bae-05d511672d5c',NULL,'eastus',NULL,'c85ae656-44e9-4945-9e78-42ea39a4dbe5',NULL,17723676300000000,0,NULL,NULL,17959074602519404);
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
INSERT INTO sessions VALUES('dad497cc-e1cb-441b-b939-15de65d08c95',X'1782c062ae1f09c9170ca718a3473f3ae0adcbe700d06cd57ace9633fd248b3a','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,9,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('74778659-e8b1-4870-b9e0-4df4b9044dbe',X'e59560efaa24152d54aaeb8418579e0bac3bb6a704b1290a87c9e79c04e29058','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,10,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('89fa29da-78d1-40b2-8489-da31d862b88a',X'b86fff13509a01d6d78c5bca9abe03f67259bacdff0789d7913be03632d6420e','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,11,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('90299c17-7fa1-4d0d-9afc-9de701256195',X'a6b273d1396c5b8f0468ec0e07890d8aeac37eba021adc7350b59430f5477d16','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,12,'non-password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('e390e1e8-c037-443e-a165-0a89a56de7de',X'715b63f2a668bddb2abbef9a0c83d9dc9e1fb5956538db3154649a081a6f6663','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664000000000,13,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('21e3212e-c2d9-4aa6-8ede-8eb419f0d528',X'8c2e96b8ad713cc5a12786a21e4f9f174ff64560c9645db119e16f1421f842aa','11111111-aaaa-4aaa-8aaa-111111111111','a13938a7-841d-4544-8e33-7a475bce4a61',17723664000000000,14,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('920869fa-285f-44d4-bd41-e8ad9c31ea1e',X'4cbe0ff4c05290f5b8e67129fa5e67b9fba760f7183b5c4a8e96be6b7e424193','11111111-aaaa-4aaa-8aaa-111111111111','546a7e7a-f544-44d5-8e77-0cad1283f589',17723664000000000,15,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('05e6754a-f8b6-45c0-90aa-5f431d08742a',X'4c1d48b9e985db91694482f44be5bbc6130f8af9db63fc10f99ff2f4b05483b7','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,16,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('809f22a9-bd63-45a5-a8cd-3c51c3bb0abd',X'504bd14da157df9dc88f3f67f18b28595991027f57d1d3e2795b0e8f4fca3d87','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,17,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('175dfdcf-9338-4345-b9b8-5489b101e3f4',X'a786e44726313a165f0599b13d89f60e2c5c2f89918ac484454bd2e380b92ad9','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664000000000,18,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('1045ddaa-f5be-4002-aaa4-f61dc74ff90f',X'621b52ca9d3ffe8c00e6f63bc171d11517456d6e2271e2d601bf2bb56ffd2fb5','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664100000000,24,'password',0,17723664100000000,17724528100000000,NULL);
INSERT INTO sessions VALUES('d98cfaa3-afd1-4f7f-9aa1-7c5998e73a52',X'8754e52eba5bc7128a59188fac0dbb6973b0dd309025843dd09418969687cbd0','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,38,'password',0,17723664300000000,17724528300000000,NULL);
INSERT INTO sessions VALUES('f560c590-1c45-4951-a648-efecbde60758',X'9132537245247ba44b19a8e25af1c169e76833228956c1644fecedb5b98ddb49','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,40,'password',0,17723664300000000,17724528300000000,NULL);
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
INSERT INTO grants VALUES('63611be9-6109-4ecd-b409-c5f473fa7e1b','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,9,'password','dad497cc-e1cb-441b-b939-15de65d08c95',17723664000000000,0);
INSERT INTO grants VALUES('0c083e56-9dc7-4bde-bf1a-4f692c42891c','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000002','confidential','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,10,'password','74778659-e8b1-4870-b9e0-4df4b9044dbe',17723664000000000,0);
INSERT INTO grants VALUES('a1d6817f-f2dc-4e4e-b106-3d1c7522ecf4','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000003','spa','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,11,'password','89fa29da-78d1-40b2-8489-da31d862b88a',17723664000000000,0);
INSERT INTO grants VALUES('3d2bbf5e-9039-47ba-85ff-f13f04586b3a','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,12,'non-password','90299c17-7fa1-4d0d-9afc-9de701256195',17723664000000000,0);
INSERT INTO grants VALUES('36f0aa85-6543-47d4-810d-57e30fd8563f','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664000000000,13,'password','e390e1e8-c037-443e-a165-0a89a56de7de',17723664000000000,0);
INSERT INTO grants VALUES('61911843-fa03-4460-b99c-6fc83e79a2e7','11111111-aaaa-4aaa-8aaa-111111111111','a13938a7-841d-4544-8e33-7a475bce4a61','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','a13938a7-841d-4544-8e33-7a475bce4a61',17723664000000000,14,'password','21e3212e-c2d9-4aa6-8ede-8eb419f0d528',17723664000000000,0);
INSERT INTO grants VALUES('f2f1da7f-9a16-4816-b5c6-22772580e85e','11111111-aaaa-4aaa-8aaa-111111111111','546a7e7a-f544-44d5-8e77-0cad1283f589','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','546a7e7a-f544-44d5-8e77-0cad1283f589',17723664000000000,15,'password','920869fa-285f-44d4-bd41-e8ad9c31ea1e',17723664000000000,0);
INSERT INTO grants VALUES('a1c54c47-025d-4fc9-9fcc-36bd3dbd5b45','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000005','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,16,'password','05e6754a-f8b6-45c0-90aa-5f431d08742a',17723664000000000,0);
INSERT INTO grants VALUES('4dd0dc9f-e729-4d71-800c-111deba827e9','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,17,'password','809f22a9-bd63-45a5-a8cd-3c51c3bb0abd',17723664000000000,0);
INSERT INTO grants VALUES('af2c8b5e-ab94-4aa3-b7a2-c958f4b84103','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664000000000,18,'password','175dfdcf-9338-4345-b9b8-5489b101e3f4',17723664000000000,0);
INSERT INTO grants VALUES('51b37be1-0945-4e3b-b677-457995dd6a6e','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002','confidential','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664100000000,24,'password','1045ddaa-f5be-4002-aaa4-f61dc74ff90f',17723664100000000,0);
INSERT INTO grants VALUES('40434cd4-01c0-4030-8d98-af18b00dea1c','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,38,'password','d98cfaa3-afd1-4f7f-9aa1-7c5998e73a52',17723664300000000,0);
INSERT INTO grants VALUES('e29d7eef-31ad-457c-9bae-05d511672d5c','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,40,'password','f560c590-1c45-4951-a648-efecbde60758',17723664300000000,0);
CREATE TABLE refresh_tokens (
    grant_id   TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    issued_at  INTEGER NOT NULL,               -- the grant's tenant's clock
    hash       BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (grant_id, issued_at, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO refresh_tokens VALUES('0c083e56-9dc7-4bde-bf1a-4f692c42891c',17723664000000000,X'951079d3de50a91c27bf1642ab1c1dcf22f36fbb3c40bc2777caa489915ccec8',17801424000000000);
INSERT INTO refresh_tokens VALUES('36f0aa85-6543-47d4-810d-57e30fd8563f',17723664000000000,X'e3ce52596534131c7da89e01bf1c7c2659a5e5b7cfa7808ac93fcaac285dcb7a',17801424000000000);
INSERT INTO refresh_tokens VALUES('3d2bbf5e-9039-47ba-85ff-f13f04586b3a',17723664000000000,X'9129c5aa4192036f957b2f95fa4fc604d1ecb99383e29f6ed8fea811a9574977',17801424000000000);
INSERT INTO refresh_tokens VALUES('40434cd4-01c0-4030-8d98-af18b00dea1c',17723664300000000,X'362f08ce754d6adb6e12f8d94ded8f6923ed39802bd2140fe6c8a80e75a63df6',17801424300000000);
INSERT INTO refresh_tokens VALUES('4dd0dc9f-e729-4d71-800c-111deba827e9',17723664000000000,X'643fea6a98fe56d9a462d552305452322843d459e11c92fb3f1be7dc97329161',17801424000000000);
INSERT INTO refresh_tokens VALUES('51b37be1-0945-4e3b-b677-457995dd6a6e',17723664100000000,X'6ccd5bf3c62824d434f9d5d9849f6dc6e7768d1f62df8454c9e7d78e0f893403',17801424100000000);
INSERT INTO refresh_tokens VALUES('61911843-fa03-4460-b99c-6fc83e79a2e7',17723664000000000,X'3edcdd08cdd578cd035fbebe340f19d5bf116e2cb39a365d656d5b28c31c22e4',17801424000000000);
INSERT INTO refresh_tokens VALUES('63611be9-6109-4ecd-b409-c5f473fa7e1b',17723664000000000,X'34de9e1e61b9023db3458e4082ab64ba257785f3db0c5bef30ca161a61c798f9',17801424000000000);
INSERT INTO refresh_tokens VALUES('a1c54c47-025d-4fc9-9fcc-36bd3dbd5b45',17723664000000000,X'f282a914e4296ea25066e763a0f87a2356705b8268bcaecfc338dcf99d40937a',17801424000000000);
INSERT INTO refresh_tokens VALUES('a1d6817f-f2dc-4e4e-b106-3d1c7522ecf4',17723664000000000,X'fe913a0adbc2e3899db9d8da08bb8e0a60441d482ca86e3137e6ad56b1d0818a',17724528000000000);
INSERT INTO refresh_tokens VALUES('af2c8b5e-ab94-4aa3-b7a2-c958f4b84103',17723664000000000,X'd62fd185fb9b40484bfe1a71751cdca31de742bfcaf2b285a7503ae6cf2cf839',17801424000000000);
INSERT INTO refresh_tokens VALUES('af2c8b5e-ab94-4aa3-b7a2-c958f4b84103',17723664100000000,X'eb31640839f7154a97378a74b484886803b537935ca91cedde2e9b70d477ad37',17801424100000000);
INSERT INTO refresh_tokens VALUES('e29d7eef-31ad-457c-9bae-05d511672d5c',17723664300000000,X'f30c706908cb4e9ae5c989d6b69108b3db094cd9c3d346c2138c1f87bdd509a8',17801424300000000);
INSERT INTO refresh_tokens VALUES('f2f1da7f-9a16-4816-b5c6-22772580e85e',17723664000000000,X'8be73eca3418d2f3e554ef94b0718bcf4192b3a36a578165c72a0cf37ed674ff',17801424000000000);
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
INSERT INTO device_codes VALUES(X'bf0b80c18ac333f2da379101d99662af0385429c8e886b88f1a820795fe4cd75',X'9edf81297690d4863e598910cfb851dd310a170ed0269afaef8e7e0ce6b0ce7e','bbbbbbbb-0002-4000-8000-000000000001','11111111-aaaa-4aaa-8aaa-111111111111','openid',0,17723664100000000,17723673100000000,'pending',NULL);
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
INSERT INTO revocations VALUES('2f822fcb-4919-46e6-a09e-a0171588e6f4','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664100000000,25,1,'adminRevoke',NULL);
INSERT INTO revocations VALUES('9c23cc4b-2f3e-4e4b-b602-6e941912bcf4','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,28,2,'passwordChange',NULL);
INSERT INTO revocations VALUES('0caeed47-85ce-4c7b-8849-76ddded427d3','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664300000000,30,3,'userRevoke',NULL);
INSERT INTO revocations VALUES('20867516-e313-41d2-85f8-cec27c9aa09d','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664300000000,31,4,'passwordExpired',NULL);
INSERT INTO revocations VALUES('be6ddc57-7a74-49aa-8abc-925321314b62','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,32,5,'adminResetEntra',NULL);
INSERT INTO revocations VALUES('402aae68-7034-44fe-9764-335e1ac96ac1','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,39,8,'adminRevoke',NULL);
CREATE TABLE state_changes (
    id          TEXT PRIMARY KEY,
    sequence    INTEGER NOT NULL UNIQUE,       -- the event of the change
    ordinal     INTEGER NOT NULL,              -- as in revocations
    home_tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    home_user   TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('disable', 'enable', 'delete', 'restore')),
    at          INTEGER NOT NULL               -- home tenant's clock
) STRICT;
INSERT INTO state_changes VALUES('47deeda8-9c79-494d-97dd-29c00080c159',34,6,'11111111-aaaa-4aaa-8aaa-111111111111','a13938a7-841d-4544-8e33-7a475bce4a61','delete',17723664300000000);
INSERT INTO state_changes VALUES('5de3e04c-272c-4143-8c69-367d155cad0e',36,7,'11111111-aaaa-4aaa-8aaa-111111111111','546a7e7a-f544-44d5-8e77-0cad1283f589','disable',17723664300000000);
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
