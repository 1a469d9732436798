"""The app of docs/recipes that stands between agents and the authority, and how it is made bad."""

from skeleton import Skeleton, bad

REFUSED = 'return self.end(result.get("claims") or claims)'
FORGETFUL = ("http_cache=answers", "http_cache={}")
SILENT = "result = app.acquire_token_silent_with_error("

MCP = Skeleton(
    "mcp", ("mcp_proxy.py",), ("python", "mcp_proxy.py"),
    # All that are for an app with users, and the one that is for such a server alone.
    scenarios=(
        "mcp-proxy", "lost-laptop", "password-reset", "offboarding", "flapping-regions", "cae", "outage-then-revoke",
        "dropped-answer", "agent-overnight"),
    mistakes={
        "keeps-session": bad(
            'client_capabilities=["CP1"],', "client_capabilities=None,", REFUSED, "return self.last",
            "            return result\n", "            self.last = result\n            return result\n"),
        "dead-token": bad(
            *FORGETFUL, "            app = self.msal()\n", "            for _ in range(6):\n              app = self.msal()\n",
            "            " + SILENT, "              " + SILENT),
        "silent-loop": bad(
            'prompt="login")', 'prompt="none" if grants else "login")', '        if "error" not in result:\n', """\
        if "error" in result:
            return self.GET_authorize(asked)
        if "error" not in result:
"""),
        "outage": bad(*FORGETFUL, REFUSED, 'raise requests.RequestException("no tokens")'),
        "ignores-challenge": bad(
            "if me.status_code != 401:", "if True:", 'me.json()["displayName"]', 'me.json().get("displayName", "Something went wrong")',
            scenario="cae"),
        "one-worker": bad(
            *FORGETFUL, '            codes[code] = (connection, asked["code_challenge"])\n', """\
            codes[code] = (connection, asked["code_challenge"])
            threading.Thread(target=work, args=(connection, result["refresh_token"]), daemon=True).start()
""", "class Server(", """\
def work(connection, refresh_token):
    while True:
        result = connection.msal().acquire_token_by_refresh_token(refresh_token, SCOPES)
        refresh_token = result.get("refresh_token", refresh_token)
        time.sleep(0.3)


class Server("""),
        # Not two of the six: what a server can do wrong that gives others its own tokens.
        "flattens-refusal": bad(
            'self.answer(400, connection.refusal if connection else {"error": "invalid_grant"})', 'self.answer(500, {"error": "server_error"})',
            scenario="mcp-proxy", rules=frozenset({"flattensRefusal"})),
        "shows-connected": bad(
            "bool(connection and not connection.refusal)", "bool(connection)", scenario="mcp-proxy", rules=frozenset({"showsConnected"})),
    })
