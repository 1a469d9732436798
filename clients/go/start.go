package lapse

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startTime = 30 * time.Second
	stopTime  = 10 * time.Second
)

func start() (*Server, error) {
	if address := os.Getenv("LAPSE_SERVER"); address != "" {
		return found(strings.TrimSuffix(address, "/"))
	}
	return started()
}

func found(address string) (*Server, error) {
	program, _ := program()
	server := &Server{
		HTTPS: address, CAFile: os.Getenv("LAPSE_CA"), Program: program, origin: address, token: os.Getenv("LAPSE_CONTROL_TOKEN"),
		stop: func() {},
	}
	err := server.trust()
	var status Object
	if err == nil {
		status, err = server.Call("GET", "status", nil)
	}
	if err != nil {
		return nil, fmt.Errorf("LAPSE_SERVER is %s, and nothing usable answers there: %w\n"+
			"Its CA's file belongs into LAPSE_CA, its control token into LAPSE_CONTROL_TOKEN.", address, err)
	}
	server.HTTP = status.Text("addresses.http")
	if strings.HasPrefix(address, "http:") {
		server.HTTPS, server.HTTP = or(status.Text("addresses.https"), address), address
	}
	return server, nil
}

// Beside the server, which takes the shell's place, a watcher reads descriptor 3. It ends when this process is gone, in whatever way. A
// line comes before that when the server has ended: then its number may be another process's.
const watched = `{ read -r line <&3 || kill $$; cat <&3; rm -rf "$0"; } >/dev/null 2>&1 & exec "$@" 3<&-`

func started() (*Server, error) {
	program, err := program()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "lapse-go-")
	if err != nil {
		return nil, err
	}
	server, err := startedIn(folder, program)
	if err != nil {
		os.RemoveAll(folder)
		return nil, fmt.Errorf("Lapse did not start: %w", err)
	}
	return server, nil
}

func startedIn(folder, program string) (*Server, error) {
	ready, log := filepath.Join(folder, "ready.json"), filepath.Join(folder, "stderr")
	output, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	heard, watcher, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer heard.Close()
	command := exec.Command("/bin/sh", "-c", watched, folder, program,
		"serve", "--ephemeral", "--https-port", "0", "--http-port", "0", "--ready-file", ready)
	command.Dir, command.Stderr, command.ExtraFiles = folder, output, []*os.File{heard}
	// A lapse.yaml of the folder where the tests run, and the settings of whoever runs them, are not the tests'.
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "LAPSE_") {
			command.Env = append(command.Env, variable)
		}
	}
	if err := command.Start(); err != nil {
		watcher.Close()
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		command.Wait()
		watcher.WriteString("\n")
		close(ended)
	}()
	stop := func() {
		command.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(stopTime):
			command.Process.Kill()
			<-ended
		}
		watcher.Close()
		os.RemoveAll(folder)
	}
	failed := func(why string) (*Server, error) {
		said, _ := os.ReadFile(log)
		if len(said) > 4000 {
			said = said[len(said)-4000:]
		}
		stop()
		return nil, fmt.Errorf("%s %s\n%s", program, why, bytes.TrimSpace(said))
	}
	deadline := time.After(startTime)
	var answer struct {
		HTTPS, HTTP string
		CAFile      string `json:"ca_file"`
	}
	for {
		if text, err := os.ReadFile(ready); err == nil && json.Unmarshal(text, &answer) == nil {
			break
		}
		select {
		case <-ended:
			return failed(fmt.Sprintf("ended (%s) before it was ready", command.ProcessState))
		case <-deadline:
			return failed(fmt.Sprintf("is not ready after %s", startTime))
		case <-time.After(10 * time.Millisecond):
		}
	}
	// The issuer of what is signed is the origin that is asked: the one that apps see.
	server := &Server{HTTPS: answer.HTTPS, HTTP: answer.HTTP, CAFile: answer.CAFile, Program: program, origin: answer.HTTPS}
	var once sync.Once
	server.stop = func() { once.Do(stop) }
	if err := server.trust(); err != nil {
		stop()
		return nil, err
	}
	return server, nil
}

