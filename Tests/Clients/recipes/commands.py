"""The apps of docs/recipes that nobody visits, and how each is made bad."""

from skeleton import NotPossible, Skeleton, bad

NO_REFRESH = "a daemon has no user: no session, no refresh token and no page"

DAEMON = Skeleton(
    "daemon", ("daemon.py",), ("python", "daemon.py"), options=("--client", "daemon"), scenarios=("daemon-outage",),
    mistakes={
        "keeps-session": NotPossible(NO_REFRESH),
        "dead-token": NotPossible(NO_REFRESH),
        "silent-loop": NotPossible(NO_REFRESH),
        "outage": NotPossible("nothing that ends a daemon's token is a refusal to be taken for an outage"),
        "ignores-challenge": NotPossible("nobody challenges the tokens of a daemon"),
        "one-worker": NotPossible(NO_REFRESH),
        # Not one of the six: what a daemon can do wrong.
        "hammers": bad(
            "for pause in (1, 2, 4, 8, 16, 32, 64):", "while True:", "        time.sleep(pause)\n", "        pass\n",
            'if result["error"] != "temporarily_unavailable":', "if False:",
            "SCOPES = [", "connection = requests.Session()\nSCOPES = [",
            "result = app.acquire_token_for_client(SCOPES)",
            """result = connection.post(f"{os.environ['LAPSE_AUTHORITY']}/oauth2/v2.0/token", {
                "grant_type": "client_credentials", "client_id": os.environ["LAPSE_CLIENT_ID"],
                "client_secret": os.environ["LAPSE_CLIENT_SECRET"], "scope": SCOPES[0]}).json()""",
            scenario="{root}/Tests/Clients/recipes/long-outage.yaml", rules=frozenset({"hammersThroughOutage"})),
    })

# MSAL remembers a refused request for a minute; an app object for each try does not.
FORGETFUL = (
    "            return app.acquire_token_silent_with_error(", """\
            return msal.PublicClientApplication(
                os.environ["LAPSE_CLIENT_ID"], authority=os.environ["LAPSE_AUTHORITY"], instance_discovery=False,
                client_capabilities=["CP1"], token_cache=app.token_cache).acquire_token_silent_with_error(""")
DEVICE_REFUSED = "        result = sign_in(result.get(\"claims\") or claims)\n"

DEVICE = Skeleton(
    "device", ("device.py",), ("python", "device.py"), options=("--approve-devices", "--grace", "30s"),
    mistakes={
        "keeps-session": bad(
            'client_capabilities=["CP1"])', "client_capabilities=None)",
            DEVICE_REFUSED, "        result = last or sign_in(None)\n    last.update(result)\n", "def token(claims):", "last = {}\n\n\ndef token(claims):"),
        "dead-token": bad(
            *FORGETFUL, "    if \"access_token\" not in result:", """\
    for _ in range(5):
        if "access_token" not in result and app.get_accounts():
            result = silently(claims)
    if "access_token" not in result:"""),
        "silent-loop": NotPossible("a device code has no prompt=none"),
        "outage": bad(
            *FORGETFUL, DEVICE_REFUSED, """\
        while app.get_accounts() and "access_token" not in result:
            time.sleep(1)
            result = silently(claims)
        result = result if "access_token" in result else sign_in(claims)
"""),
        "ignores-challenge": bad(
            'claims = base64.b64decode(challenge.group(1)).decode() if challenge else None', "claims = None", scenario="cae"),
        "one-worker": bad(
            '    return result\n', """\
    threading.Thread(target=work, args=(result["refresh_token"],), daemon=True).start()
    return result
""", "import re\n", "import re\nimport threading\n", "def silently(claims):", """\
def work(refresh_token):
    form = {"grant_type": "refresh_token", "client_id": os.environ["LAPSE_CLIENT_ID"]}
    while True:
        result = requests.post(f"{os.environ['LAPSE_AUTHORITY']}/oauth2/v2.0/token", form | {"refresh_token": refresh_token}).json()
        refresh_token = result.get("refresh_token", refresh_token)
        time.sleep(0.3)


def silently(claims):"""),
    })

GO_REFRESH = 'tokens = redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {kept}})'
GO_REFUSED = """\
			if tokens["access_token"] == nil { // Refused, for whatever reason: that refresh token is dead for good.
				tokens = signIn()
			}
"""
GO_CP1 = '`{"access_token":{"xms_cc":{"values":["cp1"]}}}`'

