package lapse

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"
)

// children are what the tests run as processes of their own.
var children = map[string]func(t *testing.T){
	"start": func(t *testing.T) {
		server := Start(t)
		tenant := server.Sandbox(t)
		tenant.SignIn("adele")
		fmt.Println("told", server.HTTPS, server.HTTP)
	},
	"end":  func(t *testing.T) { tell(t) },
	"exit": func(t *testing.T) { tell(t); os.Exit(3) },
	"after": func(t *testing.T) {
		tell(t)
		var ready struct{ PID int }
		text, err := os.ReadFile(filepath.Join(folderOfServer(t), "ready.json"))
		if err == nil {
			err = json.Unmarshal(text, &ready)
		}
		if err != nil {
			t.Fatal(err)
		}
		server, _ := os.FindProcess(ready.PID)
		server.Signal(os.Interrupt)
		until(t, "it is gone", func() bool { return server.Signal(syscall.Signal(0)) != nil })
	},
	"panic": func(t *testing.T) { tell(t); go panic("oops"); time.Sleep(time.Minute) },
	"wait":  func(t *testing.T) { tell(t); time.Sleep(time.Minute) },
	"graph": func(t *testing.T) {
		// As any Go program trusts: by SSL_CERT_FILE.
		request, _ := http.NewRequest("GET", os.Getenv("LAPSE_GRAPH")+"/v1.0/me", nil)
		request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("told", answer.StatusCode)
	},
}

// tell says where the test program's one server is, and where its files are.
func tell(t *testing.T) {
	server := Sandbox(t).Server
	fmt.Println("told", server.HTTP, folderOfServer(t))
}

// folderOfServer is the one folder of a server in TMPDIR.
func folderOfServer(t *testing.T) string {
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), "lapse-go-*"))
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	return folders[0]
}

func TestChild(t *testing.T) {
	if child := children[os.Getenv("CHILD")]; child != nil {
		child(t)
	}
}

func child(name string, variables ...string) *exec.Cmd {
	command := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	command.Env = append(append(os.Environ(), variables...), "CHILD="+name)
	return command
}

// told is what a child says in its line.
func told(output string) string {
	for _, line := range strings.Split(output, "\n") {
		if said := strings.TrimPrefix(line, "told "); said != line {
			return said
		}
	}
	return ""
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func answers(origin string) bool {
	answer, err := http.Get(origin + "/_lapse/api/health")
	if err != nil {
		return false
	}
	answer.Body.Close()
	return true
}

func TestTheServerIsGoneWithItsProcess(t *testing.T) {
	// After its server a test cannot remove its sandbox.
	for name, status := range map[string]int{"end": 0, "after": 1, "exit": 3, "panic": 2, "wait": -1} {
		name, status := name, status
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The settings of whoever runs the tests are not the server's: this one would ask for a control token.
			command := child(name, "TMPDIR="+t.TempDir(), "LAPSE_HOST=0.0.0.0")
			output, err := command.StdoutPipe()
			if err == nil {
				err = command.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			line := ""
			for lines := bufio.NewScanner(output); line == "" && lines.Scan(); {
				line = told(lines.Text())
			}
			there, folder, _ := strings.Cut(line, " ")
			if folder == "" {
				t.Fatal("it said nothing")
			}
			if name == "wait" {
				if !answers(there) {
					t.Fatal("there is no server")
				}
				command.Process.Kill()
			}
			command.Wait()
			if found := command.ProcessState.ExitCode(); found != status {
				t.Fatalf("it ended with %d", found)
			}
			until(t, there+" is gone", func() bool {
				_, err := os.Stat(folder)
				return !answers(there) && os.IsNotExist(err)
			})
		})
	}
}

