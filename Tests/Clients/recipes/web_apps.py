"""The web apps of docs/recipes, and how each is made bad."""

from skeleton import NotPossible, Skeleton, bad

VISITED = ("--client", "web", "--visit", "http://localhost:{port}/", "--every", "PT0.3S")
UNAVAILABLE = '"The service does not answer. Please try again later."'

FLASK = Skeleton(
    "flask", ("flask_msal.py",), ("python", "flask_msal.py"), options=VISITED,
    mistakes={
        "keeps-session": bad(
            'client_capabilities=["CP1"],', "client_capabilities=None,",
            "sessions = {}", "last = {}\nsessions = {}",
            'return sign_in(result.get("claims") or claims)', 'result = last[flask.session["id"]]',
            "        answer = requests.get(", '        last[flask.session["id"]] = result\n        answer = requests.get('),
        "dead-token": bad(
            "http_cache=answers", "http_cache={}",
            "        result = silently(cache, claims)\n", """\
        for _ in range(6):
            result = silently(cache, claims)
            if "access_token" in result:
                break
"""),
        "silent-loop": bad(
            'return sign_in(result.get("claims") or claims)', 'return sign_in(prompt="none")',
            """return '<p>You are not signed in. <a href="/sign-in">Sign in</a></p>'""", 'return sign_in(prompt="none")'),
        "outage": bad(
            "http_cache=answers", "http_cache={}",
            'return sign_in(result.get("claims") or claims)', f"flask.abort(503, {UNAVAILABLE})"),
        "ignores-challenge": bad(
            "claims = base64.b64decode(challenge.group(1)).decode()", 'return "<h1>Something went wrong</h1>"', scenario="cae"),
        "one-worker": bad(
            "http_cache=answers", "http_cache={}",
            'sessions[flask.session["id"]] = {"cache": cache}', """sessions[flask.session["id"]] = {"cache": cache}
    threading.Thread(target=work, args=(result["refresh_token"],), daemon=True).start()""",
            "import secrets\n", "import secrets\nimport threading\n",
            '@app.get("/sign-in")', """\
def work(refresh_token):
    while True:
        result = client().acquire_token_by_refresh_token(refresh_token, SCOPES)
        refresh_token = result.get("refresh_token", refresh_token)
        time.sleep(0.3)


@app.get("/sign-in")"""),
    })

FASTAPI = Skeleton(
    "fastapi", ("fastapi_identity.py",), ("python", "fastapi_identity.py"), options=VISITED,
    mistakes={
        "keeps-session": bad(
            "sessions = {}", "last = {}\nsessions = {}",
            """# Refused, for whatever reason: that refresh token is dead for good.
        return sign_in(request)
""", """
        result = last[request.cookies["id"]]
    last[request.cookies["id"]] = result
"""),
        "dead-token": bad(
            "http_cache=answers", "http_cache={}",
            "    result = silently(session)\n", """\
    for _ in range(6):
        result = silently(session)
        if "access_token" in result:
            break
"""),
        "silent-loop": bad(
            """# Refused, for whatever reason: that refresh token is dead for good.
        return sign_in(request)
""", """
        return sign_in(request, prompt="none")
""",
            """return HTMLResponse('<p>You are not signed in. <a href="/sign-in">Sign in</a></p>')""",
            'return sign_in(request, prompt="none")'),
        "outage": bad(
            "http_cache=answers", "http_cache={}",
            """# Refused, for whatever reason: that refresh token is dead for good.
        return sign_in(request)
""", f"""
        raise fastapi.HTTPException(503, {UNAVAILABLE})
"""),
        "ignores-challenge": NotPossible("identity does not declare cp1, so that nobody challenges its access tokens"),
        "one-worker": bad(
            "http_cache=answers", "http_cache={}",
            "sessions[key] = session\n    answer = RedirectResponse(\"/\", 302)",
            """sessions[key] = session
    threading.Thread(target=work, args=(dict(session),), daemon=True).start()
    answer = RedirectResponse("/", 302)""",
            "import secrets\n", "import secrets\nimport threading\n",
            '@app.get("/sign-in")', """\
def work(own):
    while True:
        auth(own).get_token_for_user(SCOPES)
        time.sleep(0.3)


@app.get("/sign-in")"""),
    })

