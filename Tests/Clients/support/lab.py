"""The built-in lab as its clients see it. The ids are fixed: scripts rely on them."""

CONTOSO = "11111111-aaaa-4aaa-8aaa-111111111111"
DOMAIN = "contoso.example"
FABRIKAM_DOMAIN = "fabrikam.example"

ADELE = "adele@contoso.example"
ADELE_ID = "aaaaaaaa-0001-4000-8000-000000000001"
ALEX = "alex@contoso.example"
# At home in Fabrikam, and a guest in Contoso under another id.
NESTOR = "nestor@fabrikam.example"
NESTOR_IN_CONTOSO_ID = "aaaaaaaa-0001-4000-8000-000000000005"
PASSWORD = "Passw0rd!"

NATIVE = "bbbbbbbb-0002-4000-8000-000000000001"
WEB = "bbbbbbbb-0002-4000-8000-000000000002"
WEB_SECRET = "lapse-web-secret"
DAEMON = "bbbbbbbb-0002-4000-8000-000000000004"
DAEMON_SECRET = "lapse-daemon-secret"
API = "bbbbbbbb-0002-4000-8000-000000000005"
API_SECRET = "lapse-api-secret-01"

# A loopback redirect URI: the port is ignored, and nobody listens there. The tests read the answer from the redirect.
REDIRECT = "http://localhost/cb"

GRAPH_SCOPES = ["https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/User.RevokeSessions.All"]
GRAPH_DEFAULT = "https://graph.microsoft.com/.default"
API_SCOPE = "api://lapse-lab/access_as_user"
