"""`grafana-oncall groups`: what it shows, what it changes, and its exit codes."""

from __future__ import annotations

import json
import socket
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from grafana_oncall.testing import error
from tests.cli.conftest import GROUPS, Shell

FIRING = ("--state", "firing", "--yes")


async def test_a_list_is_lines_for_other_programs(shell: Shell) -> None:
    """Cells are separated by tabs, without a heading."""
    ran = await shell("groups", "list")
    assert {row[0] for row in ran.rows} == {*shell.fake.groups}
    assert {len(row) for row in ran.rows} == {6}
    assert (ran.code, ran.err) == (0, "")


async def test_a_list_is_an_object_a_line_as_json(shell: Shell) -> None:
    """With all members of the API."""
    ran = await shell("groups", "list", "--json", "--limit", "3")
    assert [group["id"] for group in ran.objects] == [*shell.fake.groups][:3]


async def test_filters_select_groups(shell: Shell) -> None:
    """State, labels and times, together."""
    ran = await shell("groups", "list", "--state", "firing", "--label", "team:SRE", "--json")
    assert ran.objects
    assert {group["state"] for group in ran.objects} == {"firing"}
    none = await shell("groups", "list", "--since", "in 1h", "--until", "in 2h")
    assert (none.code, none.out, none.err) == (0, "", "Nothing was found.\n")


async def test_groups_are_chosen_by_names(shell: Shell) -> None:
    """Of the team and the integration; an id does as well, and saves no question."""
    team_id = shell.fake.add_team("Night shift")
    source = shell.fake.add_integration(name="Nightly", team_id=team_id)
    shell.fake.add_group(integration=source, id="INIGHT", labels={"team": "SRE"})
    for option, keys in (("--team", ("Night shift", team_id)), ("--integration", ("Nightly",))):
        for key in keys:
            ran = await shell("groups", "list", option, key)
            assert [row[0] for row in ran.rows] == ["INIGHT"]
    none = await shell("groups", "list", "--team", "null", "--limit", "1")
    assert none.rows[0][0] != "INIGHT"


@pytest.mark.parametrize("option", ["--team", "--integration"])
async def test_an_unknown_name_selects_nothing_and_has_similar_ones(
    shell: Shell, option: str
) -> None:
    """Also one that looks like an id."""
    shell.fake.add_team("Night shift")
    shell.fake.add_integration(name="Night shift")
    ran = await shell("groups", "resolve", option, "night shifts", "--yes")
    assert (ran.code, "similar: 'Night shift'" in ran.err) == (1, True)
    wrong = await shell("groups", "resolve", option, "TABCDEFGHIJKL", "--yes")
    assert (wrong.code, "TABCDEFGHIJKL" in wrong.err) == (1, True)
    assert shell.states() != {"resolved"}


async def test_a_name_may_look_like_an_id(shell: Shell) -> None:
    """It is looked for as both."""
    team_id = shell.fake.add_team("OBSERVABILITY")
    source = shell.fake.add_integration(name="x", team_id=team_id)
    shell.fake.add_group(integration=source, id="IOBS")
    ran = await shell("groups", "list", "--team", "OBSERVABILITY")
    assert [row[0] for row in ran.rows] == ["IOBS"]


async def test_groups_are_shown_with_names(shell: Shell) -> None:
    """As members and values with names beside ids, or as JSON with both."""
    ana = shell.fake.add_user("ana")
    source = shell.fake.add_integration(name="Prometheus")
    shell.fake.add_group(integration=source, id="ISEEN", title="Disk full", labels={"a": "b"})
    shell.fake.groups["ISEEN"].acknowledged_by = ana.id
    ran = await shell("groups", "show", "ISEEN")
    assert ["title", "Disk full"] in ran.rows
    assert ["integration_id", f"Prometheus ({source.id})"] in ran.rows
    assert ["acknowledged_by", f"ana ({ana.id})"] in ran.rows
    assert ["labels", "a:b"] in ran.rows
    [shown] = (await shell("groups", "show", "ISEEN", "--json")).objects
    assert (shown["title"], shown["integration_id"]) == ("Disk full", source.id)
    assert shown["names"] == {
        "integration": "Prometheus",
        "team": None,
        "acknowledged_by": "ana",
        "resolved_by": None,
    }


