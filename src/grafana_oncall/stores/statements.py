"""The statements of `PostgresStore`.

A row without a line is the head of a log: its fence, and until when it is leased. Of an event, it
is all there is: its fence is 0 while it is claimed, and 1 when it was handled.
"""

from typing import Final

CREATE: Final = """
create table if not exists {table} (
    name text not null,
    number bigint generated always as identity,
    line bytea,
    fence bigint,
    lease timestamptz,
    touched timestamptz not null default clock_timestamp()
);
create unique index if not exists {head} on {table} (name) where line is null;
create index if not exists {lines} on {table} (name, number) where line is not null;
"""

IS_MISSING: Final = "select to_regclass(%(name)s) is null"

ONE_AT_A_TIME: Final = "select pg_advisory_xact_lock(hashtext('grafana_oncall'))"

PURGE: Final = """
delete from {table} where name in (
    select name from {table} where line is null and touched < clock_timestamp() - %(keep)s
)
"""

OPEN: Final = """
insert into {table} as log (name, fence)
values (%(name)s, extract(epoch from clock_timestamp()) * 1000000)
on conflict (name) where line is null do update
set
    fence = greatest(extract(epoch from clock_timestamp()) * 1000000, log.fence + 1),
    lease = null,
    touched = clock_timestamp()
returning fence
"""

ACQUIRE: Final = """
insert into {table} as log (name, fence, lease)
values (%(name)s, extract(epoch from clock_timestamp()) * 1000000, clock_timestamp() + %(ttl)s)
on conflict (name) where line is null do update
set
    fence = greatest(extract(epoch from clock_timestamp()) * 1000000, log.fence + 1),
    lease = clock_timestamp() + %(ttl)s,
    touched = clock_timestamp()
where log.lease is null or log.lease <= clock_timestamp()
returning fence
"""

LEFT: Final = """
select greatest(extract(epoch from lease - clock_timestamp()), 0)::float8
from {table} where name = %(name)s and line is null
"""

LINES: Final = """
select line from {table} where name = %(name)s and line is not null order by number
"""

APPEND: Final = """
with head as (
    update {table} set touched = clock_timestamp()
    where name = %(name)s and line is null and fence = %(fence)s
    returning name
)
insert into {table} (name, line)
select head.name, given.line
from head, unnest(%(lines)s::bytea[]) with ordinality as given (line, place)
order by given.place
"""

IS_OPEN: Final = """
select from {table} where name = %(name)s and line is null and fence = %(fence)s for update
"""

CLEAR: Final = "delete from {table} where name = %(name)s and line is not null"

RENEW: Final = """
update {table} set lease = clock_timestamp() + %(ttl)s, touched = clock_timestamp()
where name = %(name)s and line is null and fence = %(fence)s
"""

RELEASE: Final = """
update {table} set lease = null
where name = %(name)s and line is null and fence = %(fence)s
"""

CLOSE: Final = """
update {table} set fence = fence + 1, lease = null where name = %(name)s and line is null
"""

CLAIM: Final = """
insert into {table} as seen (name, fence, lease)
values (%(name)s, 0, clock_timestamp() + %(ttl)s)
on conflict (name) where line is null do update
set fence = 0, lease = clock_timestamp() + %(ttl)s, touched = clock_timestamp()
where seen.lease <= clock_timestamp()
"""

STATE: Final = "select fence from {table} where name = %(name)s and line is null"

CONFIRM: Final = """
insert into {table} (name, fence, lease)
values (%(name)s, 1, clock_timestamp() + %(ttl)s)
on conflict (name) where line is null do update
set fence = 1, lease = clock_timestamp() + %(ttl)s, touched = clock_timestamp()
"""

FORGET: Final = "delete from {table} where name = %(name)s and line is null and fence = 0"