func TestAProgramThatDoesNotStartIsToldInOneError(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "lapse")
	if err := os.WriteFile(file, []byte("#!/bin/sh\necho 'no room on the moon' >&2\nexit 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, each := range []struct{ variables, says string }{
		{"LAPSE_BIN=/nowhere/lapse", "Lapse did not start: LAPSE_BIN is /nowhere/lapse, which is no program"},
		{"LAPSE_BIN= PATH=/nowhere", "Lapse did not start: there is no program lapse on the PATH. Install it, or name it in LAPSE_BIN"},
		{"TMPDIR=" + folder + " LAPSE_BIN=" + file,
			"Lapse did not start: " + file + " ended (exit status 7) before it was ready\nno room on the moon"},
	} {
		output, err := child("start", strings.Fields(each.variables)...).CombinedOutput()
		said := regexp.MustCompile(`\n +`).ReplaceAllString(string(output), "\n")
		if err == nil || strings.Count(said, "Lapse did not start") != 1 || !strings.Contains(said, each.says) {
			t.Fatalf("%s", output)
		}
	}
	if left, _ := os.ReadDir(folder); len(left) != 1 {
		t.Fatalf("it leaves behind %v", left)
	}
}

func TestALapseOfLapseServerIsUsedAndNotStopped(t *testing.T) {
	server := Start(t)
	for _, origin := range []string{server.HTTPS, server.HTTP} {
		output, err := child("start", "LAPSE_SERVER="+origin, "LAPSE_CA="+server.CAFile, "LAPSE_BIN=/nowhere").CombinedOutput()
		if err != nil || told(string(output)) != server.HTTPS+" "+server.HTTP {
			t.Fatalf("%s", output)
		}
	}
	if health, err := server.Call("GET", "health", nil); err != nil || health["status"] != "ok" {
		t.Fatal(health, err)
	}
	output, _ := child("start", "LAPSE_SERVER="+server.HTTPS, "LAPSE_CA=").CombinedOutput()
	if !strings.Contains(string(output), "and nothing usable answers there: ") || !strings.Contains(string(output), "certificate") {
		t.Fatalf("%s", output)
	}
	server.stop()
	output, _ = child("start", "LAPSE_SERVER="+server.HTTP).CombinedOutput()
	if !strings.Contains(string(output), "connection refused") {
		t.Fatalf("%s", output)
	}
}

func TestAControlTokenIsSent(t *testing.T) {
	file, err := program()
	if err != nil {
		t.Fatal(err)
	}
	ready := filepath.Join(t.TempDir(), "ready.json")
	lapse := exec.Command(file, "serve", "--ephemeral", "--https-port", "0", "--http-port", "0", "--control-token", "of-these-tests",
		"--ready-file", ready)
	lapse.Dir = filepath.Dir(ready)
	if err := lapse.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lapse.Process.Signal(os.Interrupt); lapse.Wait() })
	var there map[string]any
	until(t, "it is ready", func() bool {
		text, _ := os.ReadFile(ready)
		return json.Unmarshal(text, &there) == nil
	})
	named := []string{fmt.Sprint("LAPSE_SERVER=", there["https"]), fmt.Sprint("LAPSE_CA=", there["ca_file"])}
	if output, err := child("start", append(named, "LAPSE_CONTROL_TOKEN=of-these-tests")...).CombinedOutput(); err != nil {
		t.Fatalf("%s", output)
	}
	if output, err := child("start", named...).CombinedOutput(); err == nil || !strings.Contains(string(output), "its control token into") {
		t.Fatalf("%s", output)
	}
}

func TestTwentyTestsAtOnce(t *testing.T) {
	for number := 1; number <= 20; number++ {
		number := number
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			t.Parallel()
			tenant := Sandbox(t)
			adele, alex := tenant.SignIn("adele"), tenant.SignIn("alex")
			delay := time.Duration(number) * time.Minute
			tenant.Propagation(Object{"planes": Object{"refresh": Object{"fixed": For(delay)}}})
			tenant.Revoke("adele")
			tenant.Advance(For(delay - time.Nanosecond*100))
			before := tenant.Refresh(adele.RefreshToken).Status
			now := tenant.Advance("PT0.0000001S").Text("now")
			after, other := tenant.Refresh(adele.RefreshToken).Body.At("error_codes.0"), tenant.Refresh(alex.RefreshToken).Status
			clock, err := tenant.Call("GET", "clock", nil)
			if before != 200 || after != 50173 || other != 200 || err != nil || clock["now"] != now {
				t.Fatal(before, after, other, clock, now, err)
			}
			if revoked, signedIn := tenant.Events(Events{Type: "revoked"}), tenant.Events(Events{Type: "signedIn"}); len(revoked) != 1 || len(signedIn) != 2 {
				t.Fatal(revoked, signedIn)
			}
		})
	}
}