async def test_a_group_is_shown_without_names_that_may_not_be_read(shell: Shell) -> None:
    """The error says which permission is missing."""
    group_id = next(iter(shell.fake.groups))
    shell.fake.faults.add(error(403, {"detail": "No permission."}), operation="list_integrations")
    ran = await shell("groups", "show", group_id, "--json")
    assert (ran.code, ran.objects[0]["id"], ran.objects[0]["names"]) == (0, group_id, {})
    assert ran.err.startswith("Names are missing: list_integrations: 403")


@pytest.mark.parametrize("command", ["list", "show"])
async def test_groups_are_looked_at_by_ids_stdin_and_filters(shell: Shell, command: str) -> None:
    """As they are acted on."""
    ids = [*shell.fake.groups][:2]
    given = await shell("groups", command, *ids, "--json")
    piped = await shell("groups", command, "-", "--json", stdin="\n".join(ids))
    assert [group["id"] for group in given.objects] == ids
    assert piped.out == given.out
    assert "\n\n" in (await shell("groups", "show", *ids)).out
    firing = await shell("groups", command, "--state", "firing", "--json")
    assert {group["state"] for group in firing.objects} == {"firing"}
    assert (await shell("groups", command, ids[0], "NOSUCHGROUP1")).code == 1
    assert (await shell("groups", "show")).code == 2


async def test_what_was_listed_can_be_read_again(shell: Shell) -> None:
    """The first column is the id; other words of a line are none."""
    listed = (await shell("groups", "list", "--state", "firing")).out
    ran = await shell("groups", "resolve", "-", "--json", stdin=f"\n{listed}\n")
    assert (ran.code, "firing" in shell.states()) == (0, False)
    assert len(ran.objects[0]["outcomes"]) == len(listed.splitlines())


async def test_no_ids_on_stdin_are_nothing_to_do(shell: Shell) -> None:
    """A pipe whose first command found nothing is not everything."""
    ran = await shell("groups", "resolve", "-")
    assert (ran.code, "0 alert groups" in ran.out) == (0, True)
    assert shell.states() != {"resolved"}


async def test_many_ids_may_be_on_stdin(shell: Shell) -> None:
    """Each is acted on once."""
    group_id = next(iter(shell.fake.groups))
    ran = await shell("groups", "ack", "-", "--dry-run", stdin=f"{group_id}\n" * 100_000)
    assert (ran.code, "1 alert group:" in ran.out) == (0, True)


async def test_what_is_no_text_on_stdin_is_refused(shell: Shell) -> None:
    """Without a traceback."""
    ran = await shell("groups", "ack", "-", stdin=TextIOWrapper(BytesIO(b"\xff\n"), "utf-8"))
    assert (ran.code, ran.err) == (2, "stdin: ids are needed, one a line.\n")


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (("ack",), "acknowledged"),
        (("resolve",), "resolved"),
        (("silence", "--for", "2h"), "silenced"),
        (("silence", "--for", "forever"), "silenced"),
    ],
)
async def test_an_action_changes_what_matches(
    shell: Shell, command: tuple[str, ...], state: str
) -> None:
    """And reports how many."""
    ran = await shell("groups", *command, *FIRING)
    assert ran.code == 0, ran.err
    assert state in shell.states()
    assert "firing" not in shell.states()


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (("ack",), "unack"),
        (("resolve",), "unresolve"),
        (("silence", "--for", "1h"), "unsilence"),
    ],
)
async def test_an_action_is_taken_back(shell: Shell, there: tuple[str, ...], back: str) -> None:
    """Ids come from another command, on stdin."""
    ids = (await shell("groups", "list", "--state", "firing")).rows
    stdin = "\n".join(row[0] for row in ids)
    assert (await shell("groups", *there, "-", stdin=stdin)).code == 0
    assert "firing" not in shell.states()
    assert (await shell("groups", back, "-", stdin=stdin)).code == 0
    assert "firing" in shell.states()


