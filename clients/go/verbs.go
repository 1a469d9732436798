package lapse

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Of one call.
const longestWait = 55 * time.Second

// Grant is what one sign-in gave.
type Grant struct {
	Grant        string            `json:"grant"`
	RefreshToken string            `json:"refresh_token"` // empty when there is none
	AccessToken  string            `json:"access_token"`
	IDToken      string            `json:"id_token"`   // empty when there is none
	ExpiresIn    int               `json:"expires_in"` // seconds
	Cookies      map[string]string `json:"cookies"`
}

// SignIn has what Tenant.SignIn may be told.
type SignIn struct {
	Client   string // native unless given
	Scope    string // openid profile offline_access User.Read unless given
	AuthTime time.Time
	Method   string // password or non-password
}

// SignIn signs a user in without a browser.
func (s *Tenant) SignIn(user string, options ...SignIn) Grant {
	s.t.Helper()
	given := one(options)
	var grant Grant
	if err := s.Server.call("POST", s.path("grants"), set(Object{
		"user": s.User(user), "client_id": s.ClientID(or(given.Client, "native")),
		"scope": or(given.Scope, "openid profile offline_access User.Read"), "authTime": instant(given.AuthTime), "method": given.Method,
	}), &grant); err != nil {
		s.t.Fatal(err)
	}
	return grant
}

// Answer is what the token endpoint answered.
type Answer struct {
	Status int    `json:"status"`
	Body   Object `json:"body"`
}

// Refresh has what Tenant.Refresh may be told.
type Refresh struct {
	Client string // native unless given
	Secret string // the app's first unless given
	Scope  string
	Region string
	Claims string
}

// Refresh redeems a refresh token at the token endpoint, and returns the answer, whatever its status is.
func (s *Tenant) Refresh(refreshToken string, options ...Refresh) Answer {
	s.t.Helper()
	given := one(options)
	client := s.ClientID(or(given.Client, "native"))
	app := s.app(client)
	form, header := url.Values{}, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for name, value := range map[string]string{
		"grant_type": "refresh_token", "client_id": client, "refresh_token": refreshToken, "scope": given.Scope, "claims": given.Claims,
		"client_secret": or(given.Secret, app.secret()),
	} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if given.Region != "" {
		header.Set("x-lapse-region", given.Region)
	}
	if app != nil && len(app.SPARedirectURIs) > 0 {
		// A page redeems its token in a browser, which says whose page it is.
		if page, err := url.Parse(app.SPARedirectURIs[0]); err == nil {
			header.Set("Origin", page.Scheme+"://"+page.Host)
		}
	}
	status, text, err := s.Server.send("POST", s.Authority+"/oauth2/v2.0/token", []byte(form.Encode()), header)
	if err != nil {
		s.t.Fatal(err)
	}
	body := Object{}
	json.Unmarshal(text, &body) // a fault may have damaged it
	return Answer{status, body}
}

// Revoke has what Tenant.Revoke may be told.
type Revoke struct {
	Cause string   // adminRevoke unless given
	Wait  Duration // returns when it is in effect everywhere, or this time of the machine, a minute at most, is over
}

// Revoke revokes a user's sign-ins, and returns the revocation.
func (s *Tenant) Revoke(user string, options ...Revoke) Object {
	s.t.Helper()
	given := one(options)
	made := s.must("POST", "revocations", Object{"user": s.User(user), "cause": or(given.Cause, "adminRevoke")})
	if given.Wait == "" {
		return made
	}
	return s.must("GET", "revocations/"+made.Text("id")+query(Object{"wait": given.Wait}), nil)
}

// Propagation says how revocations spread: by a preset's name (instant, documented, observed, flapping), or by a model as an Object. It
// returns the model.
func (s *Tenant) Propagation(model any) Object {
	s.t.Helper()
	return s.must("PUT", "propagation", model)
}

