// Package lapse is a test kit for Lapse, the local identity provider whose refresh tokens and sessions die as Microsoft Entra ID's do.
// It has no dependencies; docs/go.md says how to use it.
//
// What a verb cannot do fails the test at once, as t.Fatal does. Call returns the error instead.
package lapse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A call of the control API waits a minute at most.
const answerTime = 90 * time.Second

// TB is what this package needs of a testing.TB, or of another framework's.
type TB interface {
	Helper()
	Cleanup(func())
	Fatal(...any)
	TempDir() string
}

// Duration is text as people type it ("5s", "3m", "2d") or ISO 8601 ("PT5S").
type Duration string

// For is a Duration from Go's.
func For(d time.Duration) Duration {
	return Duration("PT" + strconv.FormatFloat(d.Seconds(), 'f', 7, 64) + "S")
}

// Object is JSON of the control API; docs/control-api.md has the members.
type Object map[string]any

// At is the value at a path of members and of places in lists ("verdicts.0.code"): whole numbers as int, nil where there is none.
func (o Object) At(path string) any {
	var value any = map[string]any(o)
	for _, name := range strings.Split(path, ".") {
		switch inside := value.(type) {
		case map[string]any:
			value = inside[name]
		case []any:
			place, err := strconv.Atoi(name)
			if err != nil || place < 0 || place >= len(inside) {
				return nil
			}
			value = inside[place]
		default:
			return nil
		}
	}
	if number, ok := value.(float64); ok && number == float64(int(number)) {
		return int(number)
	}
	return value
}

// Text is the same where the value is text; else it is empty.
func (o Object) Text(path string) string {
	text, _ := o.At(path).(string)
	return text
}

// Error is a refusal of the control API.
type Error struct {
	Status               int    // of HTTP
	Code, Field, Message string // Field is the member of the body, or the parameter, that is wrong
}

func (e *Error) Error() string { return e.Message }

// Server is a running Lapse.
type Server struct {
	HTTPS   string       // the origin, https://localhost:PORT
	HTTP    string       // the same over plain HTTP; empty when it does not listen there
	CAFile  string       // the CA of its certificate; empty when the system is to trust it
	Program string       // the file of the program; empty when it is not known
	Client  *http.Client // trusts the CA

	origin, token string
	stop          func()
}

var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// Start returns the Lapse of LAPSE_SERVER, else starts one, which ends with the test.
func Start(t TB) *Server {
	t.Helper()
	server, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.stop)
	return server
}

// Sandbox makes a tenant for one test on the test program's one server, which the first call starts, and which ends with the program.
// See Server.Sandbox.
func Sandbox(t TB, template ...any) *Tenant {
	t.Helper()
	shared.Lock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = start()
	}
	server, err := shared.server, shared.err
	shared.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	return server.Sandbox(t, template...)
}

// Sandbox makes a tenant for one test, its clock frozen, and removes it after the test. It is like Contoso, or like the template: the
// name, domain or id of a tenant that is there, or an Object with a tenant as in a seed file.
func (s *Server) Sandbox(t TB, template ...any) *Tenant {
	t.Helper()
	var body any = Object{"template": "contoso"}
	if len(template) > 0 {
		body = template[0]
		if name, ok := body.(string); ok {
			body = Object{"template": name}
		}
	}
	var made struct {
		ID      string
		Domains []string
		Users   []struct{ ID, UserPrincipalName, Password string }
		Apps    []app
	}
	if err := s.call("POST", "tenants", body, &made); err != nil {
		t.Fatal(err)
	}
	tenant := &Tenant{Server: s, ID: made.ID, Domain: made.Domains[0], Authority: s.HTTPS + "/" + made.Domains[0], apps: made.Apps, t: t}
	for _, each := range made.Users {
		tenant.users = append(tenant.users, user{each.UserPrincipalName, each.Password})
	}
	t.Cleanup(tenant.Remove)
	tenant.must("PUT", "clock", Object{"mode": "frozen"})
	return tenant
}

// Call makes any call of the control API; path is what follows /_lapse/api/. A nil body is none. The error is an *Error when Lapse
// refuses.
func (s *Server) Call(method, path string, body any) (Object, error) {
	var answer Object
	err := s.call(method, path, body, &answer)
	return answer, err
}

func (s *Server) call(method, path string, body, into any) error {
	header := http.Header{}
	var content []byte
	if body != nil || method == "POST" || method == "PUT" || method == "PATCH" {
		if body == nil {
			body = Object{}
		}
		var err error
		if content, err = json.Marshal(body); err != nil {
			return err
		}
		header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		header.Set("Authorization", "Bearer "+s.token)
	}
	status, text, err := s.send(method, s.origin+"/_lapse/api/"+strings.TrimPrefix(path, "/"), content, header)
	switch {
	case err != nil:
		return err
	case status < 300 && len(text) == 0:
		return nil
	case status < 300:
		return json.Unmarshal(text, into)
	}
	var refusal struct{ Error *Error }
	if json.Unmarshal(text, &refusal) != nil || refusal.Error == nil {
		// A proxy's page, or another server's.
		refusal.Error = &Error{Code: "unknown", Message: string(text)}
	}
	refusal.Error.Status = status
	return refusal.Error
}

