"""Every recorded payload and every example of the exchange's documents: what is read of it is written again alike."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from tests.shared_data import SHARED, requires_shared
from tests.unit.venues.binance.payload_tables.margin import MARGIN
from tests.unit.venues.binance.payload_tables.spot import SPOT
from tests.unit.venues.binance.payload_tables.table import BINANCE, Table, is_type
from tests.unit.venues.binance.payload_tables.usdm import USDM
from tradingsys.venues.binance import decode
from tradingsys.venues.binance import messages as m

TABLES = {"usdm": USDM, "spot": SPOT, "margin": MARGIN}


def lost(original: Any, copy: Any, where: str = "") -> Iterator[str]:
    """Where the two differ: keys that only one has, other values, or the same values as other kinds of JSON."""
    if isinstance(original, dict) and isinstance(copy, dict):
        yield from (f"{where}.{key}".removeprefix(".") for key in original.keys() ^ copy.keys())
        for key in original.keys() & copy.keys():
            yield from lost(original[key], copy[key], f"{where}.{key}".removeprefix("."))
    elif isinstance(original, list) and isinstance(copy, list) and len(original) == len(copy):
        for mine, theirs in zip(original, copy, strict=True):
            yield from lost(mine, theirs, f"{where}[]")
    elif original != copy or type(original) is not type(copy):
        yield f"{where}: {original!r} became {copy!r}"


EXAMPLES = (
    [(table, name, payload) for table in TABLES.values() for name, payload in table.examples()]
    if SHARED.is_dir()
    else []
)


@requires_shared
@pytest.mark.parametrize("product", list(TABLES))
def test_every_payload_is_read_and_nothing_is_read_that_was_not_recorded(product: str) -> None:
    table = TABLES[product]
    assert {name for name, _ in table.examples()} == table.readers.keys()
    assert not [path for path in table.paths if path.suffix != ".json"]


@requires_shared
def test_every_file_of_payloads_and_examples_is_some_products() -> None:
    prefixes = {path.name.split(".")[0] for path in (BINANCE / "docs_examples").glob("*.jsonl")}
    assert prefixes == {table.prefix for table in TABLES.values()}
    folders = {path.name for path in (BINANCE / "payloads").iterdir()}
    assert folders == {table.folder for table in TABLES.values() if table.folder}
    unspoken = {
        (table.folder, path.parts[-1], path.is_dir())
        for table in TABLES.values()
        for name in table.unspoken
        for path in [BINANCE / "payloads" / str(table.folder) / name]
    }
    assert unspoken == {("spot", "user_data_sbe", True)}


@requires_shared
@pytest.mark.parametrize(("table", "name", "payload"), EXAMPLES, ids=[name for _, name, _ in EXAMPLES])
def test_what_is_read_is_written_again_with_the_same_keys_and_values(table: Table, name: str, payload: Any) -> None:
    assert not set(lost(payload, table.recoded(name, payload)))


@requires_shared
def test_no_key_of_an_example_is_ever_taken_away() -> None:
    """What is put back, or put in the shape of an answer, is all still there."""
    shown: set[str] = set()
    for path in (BINANCE / "docs_examples").glob("*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            shown |= set(_keys(json.loads(line)["expected_response"]))
    assert shown <= {key for _, _, payload in EXAMPLES for key in _keys(payload)}


@requires_shared
@pytest.mark.parametrize("product", ["spot", "usdm"])
def test_symbols_of_2026_are_read_and_written_again(product: str) -> None:
    """They were recorded by a client that made texts of numbers."""
    recorded = json.loads((BINANCE / "exchange_info_2026.json").read_bytes())[product]
    assert recorded
    for symbol in recorded:
        read = msgspec.convert(symbol, m.Symbol, strict=False)
        assert not set(lost(_as_texts(symbol), _as_texts(json.loads(msgspec.json.encode(read)))))


def _as_texts(payload: Any) -> Any:
    if isinstance(payload, dict):
        return {key: _as_texts(value) for key, value in payload.items()}
    return [_as_texts(each) for each in payload] if isinstance(payload, list) else str(payload)


def _keys(payload: Any) -> Iterator[str]:
    if isinstance(payload, dict):
        yield from payload
    for each in payload.values() if isinstance(payload, dict) else payload if isinstance(payload, list) else ():
        yield from _keys(each)


def unread(kind: inspect.Type, seen: set[type]) -> Iterator[str]:
    """Parts of a type that would be kept as bytes or as whatever JSON they are."""
    if isinstance(kind, inspect.AnyType | inspect.RawType):
        yield type(kind).__name__
    elif isinstance(kind, inspect.StructType):
        if kind.cls not in seen:
            seen.add(kind.cls)
            for field in kind.fields:
                yield from (f"{kind.cls.__name__}.{field.name}: {part}" for part in unread(field.type, seen))
    elif isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from unread(each, seen)
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        yield from unread(kind.item_type, seen)
    elif isinstance(kind, inspect.DictType):
        yield from unread(kind.value_type, seen)


def test_all_of_a_payload_is_read_into_values() -> None:
    kinds = [reader for table in TABLES.values() for reader in table.readers.values() if is_type(reader)]
    assert not [part for kind in kinds for part in unread(inspect.type_info(kind), set())]
    assert list(unread(inspect.type_info(m.WsApiReply), set())) == ["WsApiReply.result: RawType"]


def test_a_lost_key_is_found_however_deep() -> None:
    original = {"a": [{"b": 1, "c": [{"d": 2}]}]}
    assert set(lost(original, {"a": [{"b": 1, "c": [{}]}]})) == {"a[].c[].d"}
    assert set(lost(original, {"a": [{"c": [{"d": 3}]}], "x": 1})) == {"a[].b", "x", "a[].c[].d: 2 became 3"}
    assert set(lost({"a": 1, "b": 1}, {"a": 1.0, "b": True})) == {"a: 1 became 1.0", "b: 1 became True"}
    assert not set(lost(original, original))


def test_an_element_of_a_batch_is_an_order_or_an_error() -> None:
    order = {
        "orderId": 7, "symbol": "AUSDT", "status": "NEW", "clientOrderId": "x", "price": "2", "origQty": "1",
        "executedQty": "0", "type": "LIMIT", "side": "BUY", "updateTime": 5,
    }  # fmt: skip
    error = {"code": -2022, "msg": "ReduceOnly Order is rejected."}
    told = decode.batch(json.dumps([order, error]).encode())
    assert [type(one) for one in told] == [m.OrderReply, m.ErrorBody]
    assert json.loads(msgspec.json.encode(told)) == [order, error]
