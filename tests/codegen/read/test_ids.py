"""What the ids in paths identify."""

from codegen.read.ids import objects_by_id
from tests.contract.calls import GENERATED


def test_an_id_identifies_what_is_got_by_it() -> None:
    """Alone: neither a list nor a part of an object identifies it."""
    objects = objects_by_id(GENERATED)
    assert objects["alert_group_id"] == "alert_groups.AlertGroup"
    assert objects["user_id"] == "users.User"
    assert {*objects} == {each.name for op in GENERATED for each in op.parameters if each.rule}, (
        "every id of a path so far"
    )
