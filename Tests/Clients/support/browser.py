"""A person at a browser without JavaScript: reads the first form of a page, fills it in, sends it, keeps cookies."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from lab import PASSWORD


@dataclass
class Form:
    action: str
    method: str
    hidden: dict = field(default_factory=dict)
    user_field: str | None = None
    password_field: str | None = None
    text_fields: list = field(default_factory=list)
    checkboxes: dict = field(default_factory=dict)
    user_name: str = ""
    """What the page already wrote into the user field."""


class FirstForm(HTMLParser):
    """Finds fields as form fillers do: by type and name, never by the place in the page."""

    def __init__(self, page):
        super().__init__()
        self.form = None
        self._is_inside = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.form is None:
            self.form = Form(attributes.get("action", ""), attributes.get("method", "get").lower())
            self._is_inside = True
        elif tag == "input" and self._is_inside:
            self._take(attributes, attributes.get("name"), attributes.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "form":
            self._is_inside = False

    def _take(self, attributes, name, value):
        kind = attributes.get("type", "text")
        if name is None:
            return
        if kind == "hidden":
            self.form.hidden[name] = value
        elif kind == "password":
            self.form.password_field = name
        elif kind == "checkbox":
            self.form.checkboxes[name] = value or "on"
        elif any(word in name.lower() for word in ("user", "login", "mail")):
            self.form.user_field = name
            self.form.user_name = value
        else:
            self.form.text_fields.append(name)


class Browser:
    """One browser: its cookies live as long as it does."""

    def __init__(self, lapse):
        self._lapse = lapse
        self._session = requests.Session()

    def open(self, url):
        """Goes to an address and on to where Lapse leads, but never leaves Lapse: a redirect to an app is the answer."""
        return self._follow(self._session.get(url, **self._options()))

    def fill_in(self, page, **values):
        """Sends the first form of the page. Without `user`, the name that the page suggests is kept."""
        form = self.form(page)
        fields = dict(form.hidden)
        if form.user_field:
            fields[form.user_field] = values.get("user") or form.user_name
        if form.password_field:
            fields[form.password_field] = values.get("password", PASSWORD)
        if form.text_fields:
            assert len(form.text_fields) == 1, f"which field takes the code? {form.text_fields}"
            fields[form.text_fields[0]] = values["code"]
        if values.get("stay_signed_in"):
            fields.update(form.checkboxes)
        assert form.method == "post", "a password must not go into an address"
        return self._follow(self._session.post(urljoin(page.url, form.action), data=fields, **self._options()))

    def sign_in(self, authorize_url, user=None, password=PASSWORD, stay_signed_in=False):
        """Signs in at an authorize address and returns the parameters that the app gets at its redirect URI."""
        page = self.open(authorize_url)
        answer = self.fill_in(page, user=user, password=password, stay_signed_in=stay_signed_in)
        return self.parameters(answer)

    def approve_device(self, verification_uri, user_code, user, password=PASSWORD):
        """Types the code, signs in, and returns the page that says how it went."""
        page = self.open(verification_uri)
        sign_in = self.fill_in(page, code=user_code)
        done = self.fill_in(sign_in, user=user, password=password)
        assert done.status_code == 200 and "You are signed in" in done.text, done.text
        return done

    @staticmethod
    def form(page):
        form = FirstForm(page.text).form
        assert form is not None, f"no form at {page.url} ({page.status_code}): {page.headers.get('Location')} {page.text}"
        return form

    @staticmethod
    def parameters(answer):
        """What the app gets: the fields of a page that posts itself to the app, else the query or the fragment of the address
        that Lapse redirects to."""
        form = None if answer.is_redirect else FirstForm(answer.text).form
        if form and "state" in form.hidden and not form.password_field:
            return form.hidden
        assert answer.is_redirect, f"no redirect to the app but {answer.status_code}: {answer.text}"
        target = urlsplit(answer.headers["Location"])
        return dict(parse_qsl(target.query or target.fragment))

    def _follow(self, answer):
        for _ in range(5):
            if not answer.is_redirect:
                return answer
            target = urljoin(answer.url, answer.headers["Location"])
            if not target.startswith(tuple(f"{origin}/" for origin in (self._lapse.https, self._lapse.http) if origin)):
                return answer
            answer = self._session.get(target, **self._options())
        raise AssertionError(f"Lapse redirects in circles: {answer.headers['Location']}")

    def _options(self):
        # Per request: an environment that names a CA bundle would win over the session's own setting.
        return {"verify": self._lapse.ca_file, "allow_redirects": False, "timeout": 10}
