"""The naive client does its jobs, and the generated one is what its peers are."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.support.virtual_time import passed, run

from . import plan
from .client import CLIENTS, OURS
from .generated import prepared
from .jobs import JOBS
from .naive import Afternoon, Api, Failed
from .rows import shortened


class _Scripted(Api):
    """Each request takes the next outcome of a script; None is a success."""

    def __init__(self, *script: Failed | None, pages: Sequence[Sequence[str]] = ((),)) -> None:
        self._script = iter(script)
        self.pages = pages
        self.at: list[float] = []

    def _next(self) -> None:
        self.at.append(passed())
        failure = next(self._script, None)
        if failure is not None:
            raise failure

    async def page(self, number: int, query: Mapping[str, str]) -> tuple[Sequence[Any], int]:
        assert query == {}
        self._next()
        return self.pages[number - 1], len(self.pages)

    async def resolve(self, id: str) -> None:
        raise NotImplementedError

    async def create(self, name: str) -> None:  # noqa: ARG002  # all are alike
        self._next()

    def row(self, group: Any) -> tuple[str, str]:
        name, _, state = group.partition(" ")
        return name, state


@pytest.mark.parametrize(
    ("script", "done", "at"),
    [
        pytest.param([], ["a"], [0], id="fine"),
        pytest.param([Failed(503), Failed()], ["a"], [0, 1, 3], id="backoff"),
        pytest.param([Failed(429, "57")], ["a"], [0, 57], id="the time that the server says"),
        pytest.param([Failed(500)] * 3, [], [0, 1, 3], id="three tries"),
        pytest.param([Failed(400)], [], [0], id="refused"),
    ],
)
def test_the_naive_client_tries_three_times(
    script: list[Failed], done: list[str], at: list[float]
) -> None:
    """And does not report what it failed to do."""
    api = _Scripted(*script)
    assert run(Afternoon(api).create(["a"])) == done
    assert api.at == at


def test_the_naive_client_reads_all_pages() -> None:
    """In their order."""
    assert run(Afternoon(_Scripted(pages=("ab", "cd", "e"))).groups()) == [*"abcde"]


async def _following(api: _Scripted) -> list[tuple[str, str]]:
    reports: list[tuple[str, str]] = []
    naive = Afternoon(api)
    task = asyncio.create_task(naive.follow(lambda *report: reports.append(report)))
    await asyncio.sleep(5)
    api.pages = [["a resolved", "c firing"]]
    await asyncio.sleep(30)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return reports


def test_the_naive_client_reports_differences() -> None:
    """Each once: of state, of what is new, and of what is gone."""
    api = _Scripted(pages=[["a firing", "b firing"]])
    found = run(_following(api))
    assert sorted(found) == [("a", "resolved"), ("b", "deleted"), ("c", "created")]


def test_a_change_of_the_envelope_is_noticed() -> None:
    """Then the workaround for the generator is to be looked at again."""
    with pytest.raises(ValueError, match="envelope"):
        prepared("openapi: 3.1.0\n")


def test_a_quick_run_has_each_job_and_each_client() -> None:
    """Each job by a peer, and by the SDK."""
    pairs = shortened()
    assert {client for _, client in pairs} == {*CLIENTS}
    for job in JOBS:
        assert [client in OURS for one, client in pairs if one == job] == [False, True]


def test_the_others_do_the_same_by_the_same_seed() -> None:
    """And nothing twice to a group, so that each change is told from the others."""
    for make in (plan.storm, plan.follow):
        acts = make(1, 200, 600.0)
        assert acts == make(1, 200, 600.0) != make(2, 200, 600.0)
        assert len(acts) == len({(act.id, act.kind) for act in acts}) > 50
        assert [act.at for act in acts] == sorted(act.at for act in acts)


def test_what_happens_to_a_group_is_two_polls_apart() -> None:
    """So that no client need miss anything."""
    last: dict[str, float] = {}
    for act in plan.follow(1, 200, 3600.0):
        assert act.at - last.get(act.id, -plan.APART) >= plan.APART
        last[act.id] = act.at