func TestNamesOfUsersAndClients(t *testing.T) {
	tenant := Sandbox(caught{t})
	adele := "adele@" + tenant.Domain
	for _, name := range []string{"adele", "Adele", "adele@contoso.example", adele} {
		if tenant.User(name) != adele {
			t.Fatal(tenant.User(name))
		}
	}
	if tenant.User("newcomer") != "newcomer@"+tenant.Domain || tenant.User(tenant.ID) != tenant.ID {
		t.Fatal("another name")
	}
	cli := "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
	if tenant.ClientID("native") != tenant.ClientID("Lapse Native") || tenant.ClientID("native") == tenant.ClientID("web") || tenant.ClientID(cli) != cli {
		t.Fatal("another client")
	}
	said := fmt.Sprint(failureOf(func() { tenant.SignIn("adele", SignIn{Client: "nativ"}) }))
	if !strings.HasPrefix(said, "no app is called nativ; there are: Lapse Native, ") || len(tenant.Events(Events{Type: "signedIn"})) > 0 {
		t.Fatal(said)
	}
}

func TestWhatIsSignedNamesTheOriginThatAppsSee(t *testing.T) {
	tenant := Sandbox(t)
	var claims Object
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(tenant.SignIn("adele").IDToken, ".")[1])
	if err == nil {
		err = json.Unmarshal(text, &claims)
	}
	if err != nil || claims["iss"] != tenant.Server.HTTPS+"/"+tenant.ID+"/v2.0" {
		t.Fatal(claims, err)
	}
}

func TestAnExpectationSaysWhatLapseSawAndWaitsForTheApp(t *testing.T) {
	tenant := Sandbox(caught{t})
	says := func(act func() Object, expected string) {
		t.Helper()
		if said := fmt.Sprint(failureOf(func() { act() })); !regexp.MustCompile(expected).MatchString(said) {
			t.Fatal(said)
		}
	}
	says(func() Object { return tenant.Expect("native").Reauthorizes(For(time.Second / 10)) },
		`^native did not re-authorize within PT0\.1\d*S of revoke: it met no revoke\.`)
	grant := tenant.SignIn("adele")
	tenant.Revoke("adele")
	for count := 0; count < 3; count++ {
		tenant.Refresh(grant.RefreshToken)
	}
	refused := Expect{After: "refusal", User: "adele"}
	says(func() Object { return tenant.Expect("native", refused).Reauthorizes("1s") }, `within 1s of refusal: it has not re-authorized.* \(events \[\d+`)
	says(func() Object { return tenant.Expect("native", refused).Reauthorizes("1m", 1) }, `2 more times`)
	// The app comes while the test waits.
	began, app := time.Now(), time.AfterFunc(300*time.Millisecond, func() { tenant.SignIn("adele") })
	defer app.Stop()
	if held := tenant.Expect("native").Reauthorizes("50s"); held["status"] != "passed" || time.Since(began) > 20*time.Second {
		t.Fatal(held, time.Since(began))
	}
	if left, err := tenant.Call("GET", "expectations", nil); err != nil || len(left["items"].([]any)) > 0 {
		t.Fatal(left, err)
	}
}

