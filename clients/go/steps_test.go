package lapse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

type story struct {
	Name  string
	Steps []step
}

type step struct {
	Do      string
	With    Object
	As      string
	Answers map[string]any
	Fails   *struct {
		Status      int
		Code, Field string
		Says        string
	}
}

func stories(t *testing.T) []story {
	t.Helper()
	text, err := os.ReadFile("../steps.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Stories []story }
	reader := json.NewDecoder(bytes.NewReader(text))
	reader.DisallowUnknownFields()
	if err := reader.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all.Stories
}

// caught is a TB whose failures stop nothing but the verb.
type caught struct{ *testing.T }

func (c caught) Fatal(all ...any) { panic(failure{all[0]}) }

type failure struct{ what any }

func failureOf(act func()) (what any) {
	defer func() {
		if found, ok := recover().(failure); ok {
			what = found.what
		}
	}()
	act()
	return nil
}

// given has a step's arguments; what is left in the end no verb has taken.
type given map[string]any

func (g given) take(name string) any {
	value := g[name]
	delete(g, name)
	return value
}

func (g given) text(name string) string {
	text, _ := g.take(name).(string)
	return text
}

func (g given) object(name string) Object {
	object, _ := g.take(name).(map[string]any)
	return object
}

func (g given) instant(t *testing.T, name string) time.Time {
	text := g.text(name)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// verbs has what each verb answers. The arguments are taken first, so that one that nobody takes is told before anything is done.
var verbs = map[string]func(*testing.T, *Tenant, given) func() any{
	"signIn": func(t *testing.T, s *Tenant, g given) func() any {
		user, options := g.text("user"), SignIn{
			Client: g.text("client"), Scope: g.text("scope"), AuthTime: g.instant(t, "authTime"), Method: g.text("method")}
		return func() any { return s.SignIn(user, options) }
	},
	"refresh": func(t *testing.T, s *Tenant, g given) func() any {
		token, options := g.text("refreshToken"), Refresh{
			Client: g.text("client"), Secret: g.text("secret"), Scope: g.text("scope"), Region: g.text("region"), Claims: g.text("claims")}
		return func() any { return s.Refresh(token, options) }
	},
	"revoke": func(t *testing.T, s *Tenant, g given) func() any {
		user, options := g.text("user"), Revoke{Cause: g.text("cause"), Wait: Duration(g.text("wait"))}
		return func() any { return s.Revoke(user, options) }
	},
	"propagation": func(t *testing.T, s *Tenant, g given) func() any {
		model := g.take("model")
		return func() any { return s.Propagation(model) }
	},
	"advance": func(t *testing.T, s *Tenant, g given) func() any {
		by := Duration(g.text("by"))
		return func() any { return s.Advance(by) }
	},
	"until": func(t *testing.T, s *Tenant, g given) func() any {
		what := g.text("what")
		return func() any { return s.Until(what) }
	},
	"fault": func(t *testing.T, s *Tenant, g given) func() any {
		match := given(g.object("match"))
		times, _ := g.take("times").(float64)
		probability, _ := g.take("probability").(float64)
		fault := Fault{Effect: g.object("effect"), Times: int(times), Probability: probability, Name: g.text("name"), Match: Match{
			Endpoint: match.text("endpoint"), GrantType: match.text("grantType"), Client: match.text("client"), User: match.text("user"),
			Region: match.text("region")}}
		if len(match) > 0 {
			t.Fatalf("nobody takes %v", match)
		}
		return func() any { return s.Fault(fault) }
	},
	"clearFaults": func(t *testing.T, s *Tenant, g given) func() any {
		name := g.text("name")
		return func() any { s.ClearFaults(name); return nil }
	},
	"forge": func(t *testing.T, s *Tenant, g given) func() any {
		user, forge := g.text("user"), Forge{Client: g.text("client"), Scope: g.text("scope"), Defect: g.text("defect")}
		return func() any { return s.Forge(user, forge) }
	},
	"explain": func(t *testing.T, s *Tenant, g given) func() any {
		what := Explain{RefreshToken: g.text("refreshToken"), Session: g.text("session"), AccessToken: g.text("accessToken"),
			At: g.instant(t, "at"), Region: g.text("region")}
		return func() any { return s.Explain(what) }
	},
	"expect": func(t *testing.T, s *Tenant, g given) func() any {
		client, options := g.text("client"), Expect{After: g.text("after"), User: g.text("user")}
		reauthorizes, recovers := Duration(g.text("reauthorizesWithin")), Duration(g.text("recoversWithin"))
		var retries []int
		if number, ok := g.take("retriesAtMost").(float64); ok {
			retries = []int{int(number)}
		}
		if (reauthorizes == "") == (recovers == "") {
			t.Fatal("one of the two")
		}
		if recovers != "" {
			return func() any { return s.Expect(client, options).Recovers(recovers, retries...) }
		}
		return func() any { return s.Expect(client, options).Reauthorizes(reauthorizes, retries...) }
	},
	"events": func(t *testing.T, s *Tenant, g given) func() any {
		after, _ := strconv.Atoi(g.text("after"))
		options := Events{Type: g.text("type"), User: g.text("user"), After: after}
		return func() any { return s.Events(options) }
	},
	"exchanges": func(t *testing.T, s *Tenant, g given) func() any {
		after, _ := strconv.Atoi(g.text("after"))
		options := Exchanges{Client: g.text("client"), User: g.text("user"), Endpoint: g.text("endpoint"), After: after,
			Wait: Duration(g.text("wait"))}
		return func() any { return s.Exchanges(options) }
	},
	"har": func(t *testing.T, s *Tenant, g given) func() any { return func() any { return s.HAR() } },
	"report": func(t *testing.T, s *Tenant, g given) func() any {
		client := g.text("client")
		if client == "" {
			return func() any { return s.Report() }
		}
		return func() any { return s.Report(client) }
	},
	"call": func(t *testing.T, s *Tenant, g given) func() any {
		method, path, body := g.text("method"), g.text("path"), g.take("body")
		return func() any {
			answer, err := s.Call(method, path, body)
			if err != nil {
				s.t.Fatal(err)
			}
			return answer
		}
	},
}

// at is a value in what a verb answers, and how many a list has; numbers and what is not there are as in the list of steps.
func at(t *testing.T, answer any, path string) any {
	text, err := json.Marshal(answer)
	var whole any
	if err == nil {
		err = json.Unmarshal(text, &whole)
	}
	if err != nil {
		t.Fatal(err)
	}
	path, counts := "whole."+path, false
	if strings.HasSuffix(path, ".length") {
		path, counts = strings.TrimSuffix(path, ".length"), true
	}
	value := Object{"whole": whole}.At(path)
	if list, ok := value.([]any); ok && counts {
		return len(list)
	}
	return value
}

var placeholder = regexp.MustCompile(`\{([a-zA-Z][^{}"]*)\}`)

func filled(t *testing.T, s *Tenant, earlier map[string]any, value any) any {
	switch inside := value.(type) {
	case string:
		return placeholder.ReplaceAllStringFunc(inside, func(found string) string {
			what := found[1 : len(found)-1]
			name, path, isPath := strings.Cut(what, ".")
			switch answer, isKnown := earlier[name]; {
			case what == "domain":
				return s.Domain
			case strings.HasPrefix(what, "user:"):
				return s.User(what[5:])
			case strings.HasPrefix(what, "client:"):
				return s.ClientID(what[7:])
			case isPath && isKnown:
				if value := at(t, answer, path); value != nil {
					return fmt.Sprint(value)
				}
			}
			t.Fatalf("nothing is called %s", what)
			return ""
		})
	case []any:
		list := []any{}
		for _, each := range inside {
			list = append(list, filled(t, s, earlier, each))
		}
		return list
	case map[string]any:
		members := map[string]any{}
		for name, each := range inside {
			members[name] = filled(t, s, earlier, each)
		}
		return members
	case float64:
		if inside == float64(int(inside)) {
			return int(inside)
		}
	}
	return value
}

func (s step) play(t *testing.T, tenant *Tenant, earlier map[string]any) {
	arguments := given{}
	for name, value := range s.With {
		if value = filled(t, tenant, earlier, value); reflect.TypeOf(value) == reflect.TypeOf(0) {
			value = s.With[name]
		}
		arguments[name] = value
	}
	verb := verbs[s.Do]
	if verb == nil {
		t.Fatalf("there is no verb %s", s.Do)
	}
	act := verb(t, tenant, arguments)
	if len(arguments) > 0 {
		t.Fatalf("%s takes no %v", s.Do, arguments)
	}
	var answer any
	failed := failureOf(func() { answer = act() })
	switch refusal, isRefusal := failed.(*Error); {
	case s.Fails == nil && failed != nil:
		t.Fatal(failed)
	case s.Fails == nil:
		for path, expected := range s.Answers {
			if found, expected := at(t, answer, path), filled(t, tenant, earlier, expected); !reflect.DeepEqual(found, expected) {
				t.Fatalf("%s is %#v and not %#v in %v", path, found, expected, answer)
			}
		}
		if s.As != "" {
			earlier[s.As] = answer
		}
	case s.Fails.Says != "":
		if said, ok := failed.(string); !ok || !strings.Contains(said, s.Fails.Says) {
			t.Fatalf("it says %v", failed)
		}
	case !isRefusal || refusal.Message == "" || refusal.Status != s.Fails.Status ||
		s.Fails.Code != "" && refusal.Code != s.Fails.Code || s.Fails.Field != "" && refusal.Field != s.Fails.Field:
		t.Fatalf("%#v", failed)
	}
}

func TestTheStepsThatAllKitsShare(t *testing.T) {
	for _, each := range stories(t) {
		story := each
		t.Run(story.Name, func(t *testing.T) {
			t.Parallel()
			tenant, earlier := Sandbox(caught{t}), map[string]any{}
			for number, step := range story.Steps {
				if !t.Run(fmt.Sprintf("step %d %s", number+1, step.Do), func(t *testing.T) { step.play(t, tenant, earlier) }) {
					return
				}
			}
		})
	}
}

func TestEveryVerbIsPlayed(t *testing.T) {
	left := map[string]bool{}
	for verb := range verbs {
		left[verb] = true
	}
	for _, story := range stories(t) {
		for _, step := range story.Steps {
			delete(left, step.Do)
		}
	}
	var names []string
	for verb := range left {
		names = append(names, verb)
	}
	sort.Strings(names)
	if len(names) > 0 {
		t.Fatalf("no step plays %v", names)
	}
}
