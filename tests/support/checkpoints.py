"""A checkpoint to store, another one, and a disk that is full."""

import resource
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import attrs

from grafana_oncall._watch.checkpoint import Checkpoint
from grafana_oncall._watch.tracker import Delivery
from grafana_oncall.changes import Snapshot
from grafana_oncall.models import AlertGroupState

MOMENT = datetime(2026, 3, 2, 9, 30, 0, 250_000, tzinfo=UTC)
URL = "https://oncall.example"
SERVER = f"{URL}/api/v1/"
CHECKPOINT = Checkpoint(
    server=SERVER,
    query=(("label", "team:SRE"),),
    polled=MOMENT,
    groups=(
        Snapshot(
            id="I68T24C13IFW1",
            created_at=MOMENT - timedelta(hours=1),
            state=AlertGroupState.SILENCED,
            alerts_count=3,
            labels=(("env", "prod"), ("team", "SRE")),
            title="Memory above 90% threshold",
        ),
    ),
    left_filter=("I68T24C13IFW1",),
    in_flight=(
        Delivery(
            id="I68T24C13IFW1",
            after=Snapshot(
                id="I68T24C13IFW1",
                created_at=MOMENT - timedelta(hours=1),
                state=AlertGroupState.FIRING,
                alerts_count=3,
                labels=(),
                title="Memory above 90% threshold",
            ),
            left_filter=True,
        ),
        Delivery(id="I68T24C13IFW1", after=None),
    ),
)
OTHER = attrs.evolve(CHECKPOINT, polled=MOMENT + timedelta(minutes=1))


@contextmanager
def full_disk(size: int = 16) -> Generator[None]:
    """Limit files to a few bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