DJANGO = Skeleton(
    "django", ("django_oidc.py",), ("python", "django_oidc.py"), options=VISITED,
    mistakes={
        "keeps-session": bad(
            """'{"access_token":{"xms_cc":{"values":["cp1"]}}}'""", "'{}'",
            'return sign_in(request, tokens.get("claims") or claims)',
            'tokens = dict(request.session.items()) | {"expires_in": 3600}'),
        "dead-token": bad(
            "            tokens = refresh(request, claims)\n", """\
            for _ in range(6):
                tokens = refresh(request, claims)
                if tokens is None or "error" not in tokens:
                    break
"""),
        "silent-loop": bad(
            'return sign_in(request, tokens.get("claims") or claims)', "return silent(request)",
            'return {"claims": claims} if claims else {}', 'return {"prompt": "none"} if request.session.get("silent") else {}',
            """return HttpResponse('<p>You are not signed in. <a href="/">Sign in</a></p>')""", "return silent(request)",
            "def busy():", """\
def silent(request):
    answer = sign_in(request)
    request.session["silent"] = True
    return answer


def busy():"""),
        "outage": bad('return sign_in(request, tokens.get("claims") or claims)', "return busy()"),
        "ignores-challenge": bad(
            "claims = b64decode(challenge.group(1)).decode()", 'return HttpResponse("<h1>Something went wrong</h1>")', scenario="cae"),
        "one-worker": bad(
            'self.request.session["refresh_token"] = tokens["refresh_token"]\n',
            """self.request.session["refresh_token"] = tokens["refresh_token"]
        threading.Thread(target=work, args=(tokens["refresh_token"],), daemon=True).start()
""",
            "import tempfile\n", "import tempfile\nimport threading\n",
            "def busy():", """\
class Own:
    def __init__(self, refresh_token):
        self.session = {"refresh_token": refresh_token}


def work(refresh_token):
    own = Own(refresh_token)
    while True:
        own.session.update(refresh(own, None) or {})
        time.sleep(0.3)


def busy():"""),
    })

NODE = Skeleton(
    "node", ("web.mjs",), ("node", "web.mjs"), options=VISITED, programs=("node",),
    mistakes={
        "keeps-session": bad(
            'xms_cc: { values: ["cp1"] }, ', "",
            "    signIn(response, session, demand);\n  } else {", "    session.ends = Infinity;\n    return true;\n  } else {"),
        "dead-token": bad(
            "  const tokens = await redeem({ grant_type: \"refresh_token\", refresh_token: session.tokens.refresh_token }, demand);\n", """\
  let tokens;
  for (let tries = 0; tries < 6 && !tokens?.access_token; tries++)
    tokens = await redeem({ grant_type: "refresh_token", refresh_token: session.tokens.refresh_token }, demand);
"""),
        "silent-loop": bad(
            "    signIn(response, session, demand);\n  } else {", '    signIn(response, session, {}, { prompt: "none" });\n  } else {',
            """return response.end('<p>You are not signed in. <a href="/sign-in">Sign in</a></p>');""",
            'return signIn(response, session, {}, { prompt: "none" });'),
        "outage": bad("    signIn(response, session, demand);\n  } else {", "    busy(response);\n  } else {"),
        "ignores-challenge": bad(
            "if (me.answer.status !== 401) return", "return", "me.json.displayName", 'me.json.displayName ?? "Something went wrong"',
            scenario="cae"),
        "one-worker": bad(
            "  sessions.set(id, { id, tokens });\n", """\
  sessions.set(id, { id, tokens });
  let own = tokens.refresh_token;
  setInterval(async () => { own = (await redeem({ grant_type: "refresh_token", refresh_token: own })).refresh_token ?? own; }, 300);
"""),
    })

