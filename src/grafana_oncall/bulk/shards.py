"""Parts of a bulk run, for tasks of any queue or workflow engine, on any machine."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from io import BytesIO
from itertools import zip_longest
from typing import Any, Final, Self
from uuid import uuid4

import attrs
from attrs.validators import instance_of, optional

from grafana_oncall._core.field_texts import DocumentedFields
from grafana_oncall._core.text import shown
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._generated.constraints import ID
from grafana_oncall._session.organization import Stack
from grafana_oncall.errors import InvalidArgument
from grafana_oncall.stores import JournalStore

from .actions import Action
from .journal_reader import Header, JournalReader, RunState, restored
from .journal_store import log_of
from .outcomes import Outcomes
from .report import BulkReport

_FORMAT: Final = 1


@attrs.frozen(kw_only=True)
class Shard(ShortTracebacks, DocumentedFields):
    """A part of a bulk run: an action, and the groups to act on. It has no token.

    `await run.shards()` makes shards, `to_json` and `from_json` take one to a worker, and
    `bulk.run(shard, journal=store)` does there what it says, or finishes it.
    """

    id: str = attrs.field(validator=instance_of(str))
    """The name of its journal in a store: that of the run, its server, and its number."""
    server: str = attrs.field(validator=instance_of(str))
    """Base URL of the OnCall API on which its groups are."""
    grafana_url: str | None = attrs.field(default=None, validator=optional(instance_of(str)))
    """URL of the Grafana stack; None if the client that made the shard did not know it."""
    ids: tuple[str, ...] = attrs.field(repr=False)
    """Of its alert groups, in the order of the selection."""
    _arguments: Mapping[str, Any] = attrs.field(alias="arguments")

    @property
    def action(self) -> str:
        """Such as `resolve`."""
        return str(self._arguments["name"])

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def header(self) -> Header:
        """What its run is to do, for its journal."""
        return Header(
            stack=Stack(self.server, self.grafana_url),
            action=restored(self._arguments),
            query=None,
            converge=False,
            max_items=None,
        )

    def to_json(self) -> str:
        """Return the shard as JSON, on one line: some 17 bytes a group."""
        members = {
            "shard": _FORMAT,
            "id": self.id,
            "server": self.server,
            "grafana_url": self.grafana_url,
            "action": dict(self._arguments),
            "ids": self.ids,
        }
        return json.dumps(members, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the shard that `to_json` wrote; raise InvalidArgument if it is none."""
        try:
            members: dict[str, Any] = json.loads(text)
            if members.pop("shard") == _FORMAT:
                return cls(ids=_ids(members.pop("ids")), arguments=_action(members), **members)
            reason = "it was written by another release"
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            reason = str(error)
        message = f"shard: {shown(text)} is no shard: {reason}."
        raise InvalidArgument(message, argument="shard")


def _ids(listed: Any) -> tuple[str, ...]:
    ids: tuple[Any, ...] = tuple(listed)
    if not all(isinstance(one, str) and ID.fullmatch(one) for one in ids):
        raise ValueError("its ids are none")
    return ids


def _action(members: dict[str, Any]) -> Mapping[str, Any]:
    """Take the action out of the members of a shard; raise KeyError or TypeError for no action."""
    arguments: dict[str, Any] = members.pop("action")
    restored(arguments)
    return arguments


def divide(
    action: Action, stack: Stack, ids: Sequence[str], *, name: str | None, size: int
) -> list[Shard]:
    """Return the shards of a run."""
    name = name or uuid4().hex
    server = sha256(f"{stack.server} {stack.grafana_url}".encode()).hexdigest()[:12]
    return [
        Shard(
            id=f"{name}:{server}:{number}",
            server=stack.server,
            grafana_url=stack.grafana_url,
            ids=tuple(ids[start : start + size]),
            arguments=action.arguments,
        )
        for number, start in enumerate(range(0, len(ids), size))
    ]


def in_turn(shards: Iterable[Shard]) -> list[Shard]:
    """Return shards in an order in which all servers take turns.

    Enqueue them in this order, so that a server whose rate limit is used up, or that is away, keeps
    no more workers waiting than it has to.
    """
    by_server = defaultdict[tuple[str, str | None], list[Shard]](list)
    for shard in shards:
        by_server[shard.server, shard.grafana_url].append(shard)
    rounds = zip_longest(*by_server.values())
    return [shard for each in rounds for shard in each if shard is not None]


async def collect(shards: Iterable[Shard], *, journal: JournalStore) -> BulkReport:
    """Return one report of what the journals of shards say, at any time.

    Until `.finished`, it is the progress: groups of which no journal says anything are
    `not_attempted`, and those with a request in flight are `unknown`. It reads, and keeps no worker
    from writing. Journals are the truth about a run, unlike the results that an engine keeps of its
    tasks: a worker that was declared dead may report an error after another has done its work.

    Args:
        shards: Those of one run or of several, on any servers.
        journal: The store that `bulk.run` was given.

    Raises:
        JournalError: A journal is damaged, or is not one.
        StoreUnavailable: The store does not respond.
    """
    return BulkReport.merge([await _report(shard, journal) for shard in shards])


async def _report(shard: Shard, journal: JournalStore) -> BulkReport:
    state = await _state(shard, journal)
    await asyncio.sleep(0)  # a store in memory never waits
    return BulkReport(
        action=shard.action,
        outcomes=list(state.outcomes),
        counts=dict(state.outcomes.counts),
        seconds_selecting=0.0,
        seconds_acting=sum(outcome.seconds for outcome in state.outcomes),
        finished=state.finished,
    )


async def _state(shard: Shard, journal: JournalStore) -> RunState:
    lines = b"".join(await journal.read(log_of(shard.id)))
    if lines:
        reader = JournalReader(shard.id, BytesIO(lines))
        await reader.read_rest()
        if reader.state is not None and reader.state.selected:
            return reader.state
    outcomes = Outcomes()
    for group_id in shard.ids:
        outcomes.add(group_id)
    return RunState(header=shard.header, outcomes=outcomes)
