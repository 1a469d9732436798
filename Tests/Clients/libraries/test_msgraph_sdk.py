"""Microsoft's Graph SDK for Python, pointed at Lapse by its adapter's base URL. TLS trust comes from SSL_CERT_FILE."""

import asyncio

import pytest
from azure.identity import AuthenticationRequiredError, ClientSecretCredential, DeviceCodeCredential
from kiota_abstractions.api_error import APIError
from msgraph import GraphServiceClient

from lab import ADELE, ADELE_ID, ALEX, CONTOSO, DAEMON, DAEMON_SECRET, DOMAIN, GRAPH_DEFAULT, GRAPH_SCOPES, NATIVE, PASSWORD


def graph(lapse, credential, scopes):
    client = GraphServiceClient(credential, scopes)
    client.request_adapter.base_url = f"{lapse.https}/v1.0"
    return client


@pytest.fixture
def users_credential(lapse, browser):
    def approve(verification_uri, user_code, expires_on):
        browser.approve_device(verification_uri, user_code, ADELE)

    return DeviceCodeCredential(
        NATIVE, tenant_id=DOMAIN, authority=lapse.https, disable_instance_discovery=True, prompt_callback=approve,
        disable_automatic_authentication=True)


@pytest.fixture
def daemons_graph(lapse):
    credential = ClientSecretCredential(
        CONTOSO, DAEMON, DAEMON_SECRET, authority=lapse.https, disable_instance_discovery=True)
    return graph(lapse, credential, [GRAPH_DEFAULT])


def test_the_signed_in_user_reads_a_profile_and_revokes_the_own_sessions(lapse, users_credential):
    # Two minutes: the SDK's next call has to refresh.
    lapse.tenant("PUT", "policies", {"lifetimes": {"accessToken": "PT2M"}})
    # The SDK asks for tokens that carry its capability to answer challenges; the library caches these apart.
    users_credential.authenticate(scopes=GRAPH_SCOPES, enable_cae=True)
    client = graph(lapse, users_credential, GRAPH_SCOPES)

    async def calls():
        me = await client.me.get()
        assert (me.id, me.user_principal_name) == (ADELE_ID, ADELE)

        revoked = await client.me.revoke_sign_in_sessions.post()
        assert revoked.value is True

        with pytest.raises(AuthenticationRequiredError) as refused:
            await client.me.get()
        assert "AADSTS50173:" in refused.value.response.text()

    asyncio.run(calls())


def test_a_daemon_lists_users_and_revokes_one(daemons_graph):
    async def calls():
        users = await daemons_graph.users.get()
        assert {ADELE, ALEX} <= {user.user_principal_name for user in users.value}

        revoked = await daemons_graph.users.by_user_id(ADELE_ID).revoke_sign_in_sessions.post()
        assert revoked.value is True

    asyncio.run(calls())


def test_the_sdk_selects_the_stamp_and_sees_it_move(daemons_graph):
    from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder

    query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=["signInSessionsValidFromDateTime"])
    options = UserItemRequestBuilder.UserItemRequestBuilderGetRequestConfiguration(query_parameters=query)

    async def calls():
        user = daemons_graph.users.by_user_id(ADELE_ID)
        before = (await user.get(options)).sign_in_sessions_valid_from_date_time
        await user.revoke_sign_in_sessions.post()
        after = (await user.get(options)).sign_in_sessions_valid_from_date_time
        assert before < after

    asyncio.run(calls())


def test_the_sdk_turns_an_unknown_user_into_its_own_error(daemons_graph):
    async def calls():
        with pytest.raises(APIError) as missing:
            await daemons_graph.users.by_user_id("nobody@contoso.example").get()
        assert missing.value.response_status_code == 404
        assert missing.value.error.code == "Request_ResourceNotFound"

    asyncio.run(calls())


def test_a_daemon_makes_disables_deletes_and_restores_a_user(lapse, daemons_graph):
    from msgraph.generated.models.password_profile import PasswordProfile
    from msgraph.generated.models.user import User

    lapse.tenant("PATCH", f"apps/{DAEMON}", {"application": ["User.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"]})
    new = User(
        account_enabled=True, display_name="Wren Otter", mail_nickname="wren", user_principal_name="wren@contoso.example",
        job_title="Diver",
        password_profile=PasswordProfile(password="An0ther-secret!", force_change_password_next_sign_in=False))

    async def calls():
        made = await daemons_graph.users.post(new)
        assert (made.user_principal_name, made.job_title) == ("wren@contoso.example", "Diver")
        user = daemons_graph.users.by_user_id(made.id)
        token = lapse.tenant("POST", "grants", {
            "user": made.id, "client_id": NATIVE, "scope": "offline_access User.Read"})["refresh_token"]

        def refusal():
            answer = lapse.refresh(NATIVE, token)
            return answer.json().get("error_codes", [None])[0]

        assert refusal() is None
        await user.patch(User(account_enabled=False))
        assert refusal() == 50057
        await user.patch(User(account_enabled=True))
        await user.delete()
        assert refusal() == 500341
        deleted = daemons_graph.directory.deleted_items
        assert [each.id for each in (await deleted.graph_user.get()).value] == [made.id]
        restored = await deleted.by_directory_object_id(made.id).restore.post()
        assert (restored.id, restored.user_principal_name) == (made.id, "wren@contoso.example")
        assert refusal() is None

        # A new password is a revocation.
        await user.patch(User(password_profile=PasswordProfile(password="Third-secret-3")))
        assert refusal() == 50173

    asyncio.run(calls())