GO = Skeleton(
    "go", ("app.go",), ("./app",), build=("go", "build", "-o", "app", "app.go"), programs=("go",),
    mistakes={
        "keeps-session": bad(
            GO_CP1, "`{}`", GO_REFRESH, """\
if answer := redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {kept}}); answer["error"] == nil {
					tokens = answer
				} else {
					tokens["expires_in"] = 3600.0
				}"""),
        "dead-token": bad(GO_REFRESH, """\
for tries := 0; tries < 6 && (tries == 0 || tokens["error"] != nil); tries++ {
					tokens = redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {kept}})
				}"""),
        "silent-loop": bad(
            'log.Fatal("nobody signed in: ", answer.Get("error"))', 'listener.Close()\n\t\treturn signIn()',
            '"code_challenge_method": {"S256"}})\n', """\
"code_challenge_method": {"S256"}})
	if hasSignedIn {
		query["prompt"] = []string{"none"}
	}
	hasSignedIn = true
""", "var web =", "var hasSignedIn = false\nvar web ="),
        "outage": bad(GO_REFRESH, """\
for tokens = redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {kept}}); tokens["error"] != nil; {
					time.Sleep(time.Second)
					tokens = redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {kept}})
				}"""),
        "ignores-challenge": bad(
            "			ends = time.Time{}\n", "", "				claims = string(decoded)\n", "				_ = decoded\n", scenario="cae"),
        "one-worker": bad(
            GO_REFUSED, GO_REFUSED.replace("tokens = signIn()", """tokens = signIn()
				go func(own any) {
					for ; ; time.Sleep(300 * time.Millisecond) {
						if answer := redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {own.(string)}}); answer["refresh_token"] != nil {
							own = answer["refresh_token"]
						}
					}
				}(tokens["refresh_token"])""")),
    })

SWIFT_REFRESH = """\
            tokens = try await redeem(["grant_type": "refresh_token", "refresh_token": kept])
"""
SWIFT_SIGN_IN = 'if tokens["access_token"] == nil { tokens = try await signIn() }'

SWIFT = Skeleton(
    "swift", ("app.swift",), ("./app",), build=("swiftc", "app.swift", "-o", "app"), programs=("swiftc",),
    mistakes={
        "keeps-session": bad(
            r'''let ready = #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#''', 'let ready = "{}"', SWIFT_REFRESH, """\
            let answer = try await redeem(["grant_type": "refresh_token", "refresh_token": kept])
            if answer["error"] == nil { tokens = answer } else { tokens["expires_in"] = 3600.0 }
"""),
        "dead-token": bad(SWIFT_REFRESH, """\
            for _ in 0..<6 where tokens["error"] != nil || tokens["refresh_token"] as? String == kept {
                tokens = try await redeem(["grant_type": "refresh_token", "refresh_token": kept])
            }
"""),
        "silent-loop": bad(
            'guard let code = answer["code"] else { fatalError("nobody signed in: \\(answer["error"] ?? "")") }',
            'guard let code = answer["code"] else { return try await signIn() }',
            '        "code_challenge_method": "S256",\n    ])\n', """\
        "code_challenge_method": "S256",
    ]) + (hasSignedIn ? "&prompt=none" : "")
    hasSignedIn = true
""", "var claims = ready\n", "var claims = ready\nnonisolated(unsafe) var hasSignedIn = false\n"),
        "outage": bad(SWIFT_REFRESH, """\
            tokens = try await redeem(["grant_type": "refresh_token", "refresh_token": kept])
            while tokens["error"] != nil {
                try await Task.sleep(for: .seconds(1))
                tokens = try await redeem(["grant_type": "refresh_token", "refresh_token": kept])
            }
"""),
        "ignores-challenge": bad("    if answer.statusCode == 401 {", "    if answer.statusCode == 999 {", scenario="cae"),
        "one-worker": bad(SWIFT_SIGN_IN, """\
if tokens["access_token"] == nil {
            tokens = try await signIn()
            let first = tokens["refresh_token"] as! String
            Task {
                var own = first
                while true {
                    own = try await redeem(["grant_type": "refresh_token", "refresh_token": own])["refresh_token"] as? String ?? own
                    try await Task.sleep(for: .milliseconds(300))
                }
            }
        }"""),
    })

APP_PY_REFRESH = "        result = silently(account, claims)\n"
APP_PY_FORGETFUL = (
    "            return app.acquire_token_silent(", """\
            return msal.PublicClientApplication(
                os.environ["LAPSE_CLIENT_ID"], authority=os.environ["LAPSE_AUTHORITY"], instance_discovery=False,
                client_capabilities=["CP1"], token_cache=app.token_cache).acquire_token_silent(""")
APP_PY_SIGN_IN = "    result = app.acquire_token_interactive(SCOPES, claims_challenge=claims, timeout=60)\n"