// program is the file of LAPSE_BIN, else of lapse on the PATH.
func program() (string, error) {
	name := or(os.Getenv("LAPSE_BIN"), "lapse")
	file, err := exec.LookPath(name)
	if err == nil {
		file, err = filepath.Abs(file)
	}
	switch {
	case err == nil:
		return file, nil
	case name == os.Getenv("LAPSE_BIN"):
		return "", fmt.Errorf("Lapse did not start: LAPSE_BIN is %s, which is no program", name)
	}
	return "", errors.New("Lapse did not start: there is no program lapse on the PATH. Install it, or name it in LAPSE_BIN")
}

func (s *Server) trust() error {
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	if s.CAFile != "" {
		text, err := os.ReadFile(s.CAFile)
		if err != nil {
			return err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(text) {
			return fmt.Errorf("%s has no certificate", s.CAFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	s.Client = &http.Client{Transport: transport, Timeout: answerTime}
	return nil
}

// Environment has what Tenant.Environment may be told.
type Environment struct {
	Client string // the first app that signs users in, unless given
	User   string // the first user unless given
}

// firstApp is the first that signs users in, else the first that is not only an API; nil where there is none.
func (s *Tenant) firstApp() (first *app) {
	for i := range s.apps {
		each := &s.apps[i]
		if each.Kind == "resource" {
			continue
		}
		if each.Kind != "confidential" || len(each.RedirectURIs)+len(each.SPARedirectURIs) > 0 {
			return each
		}
		if first == nil {
			first = each
		}
	}
	return first
}

// Environment returns the variables by which an app in a process of its own finds this tenant and trusts it, under the names of
// `lapse check`: cmd.Env = append(os.Environ(), tenant.Environment()...).
func (s *Tenant) Environment(options ...Environment) []string {
	s.t.Helper()
	given, server := one(options), s.Server
	client := s.firstApp()
	if given.Client != "" {
		if client = s.app(s.ClientID(given.Client)); client == nil {
			client = &app{ID: given.Client}
		}
	}
	if client == nil {
		client = &app{}
	}
	var person user
	for i, each := range s.users {
		if given.User == "" && i == 0 || given.User != "" && each.name == s.User(given.User) {
			person = each
		}
	}
	folder := s.t.TempDir()
	host := server.HTTPS
	if parsed, err := url.Parse(server.HTTPS); err == nil {
		host = parsed.Hostname()
	}
	direct := host
	if before := or(os.Getenv("NO_PROXY"), os.Getenv("no_proxy")); before != "" {
		direct = before + "," + host
	}
	variables := []string{
		"LAPSE_SERVER=" + server.HTTPS, "LAPSE_HTTP=" + server.HTTP, "LAPSE_AUTHORITY=" + s.Authority, "LAPSE_GRAPH=" + server.HTTPS,
		"LAPSE_TENANT=" + s.Domain, "LAPSE_CLIENT_ID=" + client.ID, "LAPSE_CLIENT_SECRET=" + client.secret(),
		"LAPSE_USER=" + person.name, "LAPSE_PASSWORD=" + person.password, "LAPSE_COOKIES=" + filepath.Join(folder, "cookies.json"),
		"NO_PROXY=" + direct, "no_proxy=" + direct,
	}
	if server.Program != "" {
		// As Python's webbrowser reads it: in the background, for the app has to hear what the browser brings.
		variables = append(variables, "BROWSER='"+strings.ReplaceAll(server.Program, "'", `'\''`)+"' visit %s &")
	}
	if server.CAFile == "" {
		return variables
	}
	// Whoever trusts this file trusts what the machine trusts, too.
	var bundle []byte
	for _, file := range []string{
		os.Getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
	} {
		if text, err := os.ReadFile(file); err == nil {
			bundle = append(bytes.TrimSpace(text), '\n')
			break
		}
	}
	own, err := os.ReadFile(server.CAFile)
	file := filepath.Join(folder, "bundle.pem")
	if err == nil {
		err = os.WriteFile(file, append(bundle, own...), 0o644)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return append(variables, "LAPSE_CA="+server.CAFile, "NODE_EXTRA_CA_CERTS="+server.CAFile, "REQUESTS_CA_BUNDLE="+file,
		"CURL_CA_BUNDLE="+file, "SSL_CERT_FILE="+file)
}