func TestPagesOfEventsAreOneList(t *testing.T) {
	tenant := Sandbox(t)
	for count := 0; count < 260; count++ {
		tenant.SignIn("adele")
	}
	page, err := tenant.Call("GET", "events", nil)
	events := tenant.Events(Events{Type: "signedIn", User: "adele"})
	if err != nil || len(events) != 260 || len(page["items"].([]any)) >= 260 {
		t.Fatal(len(events), page, err)
	}
	if rest := tenant.Events(Events{After: events[249].At("id").(int)}); len(rest) != 10 {
		t.Fatal(rest)
	}
}

func TestAnAPIRefusesATokenForAnotherAudience(t *testing.T) {
	tenant := Sandbox(t)
	ask := func(token string) int {
		request, _ := http.NewRequest("GET", tenant.Server.HTTPS+"/v1.0/me", nil)
		request.Header.Set("Authorization", "Bearer "+token)
		answer, err := tenant.Server.Client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	good, bad := ask(tenant.SignIn("adele").AccessToken), ask(tenant.Forge("adele", Forge{Defect: "audience"}).Text("access_token"))
	if good != 200 || bad != 401 {
		t.Fatal(good, bad)
	}
}

func TestAnAppInAProcessOfItsOwnFindsItsTenantAndTrustsIt(t *testing.T) {
	tenant := Sandbox(t)
	output, _ := child("graph", append(tenant.Environment(), "TOKEN="+tenant.SignIn("adele").AccessToken)...).CombinedOutput()
	if told(string(output)) != "200" {
		t.Fatalf("%s", output)
	}
	set := map[string]string{}
	for _, variable := range tenant.Environment(Environment{Client: "web", User: "alex"}) {
		name, value, _ := strings.Cut(variable, "=")
		set[name] = value
	}
	if set["LAPSE_CLIENT_ID"] != tenant.ClientID("web") || set["LAPSE_CLIENT_SECRET"] != "lapse-web-secret" || set["LAPSE_USER"] != tenant.User("alex") ||
		set["LAPSE_AUTHORITY"] != tenant.Authority || set["LAPSE_PASSWORD"] != "Passw0rd!" {
		t.Fatal(set)
	}
	// The names are those of lapse check.
	check := exec.Command(tenant.Server.Program, "check", "--grace", "1s", "--", "sh", "-c", "env >&2; exit 1")
	check.Env = []string{"PATH=" + os.Getenv("PATH")}
	output, _ = check.CombinedOutput()
	theirs, ours := map[string]bool{}, map[string]bool{}
	for _, line := range strings.Split(string(output), "\n") {
		if name, _, isVariable := strings.Cut(line, "="); isVariable && regexp.MustCompile(`^(LAPSE_|BROWSER$|SSL_|REQUESTS_|CURL_|NODE_|NO_PROXY|no_proxy)`).MatchString(name) {
			theirs[name] = true
		}
	}
	for name := range set {
		ours[name] = true
	}
	if len(theirs) == 0 || !reflect.DeepEqual(ours, theirs) {
		t.Fatal(sorted(ours), sorted(theirs))
	}
}

func sorted(names map[string]bool) (list []string) {
	for name := range names {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}

func TestATenantAsInASeedFile(t *testing.T) {
	tenant := Sandbox(t, Object{"domains": []string{"tailspin.example"}, "users": []Object{{"userPrincipalName": "wren@tailspin.example"}},
		"apps": []Object{{"name": "Tailspin Web", "kind": "confidential", "delegated": []string{"User.Read"},
			"secrets": []string{"tailspin-web-secret"}}}})
	if tenant.User("wren") != "wren@tailspin.example" {
		t.Fatal(tenant.User("wren"))
	}
	if answer := tenant.Refresh(tenant.SignIn("wren", SignIn{Client: "web"}).RefreshToken, Refresh{Client: "web"}); answer.Status != 200 {
		t.Fatal(answer)
	}
	tenant.Remove()
	var refusal *Error
	if _, err := tenant.Call("GET", "clock", nil); err == nil || !errors.As(err, &refusal) || refusal.Status != 404 {
		t.Fatal(err)
	}
}
