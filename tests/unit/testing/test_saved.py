"""The state as JSON: what was saved continues as if nothing had happened."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_oncall.testing import FakeOnCall, RateLimit, VirtualClock, seed_storm
from tests.support.budget import budget
from tests.support.fake_requests import ask
from tests.unit.testing.test_index import Shuffle


def reloaded(fake: FakeOnCall, clock: VirtualClock) -> FakeOnCall:
    """The same server, as in another process."""
    return FakeOnCall.from_json(fake.to_json(), clock=clock)


@settings(max_examples=budget(10, hunt=500), deadline=None)
@given(st.integers(0, 2**32))
def test_a_round_trip_is_exact_whatever_happened_before(seed: int) -> None:
    """The text is the same, and so is what both return and find next."""
    shuffle = Shuffle(seed)
    for _ in range(25):
        shuffle.change()
    saved = shuffle.fake.to_json()
    loaded = FakeOnCall.from_json(saved, clock=shuffle.clock)
    assert loaded.to_json() == saved
    for fake in (shuffle.fake, loaded):
        fake.add_group(title="the next one", integration=fake.add_integration())
    shuffle.clock.advance(timedelta(seconds=3))
    assert loaded.to_json() == shuffle.fake.to_json()
    bodies = [ask(fake, "GET", "alert_groups/").body for fake in (shuffle.fake, loaded)]
    assert bodies[0] == bodies[1]


def test_every_option_and_every_token_is_kept(clock: VirtualClock) -> None:
    """A service account stays one, and two tokens of a user stay one user's."""
    fake = FakeOnCall(
        seed=7,
        clock=clock,
        flavour="oss",
        token="mine",
        base_url="https://oncall.example/x",
        grafana_url="https://stack.example",
        rate_limit=RateLimit(requests=30, window=timedelta(minutes=5)),
        delete_delay=None,
        wipe_delay=timedelta(seconds=0.25),
        page_size=25,
        latency=timedelta(milliseconds=20),
    )
    fake.add_token("second", user="admin", role="viewer")
    fake.add_token("glsa_robot", user="robot")
    loaded = reloaded(fake, clock)
    assert (loaded.token, loaded.flavour, loaded.seed) == ("mine", "oss", 7)
    assert (loaded.rate_limit, loaded.latency) == (fake.rate_limit, fake.latency)
    assert (loaded.delete_delay, loaded.wipe_delay) == (None, fake.wipe_delay)
    assert loaded.user is loaded.users[fake.user.id]
    assert loaded.to_json() == fake.to_json()
    statuses = {
        token: ask(loaded, "POST", "integrations/", {"type": "webhook"}, token=token).status
        for token in ("mine", "second", "glsa_robot", "none")
    }
    assert statuses == {"mine": 201, "second": 403, "glsa_robot": 201, "none": 403}


def test_what_is_pending_happens_after_loading(clock: VirtualClock) -> None:
    """A silence runs out, a deletion is done, a used-up rate limit recovers."""
    fake = FakeOnCall(clock=clock, rate_limit=RateLimit(requests=2, window=timedelta(seconds=9)))
    silenced, deleted = fake.add_group(), fake.add_group()
    ask(fake, "POST", f"alert_groups/{silenced.id}/silence/", {"delay": 5})
    ask(fake, "DELETE", f"alert_groups/{deleted.id}/", {"mode": "delete"})
    loaded = reloaded(fake, clock)
    assert ask(loaded, "GET", "alert_groups/").status == 429
    clock.advance(timedelta(seconds=5))
    assert [(each.id, each.state) for each in loaded.groups.values()] == [(silenced.id, "firing")]
    clock.advance(timedelta(seconds=4))
    assert ask(loaded, "GET", "alert_groups/").status == 200


def test_what_is_gone_is_kept_where_something_refers_to_it(clock: VirtualClock) -> None:
    """The integrations of some groups, and the root of a child."""
    fake = FakeOnCall(clock=clock)
    source = fake.add_integration(name="ci")
    group, incident = fake.add_group(integration=source), fake.add_group(maintenance=True)
    root = fake.add_group(root=fake.add_group())
    child = fake.add_group(root=root)
    for gone in (root.root, root):
        assert gone is not None
        del fake.groups[gone.id]
    ask(fake, "DELETE", f"integrations/{source.id}/")
    loaded = reloaded(fake, clock)
    assert list(loaded.groups) == [group.id, incident.id, child.id]
    assert source.id not in loaded.integrations
    assert loaded.groups[group.id].integration.name == "ci"
    assert ask(loaded, "POST", f"alert_groups/{child.id}/acknowledge/").status == 400
    kept = loaded.groups[child.id].root
    assert kept is not None
    assert kept.root is not None
    assert loaded.to_json() == fake.to_json()


def test_calls_and_faults_are_no_part_of_it(fake: FakeOnCall, clock: VirtualClock) -> None:
    """They belong to the test, not to the server."""
    ask(fake, "GET", "alert_groups/")
    assert reloaded(fake, clock).calls == []


def test_a_loaded_fake_may_record_no_calls(fake: FakeOnCall) -> None:
    """As a new one may."""
    loaded = FakeOnCall.from_json(fake.to_json(), keep_calls=False)
    assert ask(loaded, "GET", "alert_groups/").status == 200
    with pytest.raises(RuntimeError, match=r"^keep_calls=False: .* does not record calls"):
        loaded.calls("list_alert_groups")