async def test_labels_are_attached_and_removed(shell: Shell) -> None:
    """One kind of change at a time."""
    shell.fake.add_label("reviewed", "yes")
    group = next(iter(shell.fake.groups.values()))
    assert (await shell("groups", "label", group.id, "--add", "reviewed:yes")).code == 0
    assert ("reviewed", "yes") in group.labels
    assert (await shell("groups", "label", group.id, "--remove", "reviewed:yes")).code == 0
    assert ("reviewed", "yes") not in group.labels
    assert (await shell("groups", "label", group.id)).code == 2


async def test_groups_are_deleted(shell: Shell) -> None:
    """By id and mode."""
    group_id = next(iter(shell.fake.groups))
    ran = await shell("groups", "delete", group_id, "--mode", "delete")
    assert (ran.code, shell.fake.groups[group_id].delete_requested_at is None) == (0, False)


async def test_a_dry_run_sends_nothing(shell: Shell) -> None:
    """It needs no confirmation, and says what it would do."""
    before = [group.state for group in shell.fake.groups.values()]
    ran = await shell("groups", "resolve", "--state", "firing", "--dry-run")
    assert "would change" in ran.out
    assert [group.state for group in shell.fake.groups.values()] == before


async def test_a_query_is_not_acted_on_unasked(shell: Shell) -> None:
    """A program has nobody to ask; ids were chosen by somebody."""
    ran = await shell("groups", "resolve", "--state", "firing")
    assert (ran.code, "firing" in shell.states()) == (2, True)
    assert "--yes" in ran.err


async def test_everything_is_only_selected_by_that_word(shell: Shell) -> None:
    """No filter at all is most often a forgotten one."""
    assert (await shell("groups", "resolve", "--yes")).code == 2
    assert shell.states() != {"resolved"}
    assert (await shell("groups", "resolve", "--everything", "--yes")).code == 0
    assert shell.states() == {"resolved"}


async def test_too_many_groups_are_not_acted_on(shell: Shell) -> None:
    """The limit is checked before anything is written."""
    ran = await shell("groups", "resolve", *FIRING, "--max-items", "1")
    assert (ran.code, "firing" in shell.states()) == (1, True)


async def test_what_was_not_done_has_its_exit_code(shell: Shell) -> None:
    """The report says which group, and why."""
    ran = await shell("groups", "ack", "NOSUCHGROUP1")
    assert ran.code == 3
    assert "NOSUCHGROUP1" in ran.out


async def test_a_report_is_json_for_programs(shell: Shell) -> None:
    """With an outcome for each group."""
    ran = await shell("groups", "resolve", *FIRING, "--json")
    report = json.loads(ran.out)
    assert report["ok"]
    assert len(report["outcomes"]) == sum(report["counts"].values())


async def test_a_journal_is_of_one_server(shell: Shell, tmp_path: Path) -> None:
    """Ids of another one mean other groups."""
    file = tmp_path / "run.jsonl"
    journal = str(file)
    assert (await shell("groups", "resolve", *FIRING, "--journal", journal)).code == 0
    shell.monkeypatch.setenv("GRAFANA_ONCALL_URL", "https://other.example")
    ran = await shell("resume", journal)
    assert (ran.code, shell.url in ran.err) == (1, True)
    assert shell.fake.token not in file.read_text("utf-8")


