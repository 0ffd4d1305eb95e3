"""Where a list has fewer groups than it should have, by the counts of parts of it.

How it works, and why it is safe. Each response has the number of groups up to a time, whatever the
page. If that is less than is known, some are missing, and the number up to the middle tells in
which half: so the page of one that is missing among 10,000 groups is read after 8 requests, and not
after 200. The page itself says how many of them are on it. Nothing follows from a count but which
page is read next: a wrong one costs requests, and a group is only missing if it is on no page that
it belongs to.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import attrs

from grafana_oncall._core.request import Page
from grafana_oncall._listing.windows import ceil_to_second


@attrs.frozen
class _Part:
    """A part of the known groups, oldest first, and how many are missing before its two ends."""

    begin: int
    end: int
    missing_at_begin: int
    missing_at_end: int


class Bisection:
    """Looks for missing groups, page by page: read up to `until`, `add` the page, and go on."""

    def __init__(self, times: Iterable[datetime], since: datetime, missing: int) -> None:
        """Begin with when the known groups were created, of which so many are missing before then.

        What was created since then was read.
        """
        self._times = sorted(times)
        older = bisect_left(self._times, since)
        self._page_size = len(self._times) - older
        self._parts = [_Part(0, older, 0, missing)]

    @property
    def until(self) -> datetime | None:
        """Up to when the list is to be read next; None when no more are missing.

        Also None where some should be missing among none at all: then the counts are wrong.
        """
        self._parts = [each for each in self._parts if each.missing_at_begin < each.missing_at_end]
        if not self._parts or any(each.begin >= each.end for each in self._parts):
            return None
        part = self._parts[-1]
        fits = part.end - part.begin <= self._page_size
        last = part.end - 1 if fits else (part.begin + part.end) // 2
        return ceil_to_second(self._times[last])

    def add(self, until: datetime, page: Page[Any]) -> datetime | None:
        """Note the first page of the groups up to `until`; return since when it has all of them.

        None means that it has all there are.
        """
        since: datetime | None = None
        if page.next is not None and page.results:
            since = page.results[-1].created_at
        middle = bisect_right(self._times, until)
        covered = 0 if since is None else bisect_left(self._times, since)
        older = page.count - len(page.results) - len(page.undecodable)
        part = self._parts.pop()
        self._parts.append(attrs.evolve(part, begin=middle, missing_at_begin=middle - page.count))
        if covered < part.end:  # or else more were created in this second than a page holds
            self._parts.append(attrs.evolve(part, end=covered, missing_at_end=covered - older))
        return since