def test_two_things_of_one_id_cannot_be_saved(fake: FakeOnCall) -> None:
    """It would be unclear to which of them a group belongs."""
    fake.add_group(integration=fake.add_integration(id="C1"))
    del fake.integrations["C1"]
    fake.add_integration(id="C1")
    with pytest.raises(ValueError, match="integrations: two have the id 'C1'"):
        fake.to_json()


def put(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    """Write a value into the document."""

    def change(document: Any) -> None:
        for name in path[:-1]:
            document = document[name]
        document[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param(put("version", value=2), "version: should be 1, and is 2", id="version"),
        pytest.param(put("more", value=1), "the member 'more' is unknown", id="an unknown member"),
        pytest.param(
            lambda document: document["options"].pop("seed"),
            "options: the member 'seed' is missing",
            id="a missing member",
        ),
        pytest.param(
            put("options", "page_size", value=True),
            "options.page_size: should be a value of type int, and is True",
            id="a bool as a number",
        ),
        pytest.param(
            put("options", "page_size", value=0),
            "page_size=0: a whole number, 1 or more, is needed",
            id="an empty page",
        ),
        pytest.param(
            put("options", "flavour", value="beta"),
            "options.flavour: should be one of ('cloud', 'oss'), and is 'beta'",
            id="flavour",
        ),
        pytest.param(
            put("options", "latency", value="1"),
            "options.latency: should be a number of seconds, and is '1'",
            id="a duration as text",
        ),
        pytest.param(
            put("options", "latency", value=1e300),
            "options.latency: is not a duration: 1e+300",
            id="an endless duration",
        ),
        pytest.param(
            put("groups", 0, "started_at", value="2026-03-02T09:30:00"),
            "groups[0].started_at: should be a time with its offset, and is '2026-03-02T09:30:00'",
            id="a time without offset",
        ),
        pytest.param(
            put("groups", 0, "silenced_at", value="soon"),
            "groups[0].silenced_at: should be a time with its offset, and is 'soon'",
            id="no time",
        ),
        pytest.param(
            put("groups", 0, "labels", 1, value=["a"]),
            "groups[0].labels[1]: should be an array of 2, and is ['a']",
            id="half a label",
        ),
        pytest.param(
            put("groups", 0, "permalinks", "web", value=5),
            "groups[0].permalinks.web: should be a value of type str, and is 5",
            id="a link that is none",
        ),
        pytest.param(
            put("groups", 0, "integration", value="C404"),
            "groups[0].integration: there is no 'C404'",
            id="unknown integration",
        ),
        pytest.param(
            put("groups", 0, "root", value=["I1"]),
            "groups[0].root: there is no ['I1']",
            id="a list as root",
        ),
        pytest.param(
            put("groups", 0, value=None), "groups[0]: should be an object, and is None", id="group"
        ),
        pytest.param(put("groups", value={}), "groups: should be an array, and is {}", id="groups"),
        pytest.param(
            put("teams", value="x" * 99),
            f"teams: should be an array, and is '{'x' * 58}…",
            id="something long",
        ),
        pytest.param(
            lambda document: document["groups"].append(document["groups"][0]),
            "groups: two have the id 'I1'",
            id="twice the same id",
        ),
        pytest.param(
            put("tokens", "fake-oncall-token", "user", value="U404"),
            "tokens.fake-oncall-token.user: there is no 'U404'",
            id="unknown user",
        ),
    ],
)
def test_a_wrong_document_is_refused_with_the_place(
    fake: FakeOnCall, change: Callable[[dict[str, Any]], None], complaint: str
) -> None:
    """A one-line ValueError, whatever is wrong."""
    fake.add_team("SRE", id="T1")
    fake.add_group(id="I1", labels={"team": "SRE", "env": "prod"})
    document = json.loads(fake.to_json())
    change(document)
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}$"):
        FakeOnCall.from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"groups": []}'])
def test_other_texts_are_refused_too(text: str) -> None:
    """Text that is not JSON, and JSON of another kind."""
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        FakeOnCall.from_json(text)


def test_a_storm_survives(clock: VirtualClock) -> None:
    """With payloads, and letters beyond ASCII, half of a surrogate pair included."""
    fake = FakeOnCall(clock=clock)
    seed_storm(fake, 60)[0].payload = {
        "message": "Überlauf 🔥 \ud800",
        "deep": [{"x": [1.5, None]}],
    }
    loaded = reloaded(fake, clock)
    assert loaded.to_json() == fake.to_json()
    assert fake.to_json().isascii()
    assert list(loaded.groups) == list(fake.groups)


def test_whatever_depth_of_a_payload_is_taken_in_can_be_saved(clock: VirtualClock) -> None:
    """The deepest that does not kill the server, with an outgoing webhook that tells of it."""
    fake = FakeOnCall(clock=clock)
    fake.add_webhook("bot")
    deep: Any = 1
    for _ in range(499):
        deep = {"a": deep}
    group = fake.add_alert(fake.add_integration(), deep)
    clock.advance(timedelta(seconds=1))
    assert fake.deliveries[0].reason
    loaded = reloaded(fake, clock)
    assert loaded.to_json() == fake.to_json()
    assert loaded.group(group.id).payload == deep
