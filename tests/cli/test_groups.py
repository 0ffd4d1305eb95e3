"""`grafana-oncall groups`: what it shows, what it changes, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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


async def test_one_group_is_shown(shell: Shell) -> None:
    """As members and values, or as JSON."""
    group = next(iter(shell.fake.groups.values()))
    assert ["title", group.title] in (await shell("groups", "show", group.id)).rows
    assert (await shell("groups", "show", group.id, "--json")).objects[0]["title"] == group.title


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


async def test_a_server_that_is_not_there_is_named(shell: Shell) -> None:
    """Without a traceback; the retries are those of a short deadline."""
    ran = await shell("groups", "show", "A", "--url", "https://oncall.invalid:1/x y")
    assert (ran.code, "Traceback" in ran.err) == (2, False)
