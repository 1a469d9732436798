"""Graph's answers against the shapes that Microsoft publishes: the models of its SDK, which are generated from Graph's metadata.

An answer fits when the model knows every member of it, takes every value as the type it declares, and gives it back unchanged.
"""

import dataclasses
import datetime
import json

import pytest
import requests
from kiota_abstractions.serialization import Parsable
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from kiota_serialization_json.json_serialization_writer import JsonSerializationWriter
from msgraph.generated.models.application import Application
from msgraph.generated.models.application_collection_response import ApplicationCollectionResponse
from msgraph.generated.models.directory_audit_collection_response import DirectoryAuditCollectionResponse
from msgraph.generated.models.invitation import Invitation
from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant
from msgraph.generated.models.o_auth2_permission_grant_collection_response import OAuth2PermissionGrantCollectionResponse
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.password_reset_response import PasswordResetResponse
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.models.service_principal_collection_response import ServicePrincipalCollectionResponse
from msgraph.generated.models.sign_in_collection_response import SignInCollectionResponse
from msgraph.generated.models.user import User
from msgraph.generated.models.user_collection_response import UserCollectionResponse
from msgraph.generated.users.item.revoke_sign_in_sessions.revoke_sign_in_sessions_post_response import (
    RevokeSignInSessionsPostResponse)

from lab import ADELE, ALEX, API, DOMAIN, NATIVE

METADATA = "https://graph.microsoft.com/v1.0/$metadata"
SCOPES = "openid offline_access User.Read User.ReadWrite.All User.RevokeSessions.All Directory.AccessAsUser.All"
EVERYTHING = ("accountEnabled,createdDateTime,userType,mailNickname,city,country,department,companyName,employeeId,usageLocation,"
              "streetAddress,signInSessionsValidFromDateTime")
PASSWORD_METHOD = "28c10230-6103-485e-b985-444c60001490"


def members_unknown_to(model, path=""):
    """The members of an answer that its model has no place for."""
    found = [f"{path}{name}" for name in getattr(model, "additional_data", None) or {} if not name.startswith("@odata.")]
    for field in dataclasses.fields(model):
        value = getattr(model, field.name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Parsable) and dataclasses.is_dataclass(item):
                found += members_unknown_to(item, f"{path}{field.name}.")
    return found


def comparable(value):
    """What two spellings of one value have in common; annotations and members without a value left out."""
    if isinstance(value, dict):
        members = {name: comparable(item) for name, item in value.items() if "@odata." not in name}
        return {name: item for name, item in members.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, str):
        try:
            return datetime.datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def assert_fits(model, answer):
    """Reads the answer into the model and writes it again."""
    content = json.dumps(answer).encode()
    parsed = JsonParseNodeFactory().get_root_parse_node("application/json", content).get_object_value(model)
    assert members_unknown_to(parsed) == []
    writer = JsonSerializationWriter()
    writer.write_object_value(None, parsed)
    assert comparable(json.loads(writer.get_serialized_content())) == comparable(answer)


@pytest.fixture
def call(lapse):
    """A call by an administrator who may do everything."""
    lapse.tenant("PATCH", f"apps/{NATIVE}", {"delegated": [
        "openid", "offline_access", "User.Read", "User.ReadWrite.All", "User.RevokeSessions.All", "Directory.AccessAsUser.All",
        "AuditLog.Read.All", "UserAuthenticationMethod.ReadWrite.All", "User.Invite.All", "api://lapse-lab/access_as_user"]})
    token = lapse.tenant("POST", "grants", {
        "user": "admin@contoso.example", "client_id": NATIVE,
        "scope": f"{SCOPES} AuditLog.Read.All UserAuthenticationMethod.ReadWrite.All User.Invite.All"})["access_token"]

    def call(method, path, body=None, status=200, **headers):
        answer = requests.request(
            method, f"{lapse.https}/v1.0/{path}", json=body, headers={"Authorization": f"Bearer {token}", **headers},
            verify=lapse.ca_file, timeout=10)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return call


def happen(lapse, call):
    """Something for the logs to tell."""
    refused = lapse.tenant("POST", "grants", {"user": ADELE, "client_id": NATIVE, "scope": SCOPES})["refresh_token"]
    call("POST", f"users/{ADELE}/revokeSignInSessions")
    assert lapse.refresh(NATIVE, refused).status_code == 400
    call("PATCH", f"users/{ALEX}", {"jobTitle": "Diver", "businessPhones": ["+1 555 0100"]}, status=204)
    lapse.tenant("DELETE", f"consents/{ALEX}/{NATIVE}")