// Advance moves the clock forward, and returns what took effect.
func (s *Tenant) Advance(by Duration) Object {
	s.t.Helper()
	return s.must("POST", "clock/advance", Object{"by": by})
}

// Until moves the clock to the next-event, until propagation is over, or to the next refresh-token-expiry, and returns what took effect.
// It fails when nothing is ahead.
func (s *Tenant) Until(what string) Object {
	s.t.Helper()
	return s.must("POST", "clock/advance", Object{"until": what})
}

// Fault is what Tenant.Fault makes: docs/faults.md has the effects.
type Fault struct {
	Match       Match
	Effect      Object
	Times       int     // for ever unless given
	Probability float64 // always unless given
	Name        string
}

// Match says which requests a fault is for; what is not given is any.
type Match struct{ Endpoint, GrantType, Client, User, Region string }

// Fault makes requests go wrong, and returns the fault.
func (s *Tenant) Fault(fault Fault) Object {
	s.t.Helper()
	match := fault.Match
	if match.Client != "" {
		match.Client = s.ClientID(match.Client)
	}
	if match.User != "" {
		match.User = s.User(match.User)
	}
	body := Object{"times": fault.Times, "probability": fault.Probability, "name": fault.Name}
	matched := Object{
		"endpoint": match.Endpoint, "grantType": match.GrantType, "client": match.Client, "user": match.User, "region": match.Region}
	body = set(body)
	body["match"], body["effect"] = set(matched), fault.Effect
	return s.must("POST", "faults", body)
}

// ClearFaults takes all faults away, or those of a name.
func (s *Tenant) ClearFaults(name ...string) {
	s.t.Helper()
	s.must("DELETE", "faults"+query(Object{"name": one(name)}), nil)
}

// Forge has what Tenant.Forge has to be told.
type Forge struct {
	Client string // native unless given
	Scope  string // User.Read unless given
	Defect string // audience, issuer, signature, expired, notYetValid or keyId
}

// Forge returns an access token with one defect, which an API has to refuse: access_token, defect, claims.
func (s *Tenant) Forge(user string, forge Forge) Object {
	s.t.Helper()
	return s.must("POST", "tokens/forge", Object{
		"user": s.User(user), "client_id": s.ClientID(or(forge.Client, "native")), "scope": or(forge.Scope, "User.Read"),
		"defect": forge.Defect,
	})
}

// Explain names what Tenant.Explain explains: one of the first three, now and everywhere unless At and Region are given.
type Explain struct {
	RefreshToken, Session, AccessToken string
	At                                 time.Time
	Region                             string
}

// Explain returns why a token or a session is accepted or refused, in each plane and region.
func (s *Tenant) Explain(what Explain) Object {
	s.t.Helper()
	return s.must("POST", "explain", set(Object{
		"refresh_token": what.RefreshToken, "session": what.Session, "access_token": what.AccessToken, "at": instant(what.At),
		"region": what.Region,
	}))
}

// Expect has what Tenant.Expect may be told.
type Expect struct {
	After string // revoke unless given; refusal, challenge, silentRefusal or outage
	User  string
}

// Reaction is what is expected of a client.
type Reaction struct {
	tenant *Tenant
	client string
	given  Expect
}

// Expect begins a sentence: Expect("native").Reauthorizes("5s"). What the client met before the call counts, too.
func (s *Tenant) Expect(client string, options ...Expect) *Reaction {
	return &Reaction{s, client, one(options)}
}

// Reauthorizes waits until the client has sent its user to sign in, and has repeated a refused request so often at most, and returns
// the expectation. When that failed, or that time of the machine is over, it fails the test with what Lapse saw.
func (r *Reaction) Reauthorizes(within Duration, retriesAtMost ...int) Object {
	r.tenant.t.Helper()
	return r.holds("re-authorize", "reauthorizesWithin", within, retriesAtMost)
}

