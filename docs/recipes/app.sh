#!/usr/bin/env bash
# Signs its user in with a device code, then asks Graph again and again who that is, each time with a fresh access token.
# curl trusts the local certificate because `lapse check` has set CURL_CA_BUNDLE.
set -u
answer=$(mktemp) refresh_token=
trap 'rm -f "$answer"' EXIT

# post ENDPOINT FIELDS: leaves the JSON in $answer. A lost answer, 429 or 5xx says nothing about the token: curl waits as
# long as Retry-After says, or one second, two, four..., and presents the same again.
post() {
    curl --silent --max-time 20 --retry 5 --retry-all-errors --output "$answer" \
        --data "client_id=$LAPSE_CLIENT_ID&scope=User.Read+offline_access&$2" "$LAPSE_AUTHORITY/oauth2/v2.0/$1"
}

# member NAME: what $answer says, a text or a number.
member() { sed -En "s/.*\"$1\":(\"([^\"]*)\"|([0-9]+)).*/\2\3/p" "$answer"; }

sign_in() {
    post devicecode "" || exit
    local pause=$(member interval) page=$(member verification_uri) user_code=$(member user_code)
    local fields="grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=$(member device_code)"
    echo "sign in at $page with $user_code"
    # In place of the user: BROWSER is "lapse visit %s &", and lapse visit types the code, too.
    local browser=${BROWSER% &}
    ${browser/\%s/"$page"} --code "$user_code"
    while post token "$fields" && [[ $(member error) == authorization_pending ]]; do sleep "$pause"; done
    [[ -n $(member access_token) ]] || { echo "nobody signed in: $(member error)"; exit 1; }
}

for round in {1..16}; do
    if [[ -n $refresh_token ]]; then
        post token "grant_type=refresh_token&refresh_token=$refresh_token" || exit
        # Refused, for whatever reason: this token is dead for good. Forget it.
        [[ -z $(member error) ]] || refresh_token=
    fi
    [[ -n $refresh_token ]] || sign_in
    refresh_token=$(member refresh_token)
    curl --silent --oauth2-bearer "$(member access_token)" "$LAPSE_GRAPH/v1.0/me"
    echo
    sleep 0.5
done
