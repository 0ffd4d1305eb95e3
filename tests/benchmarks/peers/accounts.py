"""What a job left undone, did twice, did wrongly, and misreported.

All of it is found in what the server knows: its state, its log of calls, and what others did by
plan. What the client says is only compared with that.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import NamedTuple

import attrs


@attrs.frozen(kw_only=True)
class Account:
    """How much of a job went wrong. A thing is a group, an integration, or a change."""

    left: int
    """Things that were to be done (a group to be resolved or handed over, an integration to be
    created, a change to be reported) and are not."""
    doubled: int
    """Times that a thing was done once more: a group was resolved or handed over again, a second
    integration was created, a change was reported again."""
    wrong: int
    """Things done that were not to be done: a group without the label, an integration nobody
    wanted or with other labels, a state that a group did not have, a change that did not happen."""
    misreported: int
    """Things of which the client says another number than there is: done where it is not, or not
    done where it is. What a client hands over is what it says, so in `list` and `follow` this is
    the sum of the others."""


def account(
    *,
    wanted: Iterable[Hashable],
    done: Iterable[Hashable],
    claimed: Iterable[Hashable],
    true: Iterable[Hashable],
) -> Account:
    """Compare what was to be done with what was, and what the client says with what is true.

    Args:
        wanted: What was to be done, each once.
        done: What was done, as often as it was.
        claimed: What the client says is done.
        true: What it would say if it knew.
    """
    wish, deeds = {*wanted}, Counter(done)
    says, is_so = Counter(claimed), Counter(true)
    return Account(
        left=len(wish - deeds.keys()),
        doubled=(deeds - Counter({*deeds})).total(),
        wrong=len(deeds.keys() - wish),
        misreported=((says - is_so) + (is_so - says)).total(),
    )


class Request(NamedTuple):
    """A request that arrived, and its answer."""

    method: str
    target: str
    body: bytes
    status: int | None
    """None if the answer was lost."""
    answer: bytes


def in_vain(requests: Iterable[Request]) -> int:
    """Requests that were refused (4xx, 5xx), or brought the very answer that they had before."""
    last: dict[tuple[str, str, bytes], bytes] = {}
    vain = 0
    for method, target, body, status, answer in requests:
        key = (method, target, body)
        if status is not None and status < 400:
            vain += last.get(key) == answer
            last[key] = answer
        else:
            vain += status is not None
    return vain
