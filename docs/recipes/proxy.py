# A small app behind a proxy that signs its users in (proxy.conf): the app gets the access token in a header.
import base64
import http.server
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request


class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        request = urllib.request.Request(
            f"{os.environ['LAPSE_GRAPH']}/v1.0/me", headers={"Authorization": f"Bearer {self.headers['OIDC_access_token']}"})
        try:
            # Python trusts the local certificate because `lapse check` has set SSL_CERT_FILE.
            with urllib.request.urlopen(request, timeout=20) as answer:
                self.answer(200, f"<h1>{json.load(answer)['displayName']}</h1>")
        except urllib.error.HTTPError as error:
            challenge = re.search('claims="([^"]+)"', error.headers.get("WWW-Authenticate", ""))
            if not challenge:
                return self.answer(503, "The service does not answer. Please try again later.")
            # The proxy signs the user in anew, with the claims that are demanded.
            parameters = {"claims": base64.b64decode(challenge.group(1)).decode()}
            self.answer(302, "", Location="/auth/callback?" + urllib.parse.urlencode({
                "iss": self.headers["OIDC_CLAIM_iss"], "target_link_uri": f"http://localhost:{os.environ['PORT']}/",
                "auth_request_params": urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)}))

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())


app = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
threading.Thread(target=app.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory() as folder:
    os.chmod(folder, 0o755)
    # Root's Apache does not read as root.
    shutil.copy(os.environ["SSL_CERT_FILE"], f"{folder}/ca.pem")
    os.chmod(f"{folder}/ca.pem", 0o644)
    subprocess.run(
        ["apache2", "-f", os.path.abspath(f"{os.path.dirname(__file__)}/proxy.conf"), "-D", "FOREGROUND"],
        env=os.environ | {"FOLDER": folder, "BACKEND": str(app.server_port), "PASSPHRASE": secrets.token_hex(16)}, check=False)
