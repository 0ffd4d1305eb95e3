"""Where journals, checkpoints and webhook events are remembered when one process is not enough.

A file serves one process at a time (`journal="run.jsonl"`, `checkpoint="bot.jsonl"`). A store
serves many: a bulk run whose worker dies is finished by another worker, a bot has replicas of which
one acts, and a repeated webhook is dropped by whichever receiver gets it. `FileStore` does all
three for the processes of one machine, in a directory; `RedisStore` (extra `[redis]`) and
`PostgresStore` (extra `[postgres]`) do so for any number of machines. For anything else, write a
class with the methods of a protocol below; `grafana_oncall.testing.check_store` tries whether it
keeps their promises.

What makes it safe is the fence. Whoever opens a log gets a number, higher than all before it, and
passes it with each write. A store refuses writes with any but the highest. So a worker that was
paused, cut off or declared dead cannot write any more once another has taken its place, whatever it
believes; and since nothing is sent to OnCall before it is in the log, it acts on nothing more.
"""

from typing import TYPE_CHECKING

from grafana_oncall._lazy import lazily as _lazily

if TYPE_CHECKING:
    from .file import FileStore
    from .postgres import PostgresStore
    from .protocols import CheckpointStore, JournalStore, Opened, SeenStore, StoredCheckpoint
    from .redis import RedisStore
else:
    # Runs, watchers and routers need the protocols, and few of them a server.
    __getattr__, __dir__ = _lazily(
        __name__,
        {
            ".stores.file": ("FileStore",),
            ".stores.postgres": ("PostgresStore",),
            ".stores.protocols": (
                "CheckpointStore",
                "JournalStore",
                "Opened",
                "SeenStore",
                "StoredCheckpoint",
            ),
            ".stores.redis": ("RedisStore",),
        },
    )

__all__ = [
    "CheckpointStore",
    "FileStore",
    "JournalStore",
    "Opened",
    "PostgresStore",
    "RedisStore",
    "SeenStore",
    "StoredCheckpoint",
]
