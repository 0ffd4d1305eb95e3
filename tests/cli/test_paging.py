"""`grafana-oncall page`: whom it wakes up, and what it says."""

from __future__ import annotations

import json

import pytest

from grafana_oncall.testing import reset
from tests.cli.conftest import Shell


@pytest.mark.parametrize("key", ["zoe", "zoe@example.com", "UZ7E7HG2LQZ3WB"])
async def test_a_user_is_paged_by_any_name(shell: Shell, key: str) -> None:
    """Username, e-mail address or id."""
    shell.fake.add_user("zoe", id="UZ7E7HG2LQZ3WB")
    ran = await shell("page", key, "--title", "Checkout is down", "--yes", "--json")
    assert ran.code == 0, ran.err
    [group] = ran.objects
    assert group["title"] == "Checkout is down"
    assert shell.fake.groups[group["id"]].title == "Checkout is down"


async def test_somebody_who_is_named_twice_is_paged_once(shell: Shell) -> None:
    """A request has everyone, with a message and a link."""
    shell.fake.add_user("ana")
    shell.fake.add_user("bo")
    people = ("ana", "bo", "ana@example.com")
    said = ("--message", "All regions", "--source-url", "https://status.example", "--important")
    ran = await shell("page", *people, *said, "--yes")
    assert ran.code == 0, ran.err
    body = json.loads(shell.fake.calls[-1].request.body)
    names = {user.id: user.username for user in shell.fake.users.values()}
    assert [names[user["id"]] for user in body["users"]] == ["ana", "bo"]
    assert {user["important"] for user in body["users"]} == {True}
    assert (body["message"], body["source_url"]) == ("All regions", "https://status.example")
    assert ran.rows[0][0] == "id"


async def test_a_team_is_paged_by_its_name(shell: Shell) -> None:
    """Or people are called to a group that there is."""
    shell.fake.add_team("Night shift")
    ran = await shell("page", "--team", "Night shift", "--yes", "--json")
    assert "Night shift team" in ran.objects[0]["title"]
    shell.fake.add_user("ana")
    shell.fake.add_group(id="IHELP")
    assert (await shell("page", "ana", "--group", "IHELP", "--yes", "--json")).objects[0][
        "id"
    ] == "IHELP"


async def test_nobody_is_paged_by_mistake(shell: Shell) -> None:
    """A name that is not there stops all of it; similar ones are named."""
    shell.fake.add_user("ana")
    before = len(shell.fake.groups)
    ran = await shell("page", "ana", "anna", "--yes")
    assert (ran.code, "similar: 'ana'" in ran.err) == (1, True)
    assert (await shell("page", "ana", "--group", "I", "--title", "x", "--yes")).code == 2
    assert len(shell.fake.groups) == before


async def test_a_page_that_may_have_happened_has_its_exit_code(shell: Shell) -> None:
    """It is never repeated."""
    shell.fake.add_user("ana")
    shell.fake.faults.add(reset(applied=True), operation="page_people")
    ran = await shell("page", "ana", "--yes")
    assert ran.code == 4
    assert [call.operation for call in shell.fake.calls].count("page_people") == 1
