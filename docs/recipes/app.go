// Signs its user in through the browser, then asks Graph again and again who that is.
// Go trusts the local certificate because `lapse check` has set SSL_CERT_FILE.
package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

const capable = `{"access_token":{"xms_cc":{"values":["cp1"]}}}` // this app understands claims challenges

var authority, claims = os.Getenv("LAPSE_AUTHORITY") + "/oauth2/v2.0/", capable
var web = http.Client{Timeout: 20 * time.Second}

// A lost answer or a failing server says nothing about the token: wait, and present the same again.
func call(send func() (*http.Response, error)) (*http.Response, map[string]any) {
	for pause := time.Second; pause < time.Minute; pause *= 2 {
		wait, body := pause, map[string]any{}
		if answer, err := send(); err == nil {
			err = json.NewDecoder(answer.Body).Decode(&body)
			answer.Body.Close()
			if err == nil && answer.StatusCode < 429 && body["error"] != "temporarily_unavailable" {
				return answer, body
			}
			if told, err := time.ParseDuration(answer.Header.Get("Retry-After") + "s"); err == nil {
				wait = told
			}
		}
		time.Sleep(wait)
	}
	panic("the server does not answer")
}

func form(fields url.Values) url.Values {
	fields["client_id"], fields["scope"] = []string{os.Getenv("LAPSE_CLIENT_ID")}, []string{"User.Read offline_access"}
	fields["claims"] = []string{claims}
	return fields
}

func redeem(fields url.Values) map[string]any {
	_, tokens := call(func() (*http.Response, error) { return web.PostForm(authority+"token", form(fields)) })
	return tokens
}

func signIn() map[string]any {
	secret := make([]byte, 48)
	rand.Read(secret)
	state, verifier := fmt.Sprintf("%x", secret[:16]), base64.RawURLEncoding.EncodeToString(secret[16:])
	hash := sha256.Sum256([]byte(verifier))
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	redirect := fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	query := form(url.Values{"response_type": {"code"}, "redirect_uri": {redirect}, "state": {state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(hash[:])}, "code_challenge_method": {"S256"}})
	browser := strings.Replace(os.Getenv("BROWSER"), "%s", `"$0"`, 1)
	exec.Command("sh", "-c", browser, authority+"authorize?"+query.Encode()).Start()
	back := make(chan url.Values)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "You may close this page.")
		if answer := r.URL.Query(); answer.Get("state") == state { // another visitor does not know it
			back <- answer
		}
	}))
	answer := <-back
	if !answer.Has("code") {
		log.Fatal("nobody signed in: ", answer.Get("error"))
	}
	return redeem(url.Values{"grant_type": {"authorization_code"}, "code": answer["code"], "redirect_uri": {redirect},
		"code_verifier": {verifier}})
}

func main() {
	var tokens map[string]any
	var ends time.Time
	for round := 0; round < 16; round++ {
		// The tokens of `lapse check` are always about to end; elsewhere this refreshes once an hour or so.
		if time.Until(ends) < 5*time.Minute {
			if kept, ok := tokens["refresh_token"].(string); ok {
				tokens = redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {kept}})
			}
			if tokens["access_token"] == nil { // Refused, for whatever reason: that refresh token is dead for good.
				tokens = signIn()
			}
			lifetime, _ := tokens["expires_in"].(float64)
			ends, claims = time.Now().Add(time.Duration(lifetime)*time.Second), capable
		}
		request, _ := http.NewRequest("GET", os.Getenv("LAPSE_GRAPH")+"/v1.0/me", nil)
		request.Header.Set("Authorization", fmt.Sprint("Bearer ", tokens["access_token"]))
		answer, me := call(func() (*http.Response, error) { return web.Do(request) })
		fmt.Println(answer.StatusCode, me["userPrincipalName"])
		if answer.StatusCode == 401 { // Drop the access token; ask for the next one with the claims that Graph demands.
			ends = time.Time{}
			if demand := regexp.MustCompile(`claims="(.+?)"`).FindStringSubmatch(answer.Header.Get("WWW-Authenticate")); demand != nil {
				decoded, _ := base64.StdEncoding.DecodeString(demand[1])
				claims = string(decoded)
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
}
