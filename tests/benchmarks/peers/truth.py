"""How a job went: what the server knows, against what the client claims."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean
from typing import Any, Final

import attrs

from grafana_oncall.testing.calls import Call

from .accounts import Account, Request, account, in_vain
from .jobs import EVERY, KEY, VALUE, Job, ideal_create, ideal_list, names
from .plan import is_labelled, number_of
from .site import Site


def _count_list(site: Site, claims: Sequence[Any]) -> Account:
    true = [(group.id, group.state) for group in site.fake.groups.values()]
    handed = [*map(tuple, claims)]
    return account(wanted=true, done=handed, claimed=handed, true=true)


def _count_storm(site: Site, claims: Sequence[str]) -> Account:
    """What others have taken on need not be resolved; what they resolved is resolved, too."""
    groups, user = site.fake.groups, site.fake.user.id
    sent = [call.path.split("/")[-3] for call in site.fake.calls("resolve") if call.status != 429]
    done = [one for one in sent if groups[one].resolved_by == user]
    labelled = {one for one in done if is_labelled(number_of(one))}
    left = {one for one in site.firing if groups[one].state == "firing"}
    return account(
        wanted=left | labelled,
        done=done,
        claimed=claims,
        true={one for one in {*sent, *claims} if groups[one].state == "resolved"},
    )


def _count_follow(site: Site, claims: Sequence[Any]) -> Account:
    reported = [(group, kind) for group, kind, _ in claims]
    true = [(act.id, act.kind) for act in site.acts]
    return account(wanted=true, done=reported, claimed=reported, true=true)


def _count_create(site: Site, claims: Sequence[str]) -> Account:
    made = site.fake.integrations.values()
    right = [each.name for each in made if each.labels == [(KEY, VALUE)]]
    return account(
        wanted=names(site.size.integrations),
        done=[each.name if each.name in right else each.id for each in made],
        claimed=claims,
        true=[each.name for each in made],
    )


_COUNTED: Final[Mapping[Job, Callable[[Site, Any], Account]]] = {
    "list": _count_list,
    "storm": _count_storm,
    "follow": _count_follow,
    "create": _count_create,
}


def _over_ideal(site: Site, job: Job, seconds: float, claims: Any) -> float:
    """The time over the ideal one; that of `follow` is from a change to its report, on average."""
    match job:
        case "list":
            return seconds / ideal_list(site.size.groups)
        case "storm":
            return seconds / site.least
        case "create":
            return seconds / ideal_create(site.size.integrations)
        case "follow":
            return _delay(site, claims) / (EVERY / 2)


def _delay(site: Site, claims: Sequence[Any]) -> float:
    """Seconds from a change that was reported to its first report, on average."""
    began = site.began or 0.0
    at = {(act.id, act.kind): began + act.at for act in site.acts}
    found: dict[Any, float] = {(one, kind): when for one, kind, when in reversed(claims)}
    return mean(found[change] - at[change] for change in found.keys() & at.keys())


def _requests(calls: Iterable[Call]) -> Iterable[Request]:
    for call in calls:
        asked, answer = call.request, call.response
        target = f"{asked.path}?{asked.query}"
        got = (None, b"") if answer is None else (answer.status, answer.body)
        yield Request(asked.method, target, asked.body, *got)


def counted(site: Site, job: Job, claims: Any) -> Account:
    """What went wrong, by what the client claims and what is true."""
    return _COUNTED[job](site, claims)


def report(site: Site, job: Job, seconds: float, claims: Any) -> Mapping[str, float]:
    """The measures that the server knows, of a job that took the client so many seconds."""
    return {
        "time over ideal": _over_ideal(site, job, seconds, claims),
        "requests": len(site.fake.calls),
        "in vain": in_vain(_requests(site.fake.calls)),
        **attrs.asdict(counted(site, job, claims)),
    }
