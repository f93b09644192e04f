"""How payloads are found, and what makes examples that no answer can look like into answers: nothing is left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from tests.shared_data import SHARED
from tradingsys.venues.binance import messages as m

__all__ = ["BINANCE", "Table", "as_array", "in_result", "is_type", "order_and_list", "whole_rows"]

BINANCE = SHARED / "data" / "binance"
_REST_OF_A_ROW = ["2", "3", "1", "2", "10", 1499644799999, "20", 4, "5", "10", "0"]
_ANY_DECIMAL = "1"

Reader = Any
Reshape = Callable[[Any], Any]


@dataclass(frozen=True)
class Table:
    """One product. Readers are types, or functions from bytes to messages.

    REST examples are named by method and path, files by their path in the folder, all others by the kind of their
    interface and their own name.
    """

    prefix: str
    """Of the files with examples."""
    rest: Mapping[str, Reader]
    ws_api: Mapping[str, Reader] = field(default_factory=dict)
    streams: Mapping[str, Reader] = field(default_factory=dict)
    files: Mapping[str, Reader] = field(default_factory=dict)
    folder: str | None = None
    """Of the recorded payloads."""
    reshaped: Mapping[str, Reshape] = field(default_factory=dict)
    unspoken: Mapping[str, str] = field(default_factory=dict)
    """Folders of payloads that are not read, and why."""
    lacks_decimals: bool = False
    """Whether the examples lost amounts on their way into the documents: required texts are put back."""

    @property
    def readers(self) -> dict[str, Reader]:
        """By the name of a payload."""
        return {
            **self.rest,
            **{f"ws_api {name}": reader for name, reader in self.ws_api.items()},
            **{f"streams {name}": reader for name, reader in self.streams.items()},
            **self.files,
        }

    @property
    def paths(self) -> list[Path]:
        """All files of recorded payloads, unspoken ones left out."""
        if self.folder is None:
            return []
        root = BINANCE / "payloads" / self.folder
        files = [path for path in root.rglob("*") if path.is_file()]
        return [path for path in files if path.relative_to(root).parts[0] not in self.unspoken]

    def examples(self) -> list[tuple[str, Any]]:
        """(name, payload) of everything recorded and documented; of an example with several tellings, all."""
        root = BINANCE / "payloads" / (self.folder or "")
        found = [(path.relative_to(root).as_posix(), json.loads(path.read_bytes())) for path in self.paths]
        for path in sorted((BINANCE / "docs_examples").glob(f"{self.prefix}.*.jsonl")):
            for line in path.read_text("utf-8").splitlines():
                row = json.loads(line)
                name = _example_name(path.name.split(".")[1], row)
                found.append((name, self._restored(name, row["expected_response"])))
        return found

    def recoded(self, name: str, payload: Any) -> Any:
        """The payload, read and written again."""
        reader, data = self.readers[name], json.dumps(payload).encode()
        if not name.startswith("ws_api "):
            return json.loads(msgspec.json.encode(_read(reader, data)))
        reply = msgspec.json.decode(data, type=m.WsApiReply)
        assert isinstance(reply.result, msgspec.Raw)
        result = msgspec.json.encode(_read(reader, bytes(reply.result)))
        return json.loads(msgspec.json.encode(msgspec.structs.replace(reply, result=msgspec.Raw(result))))

    def _restored(self, name: str, payload: Any) -> Any:
        if name in self.reshaped:
            payload = self.reshaped[name](payload)
        reader = self.readers.get(name)
        if not self.lacks_decimals or reader is None or not is_type(reader):
            return payload
        kind = inspect.type_info(reader)
        return (
            in_result(partial(_with_decimals, kind))(payload)
            if name.startswith("ws_api ")
            else _with_decimals(kind, payload)
        )


def whole_rows(rows: Any) -> Any:
    """The example keeps the first cell of each row only."""
    assert all(len(row) == 1 for row in rows)
    return [[*row, *_REST_OF_A_ROW] for row in rows]


def as_array(split: Reshape) -> Reshape:
    """The example shows what an element may be in one object: in turn, each of the kinds that it is split into."""
    return lambda shown: [part for each in (shown if isinstance(shown, list) else [shown]) for part in split(each)]


def order_and_list(element: Any) -> list[Any]:
    """An order and a list of orders, of which the example says in one object that an element may be either."""
    of_both = {"symbol", "orderListId", "isIsolated"}
    of_lists = {
        "contingencyType", "listStatusType", "listOrderStatus", "listClientOrderId", "transactionTime", "orders",
        "orderReports",
    }  # fmt: skip
    assert of_lists <= element.keys()
    return [
        {key: value for key, value in element.items() if key not in of_lists},
        {key: value for key, value in element.items() if key in of_lists | of_both},
    ]


def in_result(reshape: Reshape) -> Reshape:
    """Inside a reply of the WS-API."""
    return lambda reply: {**reply, "result": reshape(reply["result"])}


def _example_name(interface: str, row: Any) -> str:
    if interface == "rest_api":
        return f"{row['http']} {row['path']}"
    name: str = row["test"].removeprefix("test_")
    for end in ("_success_with_optional_params", "_success", "_subscription"):
        name = name.removesuffix(end)
    return f"{'ws_api' if interface == 'websocket_api' else 'streams'} {name}"


def is_type(reader: Reader) -> bool:
    return isinstance(reader, type) or not callable(reader) or hasattr(reader, "__origin__")


def _read(reader: Reader, data: bytes) -> Any:
    return msgspec.json.decode(data, type=reader) if is_type(reader) else reader(data)


def _with_decimals(kind: inspect.Type, shown: Any) -> Any:
    """What is shown, with a number wherever a required text is missing."""
    match kind:
        case inspect.StructType() if isinstance(shown, dict):
            told = {each.encode_name: each for each in kind.fields}
            missing = {
                name: _ANY_DECIMAL
                for name, each in told.items()
                if each.required and name not in shown and isinstance(each.type, inspect.StrType)
            }
            known = {
                key: _with_decimals(told[key].type, value) if key in told else value for key, value in shown.items()
            }
            return {**known, **missing}
        case inspect.ListType() if isinstance(shown, list):
            return [_with_decimals(kind.item_type, each) for each in shown]
        case inspect.UnionType():
            for each in kind.types:
                if isinstance(each, inspect.StructType | inspect.ListType):
                    return _with_decimals(each, shown)
    return shown
