"""Makes wrong input of right input: bytes that broke on the way, and JSON that says something odd."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

__all__ = ["Mutator"]

_MAX_BYTES = 64 * 1024
_TOKENS = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"', b"{", b"}", b"[", b"]", b":", b",", b"\\", b"\\u0000",
    b"\\ud800", b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-0", b"9223372036854775808", b"0x1", b"1_0",
    b"\r\n", b"\n", b" ", b"%00", b"../", b"[" * 3_000, b'{"a":' * 2_000, b"9" * 5_000, b"\x7f" * 200,
)  # fmt: skip
_ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**40, 0.1, -0.0, 1e300, 5e-324, "", " ",
    "0", "-1", "NaN", "Infinity", "1E+999999", "1e-999999", "1_0", "0x1", "+1", "1,5", "9" * 400, "0." + "0" * 400,
    "\x00", "\u2028", "\ufeff", "é" * 50, "ß", "İ", "a" * 5_000, [], {}, [[]], [{}], {"": None}, [1, "2", None],
)  # fmt: skip


class Mutator:
    """The same seed and samples make the same sequence."""

    def __init__(self, seed: str, samples: Sequence[bytes]) -> None:
        self._random = Random(seed)
        self._samples = list(samples)

    def __iter__(self) -> Iterator[bytes]:
        ways: tuple[Callable[[bytes], bytes], ...] = (
            self._flip, self._insert, self._delete, self._repeat, self._splice, self._cut,
            self._odd_value, self._odd_value, self._odd_value, self._odd_shape, self._odd_shape, self._twice,
        )  # fmt: skip
        while True:
            data = self._random.choice(self._samples)
            for _ in range(self._random.randint(1, 4)):
                data = self._random.choice(ways)(data)
            yield data[:_MAX_BYTES]

    # Bytes

    def _place(self, data: bytes) -> int:
        return self._random.randint(0, len(data))

    def _flip(self, data: bytes) -> bytes:
        if not data:
            return data
        at = self._random.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 << self._random.randrange(8))]) + data[at + 1 :]

    def _insert(self, data: bytes) -> bytes:
        at = self._place(data)
        token = self._random.choice(_TOKENS) if self._random.random() < 0.7 else self._random.randbytes(3)
        return data[:at] + token + data[at:]

    def _delete(self, data: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + data[at + self._random.choice((1, 2, 4, 16, 64)) :]

    def _repeat(self, data: bytes) -> bytes:
        at = self._place(data)
        piece = data[at : at + self._random.choice((1, 4, 32))]
        return data[:at] + piece * self._random.choice((2, 3, 100)) + data[at:]

    def _splice(self, data: bytes) -> bytes:
        other = self._random.choice(self._samples)
        return data[: self._place(data)] + other[self._place(other) :]

    def _cut(self, data: bytes) -> bytes:
        return data[: self._place(data)]

    # JSON

    def _odd_value(self, data: bytes) -> bytes:
        return self._changed(data, lambda parent, key: parent.__setitem__(key, self._random.choice(_ODD)))

    def _odd_shape(self, data: bytes) -> bytes:
        def change(parent: Any, key: Any) -> None:
            match self._random.randrange(5):
                case 0:
                    del parent[key]
                case 1:
                    parent[key] = [parent[key]]
                case 2:
                    parent[key] = {"a": parent[key]}
                case 3:
                    value = parent[key]
                    parent[key] = str(value) if not isinstance(value, str) else len(value)
                case _:
                    other = json.loads(self._random.choice(self._json) or "0") if self._json else None
                    parent[key] = other

        return self._changed(data, change)

    def _twice(self, data: bytes) -> bytes:
        """The same key again, with another value."""
        at = data.rfind(b"}")
        begin = data.find(b'"')
        end = data.find(b'"', begin + 1)
        if at < 0 or end < 0:
            return data
        odd = json.dumps(self._random.choice(_ODD), ensure_ascii=self._random.random() < 0.5)
        return data[:at] + b"," + data[begin : end + 1] + b":" + odd.encode(errors="surrogatepass") + data[at:]

    @property
    def _json(self) -> list[bytes]:
        return [sample for sample in self._samples[:20] if sample[:1] in (b"{", b"[")]

    def _changed(self, data: bytes, change: Callable[[Any, Any], None]) -> bytes:
        try:
            whole = json.loads(data)
        except (ValueError, RecursionError):
            return self._flip(data)
        places = list(_places(whole))
        if not places:
            return data
        change(*self._random.choice(places))
        return json.dumps(whole, ensure_ascii=self._random.random() < 0.5).encode(errors="surrogatepass")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in list(members):
        yield value, key
        yield from _places(member)
