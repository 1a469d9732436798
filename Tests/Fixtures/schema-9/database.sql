PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta (
    version    INTEGER NOT NULL,
    last_event INTEGER NOT NULL                -- no event that was ever deleted with its tenant had a higher id
) STRICT;
INSERT INTO meta VALUES(9,0);
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
INSERT INTO tenants VALUES('11111111-aaaa-4aaa-8aaa-111111111111','Contoso','["contoso.example"]','frozen',17723664300000000,'{"seed":1,"regions":["eastus","westeurope"],"routing":"sticky","origin":"sampled","planes":{"refresh":{"afterAttempts":2},"session":"immediate","cae":"immediate","directory":"immediate"}}','{"tieRule":"entra","revocationMatrix":{"passwordChange":["passwordCookie","passwordToken","nonPasswordToken"]},"revokeAnswer":204,"permissions":"newest","errorLayout":"current","suberror":true,"loopDetection":false,"tokenTimes":"tenant","cloud":"global","lifetimes":{"accessToken":"PT20M"}}','{"tenant":{"clock_mode":"running","clock_ticks":0,"domains":"[\"contoso.example\"]","id":"11111111-aaaa-4aaa-8aaa-111111111111","is_sandbox":0,"name":"Contoso","policies":"{\"tieRule\":\"precise\",\"revocationMatrix\":{},\"revokeAnswer\":200,\"permissions\":\"newest\",\"errorLayout\":\"current\",\"suberror\":true,\"loopDetection\":false,\"tokenTimes\":\"tenant\",\"cloud\":\"global\",\"lifetimes\":{}}","propagation":null},"users":[{"account_enabled":1,"challenges":"[]","created_at":15778368000000000,"display_name":"Adele Vance","given_name":"Adele","home_tenant":null,"home_user":null,"id":"aaaaaaaa-0001-4000-8000-000000000001","mail":"adele@contoso.example","must_change_password":0,"password_hash":{"blob":"5dd6d491b8c3861a1879da3a7c0e09a4fd6f77e50925fdcd518844ac3e7b1774"},"password_salt":"aaaaaaaa-0001-4000-8000-000000000001","profile":"{}","roles":"[]","surname":"Vance","tenant":"11111111-aaaa-4aaa-8aaa-111111111111","user_principal_name":"adele@contoso.example","withdrawn_consents":"[]"},{"account_enabled":1,"challenges":"[]","created_at":15778368000000000,"display_name":"Alex Wilber","given_name":"Alex","home_tenant":null,"home_user":null,"id":"aaaaaaaa-0001-4000-8000-000000000002","mail":"alex@contoso.example","must_change_password":0,"password_hash":{"blob":"a40096779d93b29f2f03a54e0cf92178dd5242aa505fde445bf07559cf68c146"},"password_salt":"aaaaaaaa-0001-4000-8000-000000000002","profile":"{}","roles":"[]","surname":"Wilber","tenant":"11111111-aaaa-4aaa-8aaa-111111111111","user_principal_name":"alex@contoso.example","withdrawn_consents":"[]"},{"account_enabled":1,"challenges":"[]","created_at":15778368000000000,"display_name":"Ada Admin","given_name":"Ada","home_tenant":null,"home_user":null,"id":"aaaaaaaa-0001-4000-8000-000000000003","mail":"admin@contoso.example","must_change_password":0,"password_hash":{"blob":"07f15e3fbe1413b000bb2be670503153197d64610a741aec0e28839c684ed73b"},"password_salt":"aaaaaaaa-0001-4000-8000-000000000003","profile":"{}","roles":"[\"Global Administrator\"]","surname":"Admin","tenant":"11111111-aaaa-4aaa-8aaa-111111111111","user_principal_name":"admin@contoso.example","withdrawn_consents":"[]"},{"account_enabled":1,"challenges":"[]","created_at":15778368000000000,"display_name":"Nestor Wilke","given_name":null,"home_tenant":"22222222-bbbb-4bbb-8bbb-222222222222","home_user":"aaaaaaaa-0001-4000-8000-000000000004","id":"aaaaaaaa-0001-4000-8000-000000000005","mail":"nestor@fabrikam.example","must_change_password":0,"password_hash":null,"password_salt":"aaaaaaaa-0001-4000-8000-000000000005","profile":"{}","roles":"[]","surname":null,"tenant":"11111111-aaaa-4aaa-8aaa-111111111111","user_principal_name":"nestor_fabrikam.example#EXT#@contoso.example","withdrawn_consents":"[]"}],"apps":[{"access_token_version":2,"application_permissions":"[]","challenges":"[]","delegated_permissions":"[\"openid\",\"profile\",\"email\",\"offline_access\",\"User.Read\",\"User.RevokeSessions.All\",\"User.ReadWrite.All\",\"Directory.AccessAsUser.All\",\"api://lapse-lab/access_as_user\"]","exposes":null,"flows":"[\"code\",\"refresh\",\"device\",\"password\"]","id":"bbbbbbbb-0002-4000-8000-000000000001","is_family_member":0,"kind":"public","lifetimes":"{}","logout_url":null,"name":"Lapse Native","redirect_uris":"[\"http://localhost\",\"http://localhost/cb\",\"http://localhost/callback\"]","registration":0,"secret_hashes":"[]","spa_redirect_uris":"[]","tenant":"11111111-aaaa-4aaa-8aaa-111111111111"},{"access_token_version":2,"application_permissions":"[]","challenges":"[]","delegated_permissions":"[\"openid\",\"profile\",\"email\",\"offline_access\",\"User.Read\",\"User.RevokeSessions.All\",\"User.ReadWrite.All\",\"Directory.AccessAsUser.All\",\"api://lapse-lab/access_as_user\"]","exposes":null,"flows":"[\"code\",\"refresh\",\"clientCredentials\",\"onBehalfOf\"]","id":"bbbbbbbb-0002-4000-8000-000000000002","is_family_member":0,"kind":"confidential","lifetimes":"{}","logout_url":null,"name":"Lapse Web","redirect_uris":"[\"http://localhost:3000/auth/callback\",\"https://localhost:3000/auth/callback\",\"http://localhost/cb\"]","registration":0,"secret_hashes":"[\"d01eab998a7546cfddef7f2b60f17d7558dfe5a860e5d98a8329afc71b1e027b\"]","spa_redirect_uris":"[]","tenant":"11111111-aaaa-4aaa-8aaa-111111111111"},{"access_token_version":2,"application_permissions":"[]","challenges":"[]","delegated_permissions":"[\"openid\",\"profile\",\"email\",\"offline_access\",\"User.Read\",\"User.RevokeSessions.All\",\"User.ReadWrite.All\",\"Directory.AccessAsUser.All\",\"api://lapse-lab/access_as_user\"]","exposes":null,"flows":"[\"code\",\"refresh\"]","id":"bbbbbbbb-0002-4000-8000-000000000003","is_family_member":0,"kind":"spa","lifetimes":"{}","logout_url":null,"name":"Lapse SPA","redirect_uris":"[]","registration":0,"secret_hashes":"[]","spa_redirect_uris":"[\"http://localhost:5173/\",\"http://localhost/\"]","tenant":"11111111-aaaa-4aaa-8aaa-111111111111"},{"access_token_version":2,"application_permissions":"[\"User.RevokeSessions.All\",\"User.Read.All\",\"User.ReadWrite.All\",\"AuditLog.Read.All\"]","challenges":"[]","delegated_permissions":"[\"openid\",\"profile\",\"email\",\"offline_access\",\"User.Read\",\"User.RevokeSessions.All\",\"User.ReadWrite.All\",\"Directory.AccessAsUser.All\",\"api://lapse-lab/access_as_user\"]","exposes":null,"flows":"[\"code\",\"refresh\",\"clientCredentials\",\"onBehalfOf\"]","id":"bbbbbbbb-0002-4000-8000-000000000004","is_family_member":0,"kind":"confidential","lifetimes":"{}","logout_url":null,"name":"Lapse Daemon","redirect_uris":"[]","registration":0,"secret_hashes":"[\"795b8460870f9b3ac1f29a8a87d9bbfdc3cb3a6050a46e98c4e21a7dbe71b561\"]","spa_redirect_uris":"[]","tenant":"11111111-aaaa-4aaa-8aaa-111111111111"},{"access_token_version":2,"application_permissions":"[]","challenges":"[]","delegated_permissions":"[\"User.Read\"]","exposes":"{\"uri\":\"api://lapse-lab\",\"scopes\":[\"access_as_user\"],\"xms_cc\":true}","flows":"[\"onBehalfOf\"]","id":"bbbbbbbb-0002-4000-8000-000000000005","is_family_member":0,"kind":"resource","lifetimes":"{}","logout_url":null,"name":"Lapse API","redirect_uris":"[]","registration":0,"secret_hashes":"[\"5e8f30bfa9f9016594eed9e513d96886a17761fae2fcaeebbe7d70c96936b47e\"]","spa_redirect_uris":"[]","tenant":"11111111-aaaa-4aaa-8aaa-111111111111"}],"faults":[]}',0,1);
INSERT INTO tenants VALUES('22222222-bbbb-4bbb-8bbb-222222222222','Fabrikam','["fabrikam.example"]','frozen',17723664300000000,NULL,'{"tieRule":"precise","revocationMatrix":{},"revokeAnswer":200,"permissions":"newest","errorLayout":"current","suberror":true,"loopDetection":false,"tokenTimes":"tenant","cloud":"global","lifetimes":{}}','{"tenant":{"clock_mode":"running","clock_ticks":0,"domains":"[\"fabrikam.example\"]","id":"22222222-bbbb-4bbb-8bbb-222222222222","is_sandbox":0,"name":"Fabrikam","policies":"{\"tieRule\":\"precise\",\"revocationMatrix\":{},\"revokeAnswer\":200,\"permissions\":\"newest\",\"errorLayout\":\"current\",\"suberror\":true,\"loopDetection\":false,\"tokenTimes\":\"tenant\",\"cloud\":\"global\",\"lifetimes\":{}}","propagation":null},"users":[{"account_enabled":1,"challenges":"[]","created_at":15778368000000000,"display_name":"Nestor Wilke","given_name":"Nestor","home_tenant":null,"home_user":null,"id":"aaaaaaaa-0001-4000-8000-000000000004","mail":"nestor@fabrikam.example","must_change_password":0,"password_hash":{"blob":"a5514d9c86620f3050be29561597caac74e1a41cb8901bd242c442af04f8cacb"},"password_salt":"aaaaaaaa-0001-4000-8000-000000000004","profile":"{}","roles":"[]","surname":"Wilke","tenant":"22222222-bbbb-4bbb-8bbb-222222222222","user_principal_name":"nestor@fabrikam.example","withdrawn_consents":"[]"}],"apps":[],"faults":[]}',0,1);
CREATE TABLE clock_floors (
    tenant TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    ticks  INTEGER NOT NULL                    -- an instant of the tenant
) STRICT, WITHOUT ROWID;
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
INSERT INTO users VALUES('b2547a98-0664-4968-ac60-4e4ee09c6042','11111111-aaaa-4aaa-8aaa-111111111111','gone@contoso.example','Gone',NULL,NULL,NULL,X'72bd5e873d466e70d3680270851226a5718799b0d5953d9ce3a15e60b6abbc19','b2547a98-0664-4968-ac60-4e4ee09c6042',1,'[]','[]','[]',0,'{}',NULL,NULL,17723664000000000,17723664300000000,0);
INSERT INTO users VALUES('366d7b10-97df-45bc-8ea5-208c62a34ab5','11111111-aaaa-4aaa-8aaa-111111111111','off@contoso.example','Off',NULL,NULL,NULL,X'41b6021c8b05a4960009ebcd8d02ea690912edf901c762a252ed7963457e8549','366d7b10-97df-45bc-8ea5-208c62a34ab5',0,'[]','[]','[]',0,'{}',NULL,NULL,17723664000000000,NULL,0);
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
INSERT INTO faults VALUES('11111111-aaaa-4aaa-8aaa-111111111111',1,'28893505-e9bb-43c7-944d-3aa4e50949d2','{"name":"one in two","match":{"endpoint":"token","user":"aaaaaaaa-0001-4000-8000-000000000002"},"effect":{"status":503,"retryAfter":"PT5S"},"times":3,"probability":0.5}',0,0);
CREATE TABLE expectations (
    tenant     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    ordinal    INTEGER NOT NULL,
    id         TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    PRIMARY KEY (tenant, ordinal)
) STRICT;
INSERT INTO expectations VALUES('11111111-aaaa-4aaa-8aaa-111111111111',1,'ab97138e-4b72-4c25-b16d-1919ebfb2564','{"name":"comes back","after":"revoke","reauthorizesWithin":"PT1M"}');
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
    PRIMARY KEY (tenant, id)
) STRICT;
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','bbbbbbbb-0002-4000-8000-000000000001','Lapse Native','public','[]','["http://localhost","http://localhost/cb","http://localhost/callback"]','[]',NULL,'["code","refresh","device","password"]','["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"]','[]',NULL,2,0,'{}','[]',0);
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','bbbbbbbb-0002-4000-8000-000000000002','Lapse Web','confidential','["d01eab998a7546cfddef7f2b60f17d7558dfe5a860e5d98a8329afc71b1e027b"]','["http://localhost:3000/auth/callback","https://localhost:3000/auth/callback","http://localhost/cb"]','[]',NULL,'["code","refresh","clientCredentials","onBehalfOf"]','["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"]','[]',NULL,2,0,'{}','[]',0);
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','bbbbbbbb-0002-4000-8000-000000000003','Lapse SPA','spa','[]','[]','["http://localhost:5173/","http://localhost/"]',NULL,'["code","refresh"]','["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"]','[]',NULL,2,0,'{}','[]',0);
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','bbbbbbbb-0002-4000-8000-000000000004','Lapse Daemon','confidential','["795b8460870f9b3ac1f29a8a87d9bbfdc3cb3a6050a46e98c4e21a7dbe71b561"]','[]','[]',NULL,'["code","refresh","clientCredentials","onBehalfOf"]','["openid","profile","email","offline_access","User.Read","User.RevokeSessions.All","User.ReadWrite.All","Directory.AccessAsUser.All","api://lapse-lab/access_as_user"]','["User.RevokeSessions.All","User.Read.All","User.ReadWrite.All","AuditLog.Read.All"]',NULL,2,0,'{}','[]',0);
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','bbbbbbbb-0002-4000-8000-000000000005','Lapse API','resource','["5e8f30bfa9f9016594eed9e513d96886a17761fae2fcaeebbe7d70c96936b47e"]','[]','[]',NULL,'["onBehalfOf"]','["User.Read"]','[]','{"uri":"api://lapse-lab","scopes":["access_as_user"],"xms_cc":true}',2,0,'{}','[]',0);
INSERT INTO apps VALUES('11111111-aaaa-4aaa-8aaa-111111111111','dddddddd-0004-4000-8000-000000000001','Web with an API','confidential','["6c9f962eefa14b6d2589cd6a45c38129ca056bec783905aafb13c5e432379dda"]','["http://localhost:3000/cb"]','[]','http://localhost:3000/out','["code","refresh","clientCredentials","onBehalfOf"]','["User.Read"]','["User.Read.All"]','{"uri":"api://fixture","scopes":["read"],"xms_cc":true}',2,0,'{"accessToken":"PT2M"}','[{"code":7000222,"on":["refresh","authorize"]}]',8);
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
INSERT INTO events VALUES(1,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510745546250);
INSERT INTO events VALUES(2,'22222222-bbbb-4bbb-8bbb-222222222222',17723664000000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510745607299);
INSERT INTO events VALUES(3,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'propagationChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510745651787);
INSERT INTO events VALUES(4,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'policiesChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510745729020);
INSERT INTO events VALUES(5,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','aaaaaaaa-0001-4000-8000-0000000000a1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510745788492);
INSERT INTO events VALUES(6,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','b2547a98-0664-4968-ac60-4e4ee09c6042',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510745926442);
INSERT INTO events VALUES(7,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'userCreated','366d7b10-97df-45bc-8ea5-208c62a34ab5',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510745956663);
INSERT INTO events VALUES(8,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'appCreated',NULL,'dddddddd-0004-4000-8000-000000000001',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746022483);
INSERT INTO events VALUES(9,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','29ae410f-b43c-49f4-a557-e99db43b93c4',NULL,'eastus',NULL,'f37de7e3-56ca-4633-aafb-ecf70a1290ac',NULL,17723676000000000,0,NULL,NULL,17959510746106334);
INSERT INTO events VALUES(10,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000002','d6832de1-c908-4e94-86b7-44f2a9e8999e',NULL,'eastus',NULL,'b8911660-3cb6-439f-acf9-34cfabb84983',NULL,17723676000000000,0,NULL,NULL,17959510746253299);
INSERT INTO events VALUES(11,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000003','4a0c2355-57a1-4c81-829f-1145544d077c',NULL,'eastus',NULL,'9c441f4e-148c-4324-a838-d6591568f9ef',NULL,17723676000000000,0,NULL,NULL,17959510746284990);
INSERT INTO events VALUES(12,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','ce88a693-5d6c-442e-9d10-db4d1ac39b4d',NULL,'eastus',NULL,'d679f88c-1cef-4147-a22e-112c1389d618',NULL,17723676000000000,0,NULL,NULL,17959510746319987);
INSERT INTO events VALUES(13,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-0000000000a1','bbbbbbbb-0002-4000-8000-000000000001','e5753516-d582-40bc-ae74-b55e21ffbe25',NULL,'eastus',NULL,'fe52ae2a-fbb9-4728-ac11-5dabfe2e7510',NULL,17723676000000000,0,NULL,NULL,17959510746352340);
INSERT INTO events VALUES(14,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','b2547a98-0664-4968-ac60-4e4ee09c6042','bbbbbbbb-0002-4000-8000-000000000001','16a3518a-ae20-4126-91f8-f434f36d277f',NULL,'eastus',NULL,'96958b37-edb7-4481-9d0b-7faf5a61861d',NULL,17723676000000000,0,NULL,NULL,17959510746381816);
INSERT INTO events VALUES(15,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','366d7b10-97df-45bc-8ea5-208c62a34ab5','bbbbbbbb-0002-4000-8000-000000000001','4a303620-f721-4076-9585-bdd2fa55b30d',NULL,'eastus',NULL,'e81698a4-dd11-4d80-9157-9b37c5e52c48',NULL,17723676000000000,0,NULL,NULL,17959510746411397);
INSERT INTO events VALUES(16,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000005','bbbbbbbb-0002-4000-8000-000000000001','90dcb7bf-295b-4eb5-a52b-8880bac3c9d1',NULL,'eastus',NULL,'e2a37605-45cc-49ba-a43b-42d7f33619a0',NULL,17723676000000000,0,NULL,NULL,17959510746445791);
INSERT INTO events VALUES(17,'22222222-bbbb-4bbb-8bbb-222222222222',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000004','bbbbbbbb-0002-4000-8000-000000000001','f35c9492-015d-4bf2-b7df-6f002864cd5a',NULL,'local',NULL,'89948599-1c01-45df-9e1f-7e826c46a316',NULL,17723707960000000,0,NULL,NULL,17959510746480323);
INSERT INTO events VALUES(18,'11111111-aaaa-4aaa-8aaa-111111111111',17723664000000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','456cde98-149d-46b0-8d5b-2972a123c201',NULL,'eastus',NULL,'53134b96-302d-4526-97e7-59cb880b1cba',NULL,17723676000000000,0,NULL,NULL,17959510746508695);
INSERT INTO events VALUES(19,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746537053);
INSERT INTO events VALUES(20,'22222222-bbbb-4bbb-8bbb-222222222222',17723664100000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746565660);
INSERT INTO events VALUES(21,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'tokenRefreshed','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','456cde98-149d-46b0-8d5b-2972a123c201',NULL,'eastus',NULL,'40964fae-c7cb-47fa-acd9-e141b567f2b6',NULL,17724574820000000,1,'d553b646d3a17352',NULL,17959510746608049);
INSERT INTO events VALUES(22,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'deviceCodeIssued',NULL,'bbbbbbbb-0002-4000-8000-000000000001',NULL,NULL,'westeurope',NULL,'d3d06cb6-1d30-48c4-8939-bc7a252cdcc9',NULL,NULL,NULL,NULL,NULL,17959510746641003);
INSERT INTO events VALUES(23,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'consentWithdrawn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746684439);
INSERT INTO events VALUES(24,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002','31e8ca83-67e4-4ee6-b3e4-abe02e6d9b0b',NULL,'eastus',NULL,'66141768-26be-47a3-b3aa-d78e7f2d5824',NULL,17723676100000000,0,NULL,NULL,17959510746713491);
INSERT INTO events VALUES(25,'11111111-aaaa-4aaa-8aaa-111111111111',17723664100000000,'revoked','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'42d92bee-83ce-46d0-a634-b04f486374cc','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746741242);
INSERT INTO events VALUES(26,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746766046);
INSERT INTO events VALUES(27,'22222222-bbbb-4bbb-8bbb-222222222222',17723664300000000,'clockChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746785898);
INSERT INTO events VALUES(28,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'56c22fbd-20ec-4a36-86f8-12a682202fe0','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746807955);
INSERT INTO events VALUES(29,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'passwordChanged','aaaaaaaa-0001-4000-8000-000000000001',NULL,NULL,'56c22fbd-20ec-4a36-86f8-12a682202fe0',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746811587);
INSERT INTO events VALUES(30,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000002',NULL,NULL,'f8f6605d-87a2-4efa-87d5-500f84313793','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746832409);
INSERT INTO events VALUES(31,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-0000000000a1',NULL,NULL,'36c36dee-7cdd-4ab7-aa32-ab2b898ce5a7','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746852325);
INSERT INTO events VALUES(32,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'c0bc74ce-9bbc-43b7-9445-161a8047d4ca','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746871197);
INSERT INTO events VALUES(33,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revocationReleased','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'c0bc74ce-9bbc-43b7-9445-161a8047d4ca','westeurope',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746893816);
INSERT INTO events VALUES(34,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'userDeleted','b2547a98-0664-4968-ac60-4e4ee09c6042',NULL,NULL,'8b7f78e8-e210-42dd-9eb9-b5efbec43c91','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746914166);
INSERT INTO events VALUES(35,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'userUpdated','366d7b10-97df-45bc-8ea5-208c62a34ab5',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746938195);
INSERT INTO events VALUES(36,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'accountDisabled','366d7b10-97df-45bc-8ea5-208c62a34ab5',NULL,NULL,'38d1e37b-c851-42fb-8c10-9e09486e39c6','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746938370);
INSERT INTO events VALUES(37,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'propagationChanged',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510746961328);
INSERT INTO events VALUES(38,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000003','bbbbbbbb-0002-4000-8000-000000000001','dbfda9d3-2271-47fc-a9fa-697266f0bd9f',NULL,'eastus',NULL,'e36691ad-61ee-4494-806f-8f4f731a5b31',NULL,17723676300000000,0,NULL,NULL,17959510746988456);
INSERT INTO events VALUES(39,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'revoked','aaaaaaaa-0001-4000-8000-000000000003',NULL,NULL,'5271937a-6246-4bbd-aa7f-25904313d302','eastus',NULL,NULL,NULL,NULL,NULL,NULL,NULL,17959510747016813);
INSERT INTO events VALUES(40,'11111111-aaaa-4aaa-8aaa-111111111111',17723664300000000,'signedIn','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','da797d10-5f90-4d4a-8507-67e6d0248d12',NULL,'eastus',NULL,'f554722d-618a-4199-ab63-354642d20d00',NULL,17723676300000000,0,NULL,NULL,17959510747041812);
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
INSERT INTO sessions VALUES('d0ea1c66-8d34-40ca-8d19-ace5487f615f',X'7d72a13cd50d93082e63cdff462c644b93af7bfe54c54bf1afe34f08d82b2175','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,9,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('6d27a822-4d8e-4ce5-8806-045d250afb9b',X'e17a6f276f855507215474bd8b40b7d69c1584cf5d91a6b992de369b4f0801aa','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,10,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('0af119bc-b227-4c35-be9a-5bbe97a2ec1b',X'320b9c5cf819706d36adf41e5b74f5b8821115d9aa69c2ab5a74319566aeb37d','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,11,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('acfd4a1f-88b7-47bc-a713-e387e33c9a9d',X'4bb85f3de8ea2fbb937449a057513bf31dd0d8ce1a82b8cdf17436d92ee0c7f8','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,12,'non-password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('833384bc-10dd-4752-a371-7e7f94333342',X'647ed73b5dfda2afd593cd8372476771a1ec629e43352727678857f6f52382fb','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664000000000,13,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('a67a49a9-4b86-4df4-a5a2-4f4e35a93cbc',X'251c46ae8cf24609330bd1b50ae491c23ac74c498d1d8bde6d040bf3385fd42b','11111111-aaaa-4aaa-8aaa-111111111111','b2547a98-0664-4968-ac60-4e4ee09c6042',17723664000000000,14,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('9c1f8706-1970-4d73-9b13-062a4df1695c',X'c7862bfe40d0bdef22f0428a3a2d7d77730d1c64b9468bd6bed422e63e53faf8','11111111-aaaa-4aaa-8aaa-111111111111','366d7b10-97df-45bc-8ea5-208c62a34ab5',17723664000000000,15,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('cc97b6af-6887-424b-ac97-80412007004f',X'33d28a72a571d3f55f0c8512ea5067e8bfa272002317b3b9c5e64db2da69a934','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,16,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('5b99fe53-d5e7-45c2-8183-6fe5d5074322',X'7b847eb90a7272f6d8106b7ac5e95704629da0a38a2acbf5c0a03c168a1ad6ff','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,17,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('c88a693a-5828-4fb0-8295-d2eba6007a93',X'60cd130e820a51561a36298365ee559c69133889dd5401ee7be58b8248fd12fe','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664000000000,18,'password',0,17723664000000000,17724528000000000,NULL);
INSERT INTO sessions VALUES('ffb3522c-045c-4d8a-b1c0-ba21968daf59',X'3ada01f9a24edf11ac24b744dc5342e0c9c467d1c203f92063b737828aaaea3d','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664100000000,24,'password',0,17723664100000000,17724528100000000,NULL);
INSERT INTO sessions VALUES('aaa3bd9e-0d79-4301-b3e7-5f29ed503405',X'4da6f292b8bf13515296d494ea8d77a2bf5658811f20e531956e0c50ae21360f','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,38,'password',0,17723664300000000,17724528300000000,NULL);
INSERT INTO sessions VALUES('a5688bb8-8461-4dd3-90a9-3020e9e214cf',X'c2e3f7e79855253fca8fe3a550736810a68e1875f4b80e0129d329e194c6a190','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,40,'password',0,17723664300000000,17724528300000000,NULL);
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
    declares_cp1 INTEGER NOT NULL CHECK (declares_cp1 IN (0, 1)), -- the client says that it understands claims challenges
    registration INTEGER NOT NULL DEFAULT 0    -- of the client, as in apps
) STRICT;
INSERT INTO grants VALUES('29ae410f-b43c-49f4-a557-e99db43b93c4','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,9,'password','d0ea1c66-8d34-40ca-8d19-ace5487f615f',17723664000000000,0,0);
INSERT INTO grants VALUES('d6832de1-c908-4e94-86b7-44f2a9e8999e','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000002','confidential','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,10,'password','6d27a822-4d8e-4ce5-8806-045d250afb9b',17723664000000000,0,0);
INSERT INTO grants VALUES('4a0c2355-57a1-4c81-829f-1145544d077c','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000003','spa','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,11,'password','0af119bc-b227-4c35-be9a-5bbe97a2ec1b',17723664000000000,0,0);
INSERT INTO grants VALUES('ce88a693-5d6c-442e-9d10-db4d1ac39b4d','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664000000000,12,'non-password','acfd4a1f-88b7-47bc-a713-e387e33c9a9d',17723664000000000,0,0);
INSERT INTO grants VALUES('e5753516-d582-40bc-ae74-b55e21ffbe25','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664000000000,13,'password','833384bc-10dd-4752-a371-7e7f94333342',17723664000000000,0,0);
INSERT INTO grants VALUES('16a3518a-ae20-4126-91f8-f434f36d277f','11111111-aaaa-4aaa-8aaa-111111111111','b2547a98-0664-4968-ac60-4e4ee09c6042','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','b2547a98-0664-4968-ac60-4e4ee09c6042',17723664000000000,14,'password','a67a49a9-4b86-4df4-a5a2-4f4e35a93cbc',17723664000000000,0,0);
INSERT INTO grants VALUES('4a303620-f721-4076-9585-bdd2fa55b30d','11111111-aaaa-4aaa-8aaa-111111111111','366d7b10-97df-45bc-8ea5-208c62a34ab5','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','366d7b10-97df-45bc-8ea5-208c62a34ab5',17723664000000000,15,'password','9c1f8706-1970-4d73-9b13-062a4df1695c',17723664000000000,0,0);
INSERT INTO grants VALUES('90dcb7bf-295b-4eb5-a52b-8880bac3c9d1','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000005','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,16,'password','cc97b6af-6887-424b-ac97-80412007004f',17723664000000000,0,0);
INSERT INTO grants VALUES('f35c9492-015d-4bf2-b7df-6f002864cd5a','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','22222222-bbbb-4bbb-8bbb-222222222222','aaaaaaaa-0001-4000-8000-000000000004',17723664000000000,17,'password','5b99fe53-d5e7-45c2-8183-6fe5d5074322',17723664000000000,0,0);
INSERT INTO grants VALUES('456cde98-149d-46b0-8d5b-2972a123c201','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664000000000,18,'password','c88a693a-5828-4fb0-8295-d2eba6007a93',17723664000000000,0,0);
INSERT INTO grants VALUES('31e8ca83-67e4-4ee6-b3e4-abe02e6d9b0b','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002','bbbbbbbb-0002-4000-8000-000000000002','confidential','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664100000000,24,'password','ffb3522c-045c-4d8a-b1c0-ba21968daf59',17723664100000000,0,0);
INSERT INTO grants VALUES('dbfda9d3-2271-47fc-a9fa-697266f0bd9f','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,38,'password','aaa3bd9e-0d79-4301-b3e7-5f29ed503405',17723664300000000,0,0);
INSERT INTO grants VALUES('da797d10-5f90-4d4a-8507-67e6d0248d12','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001','bbbbbbbb-0002-4000-8000-000000000001','public','openid profile offline_access User.Read','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,40,'password','a5688bb8-8461-4dd3-90a9-3020e9e214cf',17723664300000000,0,0);
CREATE TABLE refresh_tokens (
    grant_id   TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    issued_at  INTEGER NOT NULL,               -- the grant's tenant's clock
    hash       BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (grant_id, issued_at, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO refresh_tokens VALUES('16a3518a-ae20-4126-91f8-f434f36d277f',17723664000000000,X'ce994ad8ff5baec13ef9b01564d19732527d95b4089b8799e754efa77f65e287',17801424000000000);
INSERT INTO refresh_tokens VALUES('29ae410f-b43c-49f4-a557-e99db43b93c4',17723664000000000,X'3b7d051e547b9eb21c14206a58d0ddf4dc4dc1348d11833171e71aa504116b26',17801424000000000);
INSERT INTO refresh_tokens VALUES('31e8ca83-67e4-4ee6-b3e4-abe02e6d9b0b',17723664100000000,X'1a4f4fb8b97d94398ebcd54c7c8ac4216d70e83b65f6f1bcbdc50c2b0b92524d',17801424100000000);
INSERT INTO refresh_tokens VALUES('456cde98-149d-46b0-8d5b-2972a123c201',17723664000000000,X'd553b646d3a1735239f5a509c4e0e87ab925cb8ea8e989e42114d1dd2f0f259b',17801424000000000);
INSERT INTO refresh_tokens VALUES('456cde98-149d-46b0-8d5b-2972a123c201',17723664100000000,X'fba70e849de87cc2fa97fd7e2f77814d33eee98ad18a18ba919ce73799d0bf33',17801424100000000);
INSERT INTO refresh_tokens VALUES('4a0c2355-57a1-4c81-829f-1145544d077c',17723664000000000,X'9c132f7a4bb85dae392225cf7238ba2d724f2743fdad2d3b549657d5c793275a',17724528000000000);
INSERT INTO refresh_tokens VALUES('4a303620-f721-4076-9585-bdd2fa55b30d',17723664000000000,X'68d3a7edf67942e0660da9cd492c9895b98299f7334a68cda5ba2909dcfccc2b',17801424000000000);
INSERT INTO refresh_tokens VALUES('90dcb7bf-295b-4eb5-a52b-8880bac3c9d1',17723664000000000,X'46bc0b5db4bacc03e1b7adf00e0958177fe386390b70dcc7851775d92a629f4c',17801424000000000);
INSERT INTO refresh_tokens VALUES('ce88a693-5d6c-442e-9d10-db4d1ac39b4d',17723664000000000,X'6aae6c67a53a66c1ec652d1e4a3dac6980250e8d92a74d9fec5860d0eb108f91',17801424000000000);
INSERT INTO refresh_tokens VALUES('d6832de1-c908-4e94-86b7-44f2a9e8999e',17723664000000000,X'72353e85890f4784bc360b00daeb66915e001380b0e52c4be9a19492bde62770',17801424000000000);
INSERT INTO refresh_tokens VALUES('da797d10-5f90-4d4a-8507-67e6d0248d12',17723664300000000,X'043d7dadb2ab266e578e74d6c1a6c127841bfd81ef0f1ca4ffbe6eda4bd8a1b7',17801424300000000);
INSERT INTO refresh_tokens VALUES('dbfda9d3-2271-47fc-a9fa-697266f0bd9f',17723664300000000,X'a67b3bca0e6f999c7a0f96886431c4652fa26b04feba13afacddddb4c6a80e6c',17801424300000000);
INSERT INTO refresh_tokens VALUES('e5753516-d582-40bc-ae74-b55e21ffbe25',17723664000000000,X'40e32151b6f938df872709c63da2516cc6a68d7760721d014846567cf10a19f5',17801424000000000);
INSERT INTO refresh_tokens VALUES('f35c9492-015d-4bf2-b7df-6f002864cd5a',17723664000000000,X'7864111e3e91a8e69049a445f886778a7b013d9112caef4c50f885726abd463d',17801424000000000);
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
INSERT INTO device_codes VALUES(X'6ce786cde718877c6349948e49cadaed6731979359737847146f41421a5a8070',X'2ef3ec89ceb0dd44c373ad470599b77082ff990636e1e5759f8536c2787d2919','bbbbbbbb-0002-4000-8000-000000000001','11111111-aaaa-4aaa-8aaa-111111111111','openid',0,17723664100000000,17723673100000000,'pending',NULL);
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
INSERT INTO revocations VALUES('42d92bee-83ce-46d0-a634-b04f486374cc','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664100000000,25,1,'adminRevoke',NULL);
INSERT INTO revocations VALUES('56c22fbd-20ec-4a36-86f8-12a682202fe0','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000001',17723664300000000,28,2,'passwordChange',NULL);
INSERT INTO revocations VALUES('f8f6605d-87a2-4efa-87d5-500f84313793','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000002',17723664300000000,30,3,'userRevoke',NULL);
INSERT INTO revocations VALUES('36c36dee-7cdd-4ab7-aa32-ab2b898ce5a7','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-0000000000a1',17723664300000000,31,4,'passwordExpired',NULL);
INSERT INTO revocations VALUES('c0bc74ce-9bbc-43b7-9445-161a8047d4ca','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,32,5,'adminResetEntra',NULL);
INSERT INTO revocations VALUES('5271937a-6246-4bbd-aa7f-25904313d302','11111111-aaaa-4aaa-8aaa-111111111111','aaaaaaaa-0001-4000-8000-000000000003',17723664300000000,39,8,'adminRevoke',NULL);
CREATE TABLE state_changes (
    id          TEXT PRIMARY KEY,
    sequence    INTEGER NOT NULL UNIQUE,       -- the event of the change
    ordinal     INTEGER NOT NULL,              -- as in revocations
    home_tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    home_user   TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('disable', 'enable', 'delete', 'restore')),
    at          INTEGER NOT NULL               -- home tenant's clock
) STRICT;
INSERT INTO state_changes VALUES('8b7f78e8-e210-42dd-9eb9-b5efbec43c91',34,6,'11111111-aaaa-4aaa-8aaa-111111111111','b2547a98-0664-4968-ac60-4e4ee09c6042','delete',17723664300000000);
INSERT INTO state_changes VALUES('38d1e37b-c851-42fb-8c10-9e09486e39c6',36,7,'11111111-aaaa-4aaa-8aaa-111111111111','366d7b10-97df-45bc-8ea5-208c62a34ab5','disable',17723664300000000);
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
