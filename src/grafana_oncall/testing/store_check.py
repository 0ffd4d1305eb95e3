"""A check of what a store promises."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, cast
from uuid import uuid4

from grafana_oncall._validation.arguments import seconds
from grafana_oncall.stores import CheckpointStore, JournalStore, Opened, SeenStore


async def check_store(
    store: JournalStore | CheckpointStore | SeenStore, *, ttl: float = 0.3
) -> None:
    """Try whether a store keeps the promises of the protocols that it has the methods of.

    It uses names of its own, and leaves nothing in a log. A journal store also needs to withstand
    what this cannot cause: its own crash, and a network that fails.

    Args:
        store: Such as your own class.
        ttl: Seconds of the leases that it takes and waits for, several times; more for a store that
            may take so long to respond.

    Raises:
        AssertionError: It breaks a promise; the message says which.
        InvalidArgument: `ttl` is not above zero.
    """
    ttl = seconds("ttl", ttl)
    prefix = f"check-{uuid4().hex}"
    for has, laws in (
        ("open", _JOURNAL_LAWS),
        ("acquire", _CHECKPOINT_LAWS),
        ("claim", _SEEN_LAWS),
    ):
        if not hasattr(store, has):
            continue
        for law in laws:
            name = f"{prefix}-{law.__name__}"
            await cast("_Law", law)(store, name, ttl)
            if has != "claim":
                await cast("JournalStore", store).delete(name)


def _promise(kept: bool, promise: str) -> None:  # noqa: FBT001  # reads like an assertion
    if not kept:
        raise AssertionError(f"The store does not keep a promise: {promise}.")


def _acquired(lease: Opened | float, promise: str) -> Opened:
    if not isinstance(lease, Opened):
        raise AssertionError(f"The store does not keep a promise: {promise}.")  # noqa: TRY004  # as all
    return lease


_Law = Callable[[object, str, float], Awaitable[None]]

_ODD: Final = (b"", b"\x00\r\n\xff", "é€😀".encode(), b"x" * 70_000)


async def _a_log_keeps_its_lines(store: JournalStore, name: str, _: float) -> None:
    opened = await store.open(name)
    _promise([*opened.lines] == [], "a new log is empty")
    _promise(await store.append(name, opened.fence, _ODD), "who has opened a log may append")
    _promise(
        await store.append(name, opened.fence, [b"last"]),
        "who has opened a log may append several times",
    )
    _promise(
        await store.append(name, opened.fence, []),
        "appending no lines succeeds for who has opened the log",
    )
    wanted = [*_ODD, b"last"]
    _promise([*await store.read(name)] == wanted, "lines are read as they were written, in order")
    _promise([*(await store.open(name)).lines] == wanted, "whoever opens a log sees its lines")


async def _reading_opens_nothing(store: JournalStore, name: str, _: float) -> None:
    opened = await store.open(name)
    await store.read(name)
    _promise(await store.append(name, opened.fence, [b"1"]), "who reads a log takes nothing over")


async def _an_older_fence_writes_nothing(store: JournalStore, name: str, _: float) -> None:
    first = await store.open(name)
    await store.append(name, first.fence, [b"1"])
    second = await store.open(name)
    _promise(second.fence > first.fence, "each fence is higher than those before")
    _promise(not await store.append(name, first.fence, [b"2"]), "an older fence may not append")
    _promise(
        not await store.append(name, first.fence, []), "an older fence may not even append no lines"
    )
    _promise(
        not await store.append(name, first.fence, [b"3"], replace=True),
        "an older fence may not replace lines",
    )
    _promise(
        not await store.append(name, second.fence + 1, [b"4"]),
        "a fence that was never given may not append",
    )
    _promise([*await store.read(name)] == [b"1"], "what is refused leaves no lines")


async def _lines_are_replaced_at_once(store: JournalStore, name: str, _: float) -> None:
    opened = await store.open(name)
    await store.append(name, opened.fence, [b"1", b"2"])
    _promise(await store.append(name, opened.fence, [b"3"], replace=True), "a log can be replaced")
    _promise([*await store.read(name)] == [b"3"], "replacing leaves the new lines alone")
    _promise(
        await store.append(name, opened.fence, [], replace=True),
        "a log can be replaced by no lines",
    )
    _promise([*await store.read(name)] == [], "a log that was replaced by no lines is empty")


async def _a_deleted_log_is_closed(store: JournalStore, name: str, _: float) -> None:
    opened = await store.open(name)
    await store.append(name, opened.fence, [b"1"])
    await store.delete(name)
    _promise([*await store.read(name)] == [], "a deleted log is empty")
    _promise(
        not await store.append(name, opened.fence, [b"2"]),
        "after a deletion, who had opened the log may write no more",
    )
    again = await store.open(name)
    _promise(again.fence > opened.fence, "fences rise even after a deletion")
    _promise([*again.lines] == [], "what was deleted does not return")


async def _logs_are_apart(store: JournalStore, name: str, _: float) -> None:
    names = [
        f"{name}{end}" for end in ("", " ", "{}", "}{", ":lines", "%", "_", "é", "/", "A", "a")
    ]
    opened = [await store.open(one) for one in names]
    for one, log in zip(names, opened, strict=True):
        _promise(await store.append(one, log.fence, [one.encode()]), f"{one!r} is a log of its own")
    for one in names:
        _promise([*await store.read(one)] == [one.encode()], f"{one!r} is a log of its own")
        await store.delete(one)


async def _appends_do_not_mix(store: JournalStore, name: str, _: float) -> None:
    opened = await store.open(name)
    parts = [[b"%d-%d" % (part, line) for line in range(5)] for part in range(12)]
    done = await asyncio.gather(*(store.append(name, opened.fence, part) for part in parts))
    _promise(all(done), "one writer may append several times at once")
    lines = [*await store.read(name)]
    found = [lines[start : start + 5] for start in range(0, len(lines), 5)]
    _promise(sorted(found) == sorted(parts), "what is appended together stays together, once")


async def _one_of_many_wins(store: JournalStore, name: str, _: float) -> None:
    opened = await asyncio.gather(*(store.open(name) for _ in range(12)))
    fences = [one.fence for one in opened]
    _promise(len({*fences}) == len(fences), "no fence is given twice")
    wrote = [await store.append(name, fence, [b"%d" % fence]) for fence in fences]
    _promise(wrote == [fence == max(fences) for fence in fences], "only the highest may write")
    _promise(
        [*await store.read(name)] == [b"%d" % max(fences)], "what the highest fence wrote is there"
    )


async def _a_lease_keeps_others_out(store: CheckpointStore, name: str, ttl: float) -> None:
    first = _acquired(await store.acquire(name, ttl=ttl), "a lease that nobody has can be acquired")
    await store.append(name, first.fence, [b"1"])
    left = await store.acquire(name, ttl=ttl)
    _promise(not isinstance(left, Opened), "a lease that someone has cannot be acquired")
    _promise(
        isinstance(left, float | int) and 0 < left <= ttl,
        "a refused lease says for how long at most",
    )
    await asyncio.sleep(ttl * 0.7)
    _promise(await store.renew(name, first.fence, ttl=ttl), "who has a lease may renew it")
    await asyncio.sleep(ttl * 0.7)
    _promise(
        not isinstance(await store.acquire(name, ttl=ttl), Opened), "a renewed lease lasts longer"
    )
    await store.release(name, first.fence)
    second = _acquired(
        await store.acquire(name, ttl=ttl), "a released lease can be acquired at once"
    )
    _promise(second.fence > first.fence, "a lease has a higher fence than those before")
    _promise([*second.lines] == [b"1"], "who acquires a lease sees the lines")


async def _a_lease_ends(store: CheckpointStore, name: str, ttl: float) -> None:
    first = _acquired(await store.acquire(name, ttl=ttl), "a lease that nobody has can be acquired")
    await asyncio.sleep(ttl * 1.2)
    _promise(
        await store.append(name, first.fence, [b"1"]),
        "who had a lease may write until someone else has it",
    )
    second = _acquired(await store.acquire(name, ttl=ttl), "a lease ends by itself")
    _promise([*second.lines] == [b"1"], "who acquires a lease sees what was written until then")
    _promise(not await store.append(name, first.fence, [b"2"]), "who lost a lease may not write")
    _promise(not await store.renew(name, first.fence, ttl=ttl), "who lost a lease may not renew it")
    await store.release(name, first.fence)
    _promise(
        not isinstance(await store.acquire(name, ttl=ttl), Opened),
        "who lost a lease cannot end its successor's",
    )


async def _one_of_many_leads(store: CheckpointStore, name: str, ttl: float) -> None:
    taken = await asyncio.gather(*(store.acquire(name, ttl=ttl) for _ in range(12)))
    leaders = [one for one in taken if isinstance(one, Opened)]
    _promise(len(leaders) == 1, "of all who ask at once, one acquires the lease")


async def _an_event_is_new_once(store: SeenStore, name: str, ttl: float) -> None:
    claims = await asyncio.gather(*(store.claim(name, ttl=ttl) for _ in range(12)))
    _promise(sorted(claims) == ["claimed"] * 11 + ["new"], "of all who claim at once, one gets it")
    await store.forget(name)
    _promise(await store.claim(name, ttl=ttl) == "new", "what was given up is new again")
    await store.confirm(name, ttl=ttl)
    _promise(await store.claim(name, ttl=ttl) == "seen", "what was handled is seen")
    await store.forget(name)
    _promise(await store.claim(name, ttl=ttl) == "seen", "what was handled cannot be given up")
    await asyncio.sleep(ttl * 1.2)
    _promise(
        await store.claim(name, ttl=ttl) == "new",
        "what was handled is new again when its time is over",
    )


async def _a_claim_ends(store: SeenStore, name: str, ttl: float) -> None:
    _promise(await store.claim(name, ttl=ttl) == "new", "what nobody has claimed is new")
    await asyncio.sleep(ttl * 1.2)
    _promise(await store.claim(name, ttl=ttl) == "new", "a claim ends by itself")
    await store.forget(name)


_JOURNAL_LAWS: Final = (
    _a_log_keeps_its_lines,
    _reading_opens_nothing,
    _an_older_fence_writes_nothing,
    _lines_are_replaced_at_once,
    _a_deleted_log_is_closed,
    _logs_are_apart,
    _appends_do_not_mix,
    _one_of_many_wins,
)
_CHECKPOINT_LAWS: Final = (_a_lease_keeps_others_out, _a_lease_ends, _one_of_many_leads)
_SEEN_LAWS: Final = (_an_event_is_new_once, _a_claim_ends)
