"""What every class of the facade has: the session, and methods that make more of a request."""

from collections.abc import Sequence
from contextlib import suppress
from types import NoneType
from typing import Any, Protocol, TypeVar, cast, get_args

import attrs

from grafana_oncall._codec.decode import contains, encode
from grafana_oncall._core.request import Page, Request, Result
from grafana_oncall._core.tracebacks import ShortTracebacks
from grafana_oncall._core.types import UNSET, HasId, UnsetType
from grafana_oncall._session.call import Send
from grafana_oncall._session.session import Session
from grafana_oncall._validation.arguments import text_filter
from grafana_oncall.errors import InvalidArgument, OnCallError

from .filters import matching
from .lookups import nearest, nothing_found, several_found
from .pager import DEFAULT_PREFETCH, Pager
from .pages import next_page


class HasName(HasId, Protocol):
    """An object that has a name."""

    @property
    def name(self) -> str | None:
        """Name of the object."""
        ...


B = TypeVar("B")
R = TypeVar("R")
T = TypeVar("T")
Found = TypeVar("Found", bound=HasId)
N = TypeVar("N", bound=HasName)


class ByName(Protocol[N]):
    """Builds the request of a list that can be filtered by name."""

    def __call__(self, *, name: str | UnsetType) -> Request[Page[N]]: ...


def _takes_none(hint: Any) -> bool:
    return NoneType in get_args(hint)


def _team_of(value: object) -> str | UnsetType | None:
    """Return the id of the team of an object, or of what makes it; UNSET if the server chooses."""
    team: str | UnsetType | None = getattr(value, "team_id", getattr(value, "team", UNSET))
    return None if team in {"", "null"} else team  # as the server reads them


class Resource(ShortTracebacks):
    """Base of the generated classes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _list(self, request: Request[Page[T]], prefetch: int, *, repeats: bool = False) -> Pager[T]:
        """Return a pager that raises FilterIgnored for an item that the filter excludes.

        Args:
            request: The request of the first page.
            prefetch: Pages to request ahead.
            repeats: Whether the server may list an item several times, and so counts it.
        """
        verify = matching(request)
        return Pager(self._session, request, prefetch=prefetch, verify=verify, repeats=repeats)

    async def _one(
        self,
        request: Request[Page[Found]],
        everything: Request[Page[Found]],
        name: str,
        value: object,
    ) -> Found:
        """Return the one object of a list; if there is none, look for similar ones in all."""
        page = await self._session.send(attrs.evolve(request, verify=matching(request)))
        equal = [item for item in page.results if getattr(item, name) == value]
        found = {item.id: item for item in equal or page.results}  # some servers ignore case
        if not found:
            raise nothing_found(request, name, value, await self._similar(everything, name, value))
        if len(found) > 1:
            raise several_found(request, name, value, [*found])
        return next(iter(found.values()))

    async def _similar(
        self, everything: Request[Page[Found]], name: str, value: object
    ) -> Sequence[str]:
        """Return the values that are most like this one; none if they cannot be read."""
        page_size = ("perpage", "1000")
        request = attrs.evolve(everything, query=(page_size,), skip_undecodable=True)
        with suppress(OnCallError):
            page = await self._session.send(request)
            known = [getattr(item, name) for item in page.results]
            return nearest(str(value), [each for each in known if isinstance(each, str)])
        return ()

    async def _merged(
        self, body: B, read: Request[Any], members: Sequence[str], *, together: bool = False
    ) -> B:
        """Return a body with what it lacks of these members, as the object has them now."""
        lacking = [name for name in members if getattr(body, name) is UNSET]
        if not lacking or (together and len(lacking) == len(members)):
            return body
        current = await self._session.send(read)
        kinds = attrs.fields_dict(attrs.resolve_types(cast("Any", type(body))))
        kept = {
            name: value
            for name in lacking
            if (value := getattr(current, name)) is not None or _takes_none(kinds[name].type)
        }
        return cast("B", attrs.evolve(cast("Any", body), **kept))

    async def _change(self, request: Request[R], read: Request[R]) -> R:
        """Send a change; in doubt, read the object and compare it with the body."""

        async def changed(send: Send) -> Result[R] | None:
            current = await send(read)
            return current if contains(current.response.content, encode(request)) else None

        return await self._session.send(request, read_back=changed)

    async def _create_once(
        self, request: Request[N], listed: ByName[N], name: str | UnsetType
    ) -> N:
        """Send a creation; in doubt, look for what has its name and team, and was not there before.

        A name is unique at most within a team: this program may create it in several at once.
        """
        if name is UNSET:
            message = "reconcile=True needs a name= to look for."
            raise InvalidArgument(message, argument="reconcile")
        named = listed(name=text_filter("name", name))
        # Not by `_list`, which raises FilterIgnored if the server does not support the filter.
        pager = Pager(self._session, named, prefetch=DEFAULT_PREFETCH)
        before = {item.id for item in await pager.collect()}
        team = _team_of(request.body)

        async def created(send: Send) -> Result[N] | None:
            following: Request[Page[N]] | None = named
            while following is not None:
                page = await send(following)
                for item in page.value.results:
                    # A server that does not support the filter returns all objects.
                    is_named = item.name == name and team in {UNSET, _team_of(item)}
                    if is_named and item.id not in before:
                        return Result(value=item, response=page.response)
                following = next_page(following, page.value)
            return None

        return await self._session.send(request, read_back=created)
