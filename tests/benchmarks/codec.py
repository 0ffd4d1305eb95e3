"""Decoding a page of 50 groups, and encoding an update of an integration."""

from collections.abc import Callable, Iterator
from time import process_time
from typing import Any, Final

import attrs
import msgspec
from msgspec.inspect import (
    DataclassType,
    EnumType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from grafana_oncall import Response, operations
from grafana_oncall._codec.converter import decoder
from grafana_oncall._codec.decode import _envelope, decode, encode
from grafana_oncall.models import AlertGroup, IntegrationUpdate, RichTemplateInput, TemplatesInput

from .peer_from_dict import DictGroup, DictPage
from .peer_pydantic import ModelGroup, ModelPage, ModelTemplate, ModelTemplates, ModelUpdate
from .peer_struct import StructGroup, StructPage, StructTemplate, StructTemplates, StructUpdate
from .rows import Row, interleaved
from .samples import page

PART: Final = "codec"

LIST: Final = operations.list_alert_groups()

_TITLE: Final = "{{ payload.commonLabels.alertname }}"


def update() -> Any:
    """A request to update an integration: sets some templates, resets one, and keeps the rest."""
    templates = TemplatesInput(
        grouping_key="{{ payload.groupKey }}",
        slack=RichTemplateInput(title=_TITLE, message="{{ payload.receiver }}", image_url=None),
        web=RichTemplateInput(title=_TITLE),
        telegram=None,
    )
    body = IntegrationUpdate(name="Storage", description_short=None, templates=templates)
    return operations.update_integration("CFRPV98RPR1U8", body)


def _struct_update() -> StructUpdate:
    templates = StructTemplates(
        grouping_key="{{ payload.groupKey }}",
        slack=StructTemplate(title=_TITLE, message="{{ payload.receiver }}", image_url=None),
        web=StructTemplate(title=_TITLE),
        telegram=None,
    )
    return StructUpdate(name="Storage", description_short=None, templates=templates)


def _model_update() -> ModelUpdate:
    templates = ModelTemplates(
        grouping_key="{{ payload.groupKey }}",
        slack=ModelTemplate(title=_TITLE, message="{{ payload.receiver }}", image_url=None),
        web=ModelTemplate(title=_TITLE),
        telegram=None,
    )
    return ModelUpdate(name="Storage", description_short=None, templates=templates)


def _timed(work: Callable[[], object], times: int) -> Callable[[], float]:
    def seconds() -> float:
        began = process_time()
        for _ in range(times):
            work()
        return process_time() - began

    return seconds


def rows(*, quick: bool) -> Iterator[Row]:
    """Bytes to objects, and objects to bytes."""
    rounds = 3 if quick else 31
    yield from _decoding(rounds, times=5 if quick else 100)
    yield from _encoding(rounds, times=50 if quick else 3000)


def _decoding(rounds: int, times: int) -> Iterator[Row]:
    content, less = page(1), page(1, cloud=False)
    response, shorter = (Response(status=200, headers={}, content=each) for each in (content, less))
    returns: Any = LIST.returns
    envelope: Any = _envelope(returns)
    struct, native = msgspec.json.Decoder(StructPage).decode, decoder(envelope)
    _check_same_members(set(DictGroup.__annotations__) - {"additional_properties"})
    _check_same_members(set(ModelGroup.model_fields))
    _check_same_types(StructGroup)
    ratio = interleaved(
        {
            "sdk": _timed(lambda: decode(LIST, response), times),
            "Struct": _timed(lambda: struct(content), times),
            "msgspec": _timed(lambda: native(content), times),
            "sdk, less": _timed(lambda: decode(LIST, shorter), times),
            "Struct, less": _timed(lambda: struct(less), times),
            "pydantic": _timed(lambda: ModelPage.model_validate_json(content), times),
            "from_dict": _timed(lambda: DictPage.from_json(content), times),
        },
        rounds=rounds,
    )
    name = "decode a page of 50 groups, over "
    yield Row(part=PART, name=f"{name}msgspec.Struct", value=ratio("sdk", "Struct"), goal=1.4)
    alone = f"{name}msgspec.Struct, by msgspec alone into the same attrs classes"
    yield Row(part=PART, name=alone, value=ratio("msgspec", "Struct"))
    yield Row(
        part=PART,
        name=f"{name}msgspec.Struct, from the open-source engine",
        value=ratio("sdk, less", "Struct, less"),
    )
    yield Row(part=PART, name=f"{name}pydantic v2", value=ratio("sdk", "pydantic"), goal=0.45)
    yield Row(part=PART, name=f"{name}generated from_dict", value=ratio("sdk", "from_dict"))


def _encoding(rounds: int, times: int) -> Iterator[Row]:
    request, struct, model = update(), _struct_update(), _model_update()
    _check_same(encode(request), msgspec.json.encode(struct))
    ratio = interleaved(
        {
            "sdk": _timed(lambda: encode(request), times),
            "Struct": _timed(lambda: msgspec.json.encode(struct), times),
            "pydantic": _timed(lambda: model.model_dump_json(exclude_unset=True), times),
        },
        rounds=rounds,
    )
    name = "encode an integration update, over "
    yield Row(part=PART, name=f"{name}msgspec.Struct", value=ratio("sdk", "Struct"), goal=4)
    yield Row(part=PART, name=f"{name}pydantic v2", value=ratio("sdk", "pydantic"))


def _check_same_members(theirs: set[str]) -> None:
    """What all of them decode are whole groups."""
    if theirs != set(attrs.fields_dict(AlertGroup)):
        raise AssertionError(f"They do not decode the same: {theirs}")


def _check_same_types(theirs: type) -> None:
    """What the lower bound decodes has the same members, of the same types, at every depth."""
    if _shape(type_info(theirs)) != _shape(type_info(AlertGroup)):
        raise AssertionError(f"They do not decode the same: {theirs}")


def _shape(kind: Type) -> object:
    """Return a type without the names of classes."""
    match kind:
        case DataclassType() | StructType():
            return [(one.name, one.required, _shape(one.type)) for one in kind.fields]
        case EnumType():
            return [*kind.cls]
        case VarTupleType():
            return (_shape(kind.item_type),)
        case UnionType():
            return {repr(_shape(one)) for one in kind.types}
        case _:
            return kind


def _check_same(ours: bytes | None, theirs: bytes) -> None:
    if ours is None or msgspec.json.decode(ours) != msgspec.json.decode(theirs):
        raise AssertionError(f"They do not encode the same: {ours!r}, {theirs!r}")