// Recovers waits until the client has got what it asked for; else as Reauthorizes.
func (r *Reaction) Recovers(within Duration, retriesAtMost ...int) Object {
	r.tenant.t.Helper()
	return r.holds("recover", "recoversWithin", within, retriesAtMost)
}

func (r *Reaction) holds(does, key string, within Duration, retries []int) Object {
	s, after := r.tenant, or(r.given.After, "revoke")
	s.t.Helper()
	expected := Object{"after": after, "client": s.ClientID(r.client), key: within}
	if r.given.User != "" {
		expected["user"] = s.User(r.given.User)
	}
	if len(retries) > 0 {
		expected["retriesAtMost"] = retries[0]
	}
	expectation := s.must("POST", "expectations", expected)
	path := "expectations/" + expectation.Text("id")
	// A little more: what happens at the last moment has to be written, too.
	end := time.Now().Add(duration(expectation.Text(key)) + time.Second/2)
	var err error
	for left := time.Until(end); expectation.Text("status") == "pending" && left > 0 && err == nil; left = time.Until(end) {
		if left > longestWait {
			left = longestWait
		}
		expectation, err = s.Call("GET", path+query(Object{"wait": For(left)}), nil)
	}
	s.must("DELETE", path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if expectation.Text("status") == "passed" {
		return expectation
	}
	var said []string
	outcomes, _ := expectation["outcomes"].([]any)
	for _, each := range outcomes {
		if outcome := Object(each.(map[string]any)); outcome.Text("status") != "passed" {
			said = append(said, fmt.Sprintf("%s (events %v)", outcome.Text("says"), outcome["events"]))
		}
	}
	if len(said) == 0 {
		said = []string{"it met no " + after + ". Either nothing happened to its user, or it did not come back to Lapse."}
	}
	s.t.Fatal(fmt.Sprintf("%s did not %s within %s of %s: %s", r.client, does, within, after, strings.Join(said, "; ")))
	return nil
}

// Events says which events Tenant.Events returns; what is not given is any.
type Events struct {
	Type, User string
	After      int // the number of the last event that is known already
}

// Events returns what happened, in order.
func (s *Tenant) Events(options ...Events) []Object {
	s.t.Helper()
	given := one(options)
	asked := Object{"type": given.Type, "after": given.After}
	if given.User != "" {
		asked["user"] = s.User(given.User)
	}
	return s.items("events", asked)
}

// Exchanges says which exchanges Tenant.Exchanges returns; what is not given is any.
type Exchanges struct {
	Client, User, Endpoint string
	After                  int
	Wait                   Duration // for the first that fits: time of the machine, a minute at most
}

// Exchanges returns the requests to the authority and Graph with their answers, in order.
func (s *Tenant) Exchanges(options ...Exchanges) []Object {
	s.t.Helper()
	given := one(options)
	asked := Object{"endpoint": given.Endpoint, "after": given.After, "wait": given.Wait}
	if given.Client != "" {
		asked["client"] = s.ClientID(given.Client)
	}
	if given.User != "" {
		asked["user"] = s.User(given.User)
	}
	return s.items("exchanges", asked)
}

// HAR returns the same as an HTTP archive (HAR 1.2).
func (s *Tenant) HAR() Object {
	s.t.Helper()
	return s.must("GET", "exchanges.har", nil)
}

// Report returns how each client, or one, handled what it met.
func (s *Tenant) Report(client ...string) Object {
	s.t.Helper()
	asked := Object{}
	if len(client) > 0 {
		asked["client"] = s.ClientID(client[0])
	}
	return s.must("GET", "report"+query(asked), nil)
}

func (s *Tenant) items(path string, asked Object) []Object {
	s.t.Helper()
	items := []Object{}
	for {
		page := s.must("GET", path+query(asked), nil)
		list, _ := page["items"].([]any)
		for _, each := range list {
			items = append(items, Object(each.(map[string]any)))
		}
		if page["next"] == nil {
			return items
		}
		asked["after"] = page["next"]
		delete(asked, "wait") // the first page has waited
	}
}