async def test_a_run_is_finished_from_its_journal(shell: Shell, tmp_path: Path) -> None:
    """`resume` needs nothing but the file."""
    journal = str(tmp_path / "run.jsonl")
    assert (await shell("groups", "resolve", *FIRING, "--journal", journal)).code == 0
    ran = await shell("resume", journal)
    assert (ran.code, "firing" in shell.states()) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("groups", "ack", "A", "--state", "firing"), "Give ids or filters, not both."),
        (("groups", "ack"), "--everything acts on all"),
        (("groups", "ack", "--everything", "--yes", "--max-items", "0"), "--max-items=0: a whole"),
        (("groups", "ack", "A", "--at-once", "0"), "--at-once=0: a whole"),
        (("groups", "ack", "not/an/id"), "not/an/id"),
        (("groups", "list", "--limit", "0"), "--limit"),
        (("groups", "list", "--until", "yesterday"), "is a whole day"),
        (("groups", "list", "--url", "http://oncall.example"), "--allow-http where"),
        (("page", "--yes"), "Name users, or a team by --team"),
        (("page", "ana", "--team", "SRE", "--yes"), "one of the two"),
        (("page", "ana"), "pass --yes to page people"),
        (("watch", "--limit", "0"), "--limit"),
        (("groups", "silence", "A", "--for", "3"), "is no duration"),
        (("groups", "list", "--since", "soon"), "is no time"),
        (("groups", "list", "--label", "team"), "key:value"),
        (("groups", "list", "--stat", "firing"), "Unknown option"),
        (("groups", "list", "--state", "burning"), "burning"),
        (("groups", "sing"), "sing"),
        (("watch", "--every", "0s"), "duration"),
        (("resume", "/no/such/journal"), "journal"),
    ],
)
async def test_wrong_usage_is_explained(
    shell: Shell, arguments: tuple[str, ...], words: str
) -> None:
    """No traceback, and nothing is sent."""
    shell.fake.calls.clear()
    ran = await shell(*arguments)
    assert ran.code in {1, 2}
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert not shell.fake.calls


async def test_a_missing_setting_is_named(shell: Shell) -> None:
    """With what to set it to."""
    shell.monkeypatch.delenv("GRAFANA_ONCALL_ACCESS_TOKEN")
    ran = await shell("groups", "list")
    assert ran.code == 2
    assert "GRAFANA_ONCALL_ACCESS_TOKEN" in ran.err


async def test_a_token_may_be_in_a_file(shell: Shell, tmp_path: Path) -> None:
    """It is never an argument, and never printed."""
    shell.monkeypatch.delenv("GRAFANA_ONCALL_ACCESS_TOKEN")
    file = tmp_path / "token"
    file.write_text(f"{shell.fake.token}\n")
    assert len((await shell("groups", "list", "--token-file", str(file))).rows) == GROUPS
    wrong = await shell("groups", "list", "--token-file", str(tmp_path / "none"))
    assert (wrong.code, "--token-file" in wrong.err) == (2, True)
    file.write_text("s3cret-t0ken")
    refused = await shell("groups", "list", "--token-file", str(file))
    assert refused.code == 1
    assert "s3cret-t0ken" not in refused.err + refused.out


async def test_a_user_token_may_be_in_a_file(shell: Shell, tmp_path: Path) -> None:
    """For what a service account may not do."""
    file = tmp_path / "token"
    file.write_text(shell.fake.token)
    shell.fake.add_token("glsa_robot", user="robot")
    shell.monkeypatch.setenv("GRAFANA_ONCALL_ACCESS_TOKEN", "glsa_robot")
    shell.monkeypatch.setenv("GRAFANA_URL", "https://stack.grafana.example")
    group_id = next(iter(shell.fake.groups))
    assert (await shell("groups", "resolve", group_id)).code != 0
    done = await shell("groups", "resolve", group_id, "--user-token-file", str(file))
    assert (done.code, shell.fake.groups[group_id].state) == (0, "resolved")


async def test_a_token_file_of_other_bytes_is_not_shown(shell: Shell, tmp_path: Path) -> None:
    """The error of the codec would show them."""
    file = tmp_path / "token"
    file.write_bytes(b"s3cret\xff")
    ran = await shell("groups", "list", "--token-file", str(file))
    assert (ran.code, ran.err) == (2, f"--token-file: {file}: it is no UTF-8 text\n")


async def test_a_server_that_is_not_there_is_named(shell: Shell) -> None:
    """Without a traceback, and without the words of the library."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ran = await shell("groups", "show", "A", "--url", f"http://127.0.0.1:{port}")
    assert ran.code == 1
    assert f"127.0.0.1:{port}" in ran.err
    assert not [word for word in ("Traceback", "with_options", "RetryPolicy") if word in ran.err]