def test_a_user_changes_the_own_password(lapse, browser):
    from msgraph.generated.users.item.change_password.change_password_post_request_body import ChangePasswordPostRequestBody

    def approve(verification_uri, user_code, expires_on):
        browser.approve_device(verification_uri, user_code, ADELE)

    scopes = ["https://graph.microsoft.com/Directory.AccessAsUser.All"]
    credential = DeviceCodeCredential(
        NATIVE, tenant_id=DOMAIN, authority=lapse.https, disable_instance_discovery=True, prompt_callback=approve,
        disable_automatic_authentication=True)
    credential.authenticate(scopes=scopes, enable_cae=True)
    client = graph(lapse, credential, scopes)

    async def calls():
        await client.me.change_password.post(
            ChangePasswordPostRequestBody(current_password=PASSWORD, new_password="An0ther-secret!"))
        # The token of the SDK rests on the old password: Graph challenges it, and its refresh is refused.
        with pytest.raises(AuthenticationRequiredError) as refused:
            await client.me.get()
        assert "AADSTS50173:" in refused.value.response.text()

    asyncio.run(calls())


def test_a_daemon_finds_the_revoke_and_the_refused_refresh_in_the_logs(lapse, daemons_graph):
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.audit_logs.directory_audits.directory_audits_request_builder import DirectoryAuditsRequestBuilder
    from msgraph.generated.audit_logs.sign_ins.sign_ins_request_builder import SignInsRequestBuilder

    token = lapse.tenant("POST", "grants", {
        "user": ADELE, "client_id": NATIVE, "scope": "offline_access User.Read"})["refresh_token"]

    async def calls():
        await daemons_graph.users.by_user_id(ADELE_ID).revoke_sign_in_sessions.post()
        assert lapse.refresh(NATIVE, token).status_code == 400

        query = DirectoryAuditsRequestBuilder.DirectoryAuditsRequestBuilderGetQueryParameters(
            filter="activityDisplayName eq 'Update StsRefreshTokenValidFrom Timestamp'", top=5)
        audits = await daemons_graph.audit_logs.directory_audits.get(RequestConfiguration(query_parameters=query))
        (audit,) = audits.value
        assert (audit.category, audit.operation_type, audit.logged_by_service) == (
            "UserManagement", "Update", "Core Directory")
        assert audit.initiated_by.app.display_name == "Lapse Daemon"
        assert audit.target_resources[0].user_principal_name == ADELE
        assert audit.target_resources[0].modified_properties[0].display_name == "StsRefreshTokensValidFrom"

        query = SignInsRequestBuilder.SignInsRequestBuilderGetQueryParameters(filter="status/errorCode eq 50173")
        sign_ins = await daemons_graph.audit_logs.sign_ins.get(RequestConfiguration(query_parameters=query))
        (sign_in,) = sign_ins.value
        assert (sign_in.user_principal_name, sign_in.app_id, sign_in.is_interactive) == (ADELE, NATIVE, False)
        assert sign_in.status.error_code == 50173

    asyncio.run(calls())


def test_a_daemon_filters_orders_and_counts_users(daemons_graph):
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        filter="startswith(displayName,'A')", orderby=["displayName desc"], count=True, top=2)
    options = RequestConfiguration(query_parameters=query)
    options.headers.add("ConsistencyLevel", "eventual")

    async def calls():
        page = await daemons_graph.users.get(options)
        assert [user.display_name for user in page.value] == ["Alex Wilber", "Adele Vance"]
        assert page.odata_count == 3
        rest = await daemons_graph.users.with_url(page.odata_next_link).get(options)
        assert [user.display_name for user in rest.value] == ["Ada Admin"]

    asyncio.run(calls())


def test_a_daemon_revokes_several_users_in_one_batch(lapse, daemons_graph):
    from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
    from msgraph_core.requests.batch_request_content import BatchRequestContent
    from msgraph_core.requests.batch_request_item import BatchRequestItem

    def revoke(user):
        request = daemons_graph.users.by_user_id(user).revoke_sign_in_sessions.to_post_request_information()
        item = BatchRequestItem(request_information=request)
        # Graph refuses a whole batch for a write that has neither a body nor this.
        item.headers = {"content-type": "application/json"}
        return item

    async def calls():
        items = [revoke(ADELE), revoke(ALEX), revoke("nobody@contoso.example")]
        content = BatchRequestContent({item.id: item for item in items})
        response = await BatchRequestBuilder(daemons_graph.request_adapter).post(content)
        statuses = [response.get_response_status_codes()[item.id] for item in items]
        assert statuses == [200, 200, 404]
        assert len(lapse.tenant("GET", "revocations")["items"]) == 2

    asyncio.run(calls())