WITHOUT_CP1 = ('OIDCProviderTokenEndpointParams "claims=', '#OIDCProviderTokenEndpointParams "claims=')
WITHOUT_LOGOUT = ("OIDCRefreshAccessTokenBeforeExpiry 300 logout_on_error", "OIDCRefreshAccessTokenBeforeExpiry 300")

PROXY = Skeleton(
    "proxy", ("proxy.py", "proxy.conf"), ("python", "proxy.py"), options=VISITED, programs=("apache2",),
    # To mod_auth_openidc every failed refresh is a refusal: in an outage it ends a good session.
    scenarios=("lost-laptop", "password-reset", "offboarding", "flapping-regions", "cae"),
    mistakes={
        "keeps-session": bad(*WITHOUT_CP1, *WITHOUT_LOGOUT),
        "dead-token": NotPossible("mod_auth_openidc presents a token once for each request that it lets in"),
        "silent-loop": bad(
            'OIDCDefaultLoggedOutURL "http://localhost:${PORT}/"',
            'OIDCDefaultLoggedOutURL "http://localhost:${PORT}/again"\nOIDCHTMLErrorTemplate "${FOLDER}/error.html"',
            "<Location /auth/callback>", '<Location /again>\n    OIDCPathAuthRequestParams "prompt=none"\n</Location>\n<Location /auth/callback>',
            '    os.chmod(f"{folder}/ca.pem", 0o644)\n', """\
    os.chmod(f"{folder}/ca.pem", 0o644)
    with open(f"{folder}/error.html", "w") as page:
        page.write('<meta http-equiv="refresh" content="0; url=/again">%s%s')
"""),
        "outage": bad(*WITHOUT_LOGOUT),
        "ignores-challenge": bad(
            "if not challenge:\n", "if True:\n", 'self.answer(503, "The service does not answer. Please try again later.")',
            'self.answer(200, "<h1>Something went wrong</h1>")', scenario="cae"),
        "one-worker": bad(
            "<Location />\n", "OIDCPassRefreshToken On\n<Location />\n",
            "class App(", """\
workers = set()


def work(token):
    form = {"grant_type": "refresh_token", "client_id": os.environ["LAPSE_CLIENT_ID"], "client_secret": os.environ["LAPSE_CLIENT_SECRET"]}
    while True:
        try:
            body = urllib.parse.urlencode(form | {"refresh_token": token}).encode()
            token = json.load(urllib.request.urlopen(f"{os.environ['LAPSE_AUTHORITY']}/oauth2/v2.0/token", body))["refresh_token"]
        except urllib.error.HTTPError:
            pass
        threading.Event().wait(0.3)


class App(""",
            "        request = urllib.request.Request(\n", """\
        # One for each sign-in: the first token that it brings.
        if self.headers["OIDC_CLAIM_uti"] not in workers:
            workers.add(self.headers["OIDC_CLAIM_uti"])
            threading.Thread(target=work, args=(self.headers["OIDC_refresh_token"],), daemon=True).start()
        request = urllib.request.Request(
"""),
    })


def switched(mistake, **options):
    return bad(environment={"MISTAKE": mistake}, **options)


SAMPLE_APP = Skeleton(
    "spa", ("Tests/Clients/recipes/sample_app.py",), ("python", "{root}/Tests/Clients/recipes/sample_app.py"),
    programs=("chromium", "certutil"),
    mistakes={
        "keeps-session": switched("keeps"),
        "dead-token": switched("retries"),
        "silent-loop": switched("loops"),
        "outage": switched("outage"),
        "ignores-challenge": switched("ignores", scenario="cae"),
        "one-worker": switched("tabs"),
    })
