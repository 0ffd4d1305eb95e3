"""What real servers do, fact by fact: the code of the fake that does it, and the test for it."""

from __future__ import annotations

import importlib

import pytest

HERE = "test_server_facts"
FACTS: dict[str, tuple[str, str]] = {
    # The wire
    "routes respond with and without the slash": (
        "_server.dispatch:find_route",
        f"{HERE}:test_every_route_responds_with_and_without_the_slash_for_every_method",
    ),
    "few headers": (
        "_serving.uvicorn_server:QuietServer",
        "test_serving:test_the_response_has_few_headers",
    ),
    "unknown object: JSON 404": (
        "_server.responses:not_found",
        "test_wire:test_ids_are_case_sensitive",
    ),
    "unknown route: HTML 404 of 179 bytes": (
        "_server.responses:no_such_route",
        "test_wire:test_an_unknown_route_is_the_html_page_even_without_a_token",
    ),
    "no labels routes on open source": (
        "_server.dispatch:find_route",
        "test_labels:test_the_open_source_engine_has_no_such_route",
    ),
    "wrong method: 500": (
        "_server.dispatch:respond",
        f"{HERE}:test_a_wrong_method_is_a_500_and_no_405",
    ),
    "bad input: 500": (
        "_server.responses:crashed",
        f"{HERE}:test_some_bad_input_is_a_500_and_changes_nothing",
    ),
    "chunked bodies are read as empty": (
        "_server.context:Context",
        "test_wire:test_a_chunked_body_is_read_as_empty",
    ),
    "415 and 400": (
        "_server.context:Context",
        f"{HERE}:test_a_body_that_is_not_called_json_is_a_415",
    ),
    "70 kB of URL: reset": ("faults:Faults", f"{HERE}:test_a_url_of_70_kb_is_a_reset"),
    "... on a socket too": (
        "_serving.uvicorn_server:BreakableConnection",
        "test_serving:test_a_url_of_70_kb_is_a_reset_on_a_socket",
    ),
    "seven shapes of errors": ("faults:error", f"{HERE}:test_errors_come_in_several_shapes"),
    "a fraction that is zero vanishes": (
        "clock:stamp",
        "test_groups:test_a_fraction_of_a_second_is_shown_only_when_there_is_one",
    ),
    # Tokens and roles
    "no scheme word, 403 Invalid token.": (
        "_server.auth:authenticate",
        "test_wire:test_a_token_is_alone_in_its_header",
    ),
    "service accounts name a stack": (
        "_server.auth:authenticate",
        "test_wire:test_service_accounts_name_their_stack",
    ),
    "... and may not act": (
        "_resources.actions:act",
        "test_actions:test_service_accounts_cannot_act",
    ),
    "an unknown stack is synced": (
        "_server.auth:authenticate",
        f"{HERE}:test_a_stack_that_is_not_known_yet_is_synced",
    ),
    "roles": ("_server.auth:authorize", f"{HERE}:test_each_operation_needs_its_role"),
    "two tokens are one user": (
        "_server.populate:Populate",
        "test_wire:test_the_user_of_a_token_acts",
    ),
    # The rate limit
    "per user, sliding": (
        "_server.rate_limit:Throttle",
        "test_wire:test_the_limit_is_per_user_and_slides",
    ),
    "one bucket for all endpoints": (
        "_server.rate_limit:Throttle",
        f"{HERE}:test_all_tokens_of_a_user_and_all_endpoints_share_one_limit",
    ),
    # Lists
    "the envelope": (
        "_server.context:page_response",
        "test_groups:test_an_empty_list_is_one_empty_page",
    ),
    "no page is an error": (
        "_server.context:page_response",
        "test_groups:test_no_page_number_is_an_error",
    ),
    "perpage, and page_size lies": (
        "_server.context:page_response",
        "test_groups:test_perpage_sets_the_length_of_a_page",
    ),
    "... of integrations too": (
        "_server.context:page_response",
        f"{HERE}:test_integrations_come_in_pages_too",
    ),
    "links have the server's own base URL": (
        "_server.context:page_response",
        "test_groups:test_links_lead_to_the_servers_own_address_with_sorted_encoded_parameters",
    ),
    "newest first": ("_server.index:GroupIndex", "test_groups:test_the_newest_group_comes_first"),
    "acting while listing skips": (
        "_server.index:GroupIndex",
        "test_groups:test_pages_move_while_groups_change",
    ),
    "a new group while paging repeats": (
        "_server.index:GroupIndex",
        f"{HERE}:test_a_new_group_while_paging_repeats_one",
    ),
    # Alert groups
    "sixteen keys": (
        "_resources.alert_groups:show_group",
        "test_groups:test_a_group_has_every_key_of_the_real_response",
    ),
    "firing is called new in the filter": (
        "_resources.filters:select_groups",
        "test_groups:test_firing_is_no_state_to_filter_by",
    ),
    "... in any case": (
        "_resources.filters:select_groups",
        "test_groups:test_groups_are_filtered_by_state",
    ),
    "empty and unknown parameters are ignored": (
        "_resources.filters:select_groups",
        "test_groups:test_filters_by_identity",
    ),
    "started_at": ("_resources.filters:select_groups", "test_groups:test_other_ranges_are_refused"),
    "30 days on Cloud": (
        "_resources.filters:select_groups",
        "test_groups:test_cloud_looks_back_thirty_days_by_default",
    ),
    "malformed labels filter nothing": (
        "_resources.filters:select_groups",
        "test_groups:test_a_filter_by_labels_requires_all_of_them",
    ),
    "repeated means the last": (
        "_server.context:Context",
        f"{HERE}:test_of_several_values_the_last_counts",
    ),
    "team_id=null": (
        "_resources.filters:select_groups",
        "test_groups:test_groups_are_filtered_by_team",
    ),
    "groups that are listed as well": (
        "_resources.filters:select_groups",
        f"{HERE}:test_children_incidents_and_groups_of_deleted_integrations_are_listed",
    ),
    "the table of refusals": (
        "_resources.actions:act",
        "test_actions:test_each_action_is_refused_in_the_states_of_the_table",
    ),
    "delays": (
        "_resources.actions:act",
        "test_actions:test_the_delay_is_checked_as_the_server_checks_it",
    ),
    "silencing restarts": (
        "_resources.actions:act",
        "test_actions:test_silencing_again_restarts_the_timer",
    ),
    "silences end": ("_server.world:World", "test_actions:test_a_silence_ends_by_itself"),
    "0 and -1 do not": ("_resources.actions:act", "test_actions:test_these_silences_never_end"),
    "fields of each state": (
        "_resources.actions:act",
        f"{HERE}:test_each_action_sets_and_clears_its_fields",
    ),
    "children follow": (
        "_server.index:GroupIndex",
        "test_actions:test_attached_groups_follow_their_root",
    ),
    "the end of a maintenance": (
        "_resources.actions:act",
        "test_actions:test_resolving_a_maintenance_incident_ends_it_without_a_resolver",
    ),
    "other modes are a bare text": (
        "_resources.alert_groups:delete_group",
        "test_groups:test_other_modes_are_refused_with_a_bare_string",
    ),
    "wipe": ("_resources.alert_groups:delete_group", "test_groups:test_these_deletes_wipe"),
    "... and nothing brings a wiped group back": (
        "_resources.actions:act",
        "test_actions:test_unresolving_a_wiped_group_succeeds_and_changes_nothing",
    ),
    "... which keeps the time of its silence": (
        "_server.world:World",
        "test_actions:test_wiping_a_silenced_group_keeps_the_time_of_its_silence",
    ),
    "delete": ("_resources.alert_groups:delete_group", "test_groups:test_a_deletion_happens_later"),
    "... never while the workers are down": (
        "_server.world:World",
        "test_groups:test_nothing_is_deleted_while_the_workers_are_down",
    ),
    "a label must exist": (
        "_resources.alert_groups:add_label",
        "test_labels:test_a_label_must_be_known_and_new",
    ),
    # Integrations
    "keys beyond the documentation": (
        "_resources.integrations:show_integration",
        "test_integrations:test_a_created_integration_has_every_key_of_the_real_response",
    ),
    "creation is not idempotent": (
        "_resources.integrations:INTEGRATIONS",
        "test_integrations:test_creation_is_not_idempotent_and_each_gets_its_own_name",
    ),
    "the name filter is exact": (
        "_resources.integrations:INTEGRATIONS",
        "test_integrations:test_the_list_is_filtered_by_name_and_team",
    ),
    "deletion keeps the groups": (
        "_resources.integrations:INTEGRATIONS",
        "test_integrations:test_deleting_an_integration_keeps_its_groups",
    ),
    "the default route merges": (
        "_resources.integration_settings:merge_default_route",
        "test_integrations:test_the_default_route_merges_too",
    ),
    "creation": (
        "_resources.integrations:INTEGRATIONS",
        "test_integrations:test_a_bad_creation_is_refused_and_leaves_nothing",
    ),
    "a name is unique per team": (
        "_resources.integrations:INTEGRATIONS",
        "test_integrations:test_the_same_name_is_free_in_another_team",
    ),
    "open source ignores labels": (
        "_resources.integration_fields:checks",
        "test_integrations:test_the_open_source_engine_ignores_labels_and_has_no_msteams",
    ),
    "PUT merges": (
        "_resources.integrations:INTEGRATIONS",
        "test_integrations:test_a_put_merges",
    ),
    "PATCH is the same": (
        "_resources.integrations:INTEGRATIONS",
        "test_integrations:test_patch_does_the_same",
    ),
    "null where it is allowed": (
        "_resources.integrations:INTEGRATIONS",
        f"{HERE}:test_null_is_allowed_for_team_and_description",
    ),
    "null where it is not": (
        "_resources.integrations:INTEGRATIONS",
        "test_integrations:test_a_bad_update_is_refused_and_changes_nothing",
    ),
    "direct paging": (
        "_resources.integrations:INTEGRATIONS",
        "test_integrations:test_direct_paging_cannot_be_deleted",
    ),
}
"""By fact: where the fake implements it, and which test covers it."""


@pytest.mark.parametrize(("code", "test"), FACTS.values(), ids=FACTS)
def test_the_table_of_facts_points_at_what_exists(code: str, test: str) -> None:
    """Code of the fake, and a test in this folder."""
    for package, place in (("grafana_oncall.testing", code), ("tests.unit.testing", test)):
        module, _, name = place.partition(":")
        assert hasattr(importlib.import_module(f"{package}.{module}"), name)