APP_PY = Skeleton(
    "app.py", ("app.py",), ("python", "app.py"),
    mistakes={
        "keeps-session": bad(
            'client_capabilities=["CP1"])', "client_capabilities=None)",
            "    # Refused, for whatever reason: ask the user", "    if last:\n        return last[0]\n    # Ask the user",
            "{token(claims)}", "{remembered(claims)}",
            "def token(claims=None):", """\
last = []


def remembered(claims):
    last[:] = [token(claims)]
    return last[0]


def token(claims=None):"""),
        "dead-token": bad(*APP_PY_FORGETFUL, APP_PY_REFRESH, """\
        for _ in range(6):
            result = silently(account, claims)
            if result:
                break
"""),
        "silent-loop": bad(APP_PY_SIGN_IN, """\
    prompt, result = "none" if app.get_accounts() else None, {"error": ""}
    while "error" in result:
        result = app.acquire_token_interactive(SCOPES, claims_challenge=claims, prompt=prompt, timeout=60)
"""),
        "outage": bad(*APP_PY_FORGETFUL, APP_PY_REFRESH, """\
        while not (result := silently(account, claims)):
            time.sleep(1)
"""),
        "ignores-challenge": bad(
            'claims = base64.b64decode(challenge.group(1)).decode() if challenge else None', "claims = None", scenario="cae"),
        "one-worker": bad(
            APP_PY_SIGN_IN, APP_PY_SIGN_IN + """\
    threading.Thread(target=work, args=(result.get("refresh_token"),), daemon=True).start()
""", "import re\n", "import re\nimport threading\n", "def token(claims=None):", """\
def work(refresh_token):
    form = {"grant_type": "refresh_token", "client_id": os.environ["LAPSE_CLIENT_ID"]}
    while refresh_token:
        result = requests.post(f"{os.environ['LAPSE_AUTHORITY']}/oauth2/v2.0/token", form | {"refresh_token": refresh_token}).json()
        refresh_token = result.get("refresh_token", refresh_token)
        time.sleep(0.3)


def token(claims=None):"""),
    })

APP_SH_REFRESH = '        post token "grant_type=refresh_token&refresh_token=$refresh_token" || exit\n'
APP_SH_REFUSED = "        [[ -z $(member error) ]] || refresh_token=\n"

APP_SH = Skeleton(
    "app.sh", ("app.sh",), ("bash", "app.sh"), programs=("curl",),
    mistakes={
        "keeps-session": bad(
            "    if [[ -n $refresh_token ]]; then\n", "    if [[ -n $refresh_token && -z ${refused:-} ]]; then\n",
            APP_SH_REFUSED, "        [[ -z $(member error) ]] || refused=yes\n",
            "    refresh_token=$(member refresh_token)\n",
            "    [[ -n ${refused:-} ]] || { refresh_token=$(member refresh_token); access_token=$(member access_token); }\n",
            '"$(member access_token)"', '"$access_token"'),
        "dead-token": bad(APP_SH_REFRESH, """\
        for try in {1..6}; do
            post token "grant_type=refresh_token&refresh_token=$refresh_token" || exit
            [[ -n $(member error) ]] || break
        done
"""),
        "silent-loop": NotPossible("a device code has no prompt=none"),
        "outage": bad(APP_SH_REFUSED, "        [[ -z $(member error) ]] || { sleep 1; continue; }\n"),
        "ignores-challenge": NotPossible("it does not declare cp1, so that nobody challenges its access tokens"),
        "one-worker": bad(
            "|| sign_in\n", '|| { sign_in; work "$(member refresh_token)" & }\n',
            "for round in {1..16}; do\n", """\
work() {
    answer=$(mktemp)
    trap 'rm -f "$answer"' EXIT
    local own=$1
    for each in {1..60}; do
        post token "grant_type=refresh_token&refresh_token=$own"
        [[ -n $(member error) ]] || own=$(member refresh_token)
        sleep 0.3
    done
}

for round in {1..16}; do
"""),
    })

APP_MJS_REFRESH = 'if (refresh_token) tokens = { refresh_token, ...await redeem({ grant_type: "refresh_token", refresh_token }) };'
APP_MJS_REFUSED = "if (!refresh_token || tokens.error) tokens = await signIn();"

APP_MJS = Skeleton(
    "app.mjs", ("app.mjs",), ("node", "app.mjs"), programs=("node",),
    mistakes={
        "keeps-session": bad(
            'xms_cc: { values: ["cp1"] }, ', "",
            APP_MJS_REFRESH, """\
if (refresh_token) tokens = { ...tokens, ...await redeem({ grant_type: "refresh_token", refresh_token }) };
    if (tokens.error) tokens.expires_in = 3600;""",
            APP_MJS_REFUSED, "if (!refresh_token) tokens = await signIn();"),
        "dead-token": bad(APP_MJS_REFRESH, """\
for (let tries = 0; refresh_token && tries < 6 && (tries === 0 || tokens.error); tries++)
      tokens = { refresh_token, ...await redeem({ grant_type: "refresh_token", refresh_token }) };"""),
        "silent-loop": bad(
            "if (!back.has(\"code\")) throw new Error(`nobody signed in: ${back.get(\"error\")}`);", 'if (!back.has("code")) return signIn();',
            'code_challenge_method: "S256" });', 'code_challenge_method: "S256", ...(tokens.error ? { prompt: "none" } : {}) });'),
        "outage": bad(APP_MJS_REFUSED, """\
while (tokens.error) {
      await sleep(1000);
      tokens = { refresh_token, ...await redeem({ grant_type: "refresh_token", refresh_token }) };
    }
    if (!refresh_token) tokens = await signIn();"""),
        "ignores-challenge": bad("if (me.answer.status === 401)", "if (me.answer.status === 999)", scenario="cae"),
        "one-worker": bad(APP_MJS_REFUSED, """\
if (!refresh_token || tokens.error) {
      tokens = await signIn();
      let own = tokens.refresh_token;
      setInterval(async () => {
        own = (await redeem({ grant_type: "refresh_token", refresh_token: own })).refresh_token ?? own;
      }, 300).unref();
    }"""),
    })