// send makes any request, and returns what is answered, whatever it is.
func (s *Server) send(method, address string, content []byte, header http.Header) (int, []byte, error) {
	request, err := http.NewRequest(method, address, bytes.NewReader(content))
	if err != nil {
		return 0, nil, err
	}
	request.Header = header
	answer, err := s.Client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

// Tenant is a tenant for one test.
type Tenant struct {
	Server    *Server
	ID        string
	Domain    string
	Authority string // its address, https://localhost:PORT/DOMAIN

	users     []user
	apps      []app
	t         TB
	isRemoved bool
}

type user struct{ name, password string }

type app struct {
	ID, Name, Kind                string
	Secrets                       []any
	RedirectURIs, SPARedirectURIs []string
}

func (a *app) secret() string {
	if a == nil || len(a.Secrets) == 0 {
		return ""
	}
	if dated, ok := a.Secrets[0].(map[string]any); ok {
		return Object(dated).Text("value")
	}
	text, _ := a.Secrets[0].(string)
	return text
}

// User is the full name in this tenant of adele, or of adele@contoso.example; an id as it is.
func (s *Tenant) User(name string) string {
	short, _, _ := strings.Cut(name, "@")
	for _, each := range s.users {
		if strings.EqualFold(each.name, name) {
			return each.name
		}
	}
	for _, each := range s.users {
		if known, _, _ := strings.Cut(each.name, "@"); strings.EqualFold(known, short) {
			return each.name
		}
	}
	if id.MatchString(name) {
		return name
	}
	return short + "@" + s.Domain
}

// ClientID is the id of native, web, spa, daemon or api of the lab, or of an app by its name or the last word of it; an id as it is.
func (s *Tenant) ClientID(name string) string {
	s.t.Helper()
	if id.MatchString(name) {
		return name
	}
	if app := s.app(name); app != nil {
		return app.ID
	}
	var names []string
	for _, each := range s.apps {
		names = append(names, each.Name)
	}
	s.t.Fatal(fmt.Errorf("no app is called %s; there are: %s", name, strings.Join(names, ", ")))
	return ""
}

func (s *Tenant) app(name string) *app {
	for i, each := range s.apps {
		if strings.EqualFold(each.ID, name) || strings.EqualFold(each.Name, name) {
			return &s.apps[i]
		}
	}
	for i, each := range s.apps {
		if words := strings.Fields(each.Name); len(words) > 0 && strings.EqualFold(words[len(words)-1], name) {
			return &s.apps[i]
		}
	}
	return nil
}

// Remove removes the tenant with everything in it; the end of the test does, too.
func (s *Tenant) Remove() {
	s.t.Helper()
	if s.isRemoved {
		return
	}
	s.isRemoved = true
	if err := s.Server.call("DELETE", "tenants/"+s.Domain, nil, nil); err != nil {
		s.t.Fatal(err)
	}
}

// Call makes any call of the control API on this tenant, such as Call("PUT", "policies", lapse.Object{"tieRule": "entra"}). A nil body
// is none. The error is an *Error when Lapse refuses.
func (s *Tenant) Call(method, path string, body any) (Object, error) {
	return s.Server.Call(method, s.path(path), body)
}

func (s *Tenant) path(path string) string {
	return "tenants/" + s.Domain + "/" + strings.TrimPrefix(path, "/")
}

func (s *Tenant) must(method, path string, body any) Object {
	s.t.Helper()
	answer, err := s.Call(method, path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer
}

// Values

var id = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
var iso = regexp.MustCompile(`^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$`)

// duration reads one as the control API writes it.
func duration(text string) time.Duration {
	parts := iso.FindStringSubmatch(text)
	if parts == nil {
		return 0
	}
	var seconds float64
	for i, unit := range []float64{86400, 3600, 60, 1} {
		number, _ := strconv.ParseFloat(parts[i+1], 64)
		seconds += number * unit
	}
	return time.Duration(seconds * float64(time.Second))
}

func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05.0000000Z")
}

func one[T any](options []T) (given T) {
	if len(options) > 0 {
		given = options[0]
	}
	return given
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// set leaves out what is not given.
func set(members Object) Object {
	given := Object{}
	for name, value := range members {
		if text := fmt.Sprint(value); text != "" && text != "0" {
			given[name] = value
		}
	}
	return given
}

func query(asked Object) string {
	values := url.Values{}
	for name, value := range set(asked) {
		values.Set(name, fmt.Sprint(value))
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}