READS = [
    ("me", User, "#users/$entity"),
    (f"users/{ADELE}", User, "#users/$entity"),
    (f"users/{ALEX}?$select={EVERYTHING}", User, f"#users({EVERYTHING})/$entity"),
    ("users", UserCollectionResponse, "#users"),
    (f"users?$select={EVERYTHING}&$top=2", UserCollectionResponse, f"#users({EVERYTHING})"),
    ("auditLogs/directoryAudits", DirectoryAuditCollectionResponse, "#auditLogs/directoryAudits"),
    ("auditLogs/signIns", SignInCollectionResponse, "#auditLogs/signIns"),
    ("applications", ApplicationCollectionResponse, "#applications"),
    (f"applications(appId='{API}')", Application, "#applications/$entity"),
    ("servicePrincipals", ServicePrincipalCollectionResponse, "#servicePrincipals"),
    (f"servicePrincipals(appId='{API}')", ServicePrincipal, "#servicePrincipals/$entity"),
    ("oauth2PermissionGrants", OAuth2PermissionGrantCollectionResponse, "#oauth2PermissionGrants"),
]


@pytest.mark.parametrize("path, model, context", READS)
def test_what_is_read_has_the_published_shape(lapse, call, path, model, context):
    happen(lapse, call)
    answer = call("GET", path)
    assert answer["@odata.context"] == METADATA + context
    if "value" in answer:
        assert answer["value"]
    assert_fits(model, answer)


def test_one_consent_has_the_published_shape(lapse, call):
    happen(lapse, call)
    ids = [item["id"] for item in call("GET", "oauth2PermissionGrants")["value"]]
    assert len(set(ids)) == len(ids)
    for path in (ids[0], ids[-1]):
        answer = call("GET", f"oauth2PermissionGrants/{path}")
        assert answer["@odata.context"] == f"{METADATA}#oauth2PermissionGrants/$entity"
        assert_fits(OAuth2PermissionGrant, answer)


def test_what_is_counted_has_the_published_shape(call):
    answer = call("GET", "users?$count=true&$filter=startswith(displayName,'A')", ConsistencyLevel="eventual")
    assert answer["@odata.count"] == len(answer["value"]) == 3
    assert_fits(UserCollectionResponse, answer)


def test_the_life_of_an_account_has_the_published_shapes(call):
    revoked = call("POST", f"users/{ADELE}/revokeSignInSessions")
    assert revoked["@odata.context"] == f"{METADATA}#Edm.Boolean"
    assert_fits(RevokeSignInSessionsPostResponse, revoked)

    made = call("POST", "users", {
        "accountEnabled": True, "displayName": "Wren Otter", "mailNickname": "wren",
        "userPrincipalName": f"wren@{DOMAIN}", "passwordProfile": {"password": "An0ther-secret!"}}, status=201)
    assert made["@odata.context"] == f"{METADATA}#users/$entity"
    assert_fits(User, made)

    reset = call(
        "POST", f"users/{made['id']}/authentication/methods/{PASSWORD_METHOD}/resetPassword", {}, status=202)
    assert_fits(PasswordResetResponse, reset)

    call("DELETE", f"users/{made['id']}", status=204)
    deleted = call("GET", "directory/deletedItems/microsoft.graph.user")
    assert [user["id"] for user in deleted["value"]] == [made["id"]]
    assert_fits(UserCollectionResponse, deleted)
    for method, path in (("GET", ""), ("POST", "/restore")):
        answer = call(method, f"directory/deletedItems/{made['id']}{path}")
        assert answer["@odata.context"] == f"{METADATA}#directoryObjects/$entity"
        assert_fits(User, answer)

    invitation = call("POST", "invitations", {
        "invitedUserEmailAddress": "nestor@fabrikam.example", "inviteRedirectUrl": "http://localhost/"}, status=201)
    assert invitation["@odata.context"] == f"{METADATA}#invitations/$entity"
    assert_fits(Invitation, invitation)


@pytest.mark.parametrize("method, path, status", [
    ("GET", "users/nobody", 404), ("GET", "me?$select=refreshTokensValidFromDateTime", 400), ("GET", "nothing", 400), ("GET", "users?$filter=x", 400), ("PUT", "users", 405),
    ("GET", "users?$search=%22displayName:A%22", 400)])
def test_refusals_have_the_published_shape(call, method, path, status):
    answer = call(method, path, status=status)
    assert_fits(ODataError, answer)


def test_a_batch_has_the_documented_shape(call):
    answer = call("POST", "$batch", {"requests": [
        {"id": "1", "method": "GET", "url": "/me"}, {"id": "2", "method": "GET", "url": "/users/nobody"},
        {"id": "3", "method": "POST", "url": "/me/revokeSignInSessions", "body": {},
         "headers": {"Content-Type": "application/json"}}]})
    assert list(answer) == ["responses"]
    parts = {part["id"]: part for part in answer["responses"]}
    assert {name: part["status"] for name, part in parts.items()} == {"1": 200, "2": 404, "3": 200}
    assert all(set(part) == {"id", "status", "headers", "body"} for part in parts.values())
    assert_fits(User, parts["1"]["body"])
