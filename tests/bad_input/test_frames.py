"""What no websocket client sends, byte by byte after a good handshake: the connection ends with the right code."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator

import pytest
from msgspec import Struct

from tests.bad_input.exchange import Loop
from tests.unit.gateway.test_local_port import Events, knock
from tests.unit.net.ws_rig import masked, raw_client
from tradingsys.gateway.clients.local_port import LocalPort, open_local_port

_MASK = b"\x01\x02\x03\x04"


class Frames(Struct, frozen=True):
    """Bytes, and how the connection ends; or, with code 0, what the gateway gets to read."""

    name: str
    sent: bytes
    code: int
    read: tuple[bytes, ...] = ()


def frame(
    first: int, payload: bytes = b"", *, second: int | None = None, length: bytes = b"", mask: bytes = _MASK
) -> bytes:
    """A frame of these head bytes."""
    hidden = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)) if mask else payload
    return bytes([first, (0x80 | len(payload)) if second is None else second]) + length + mask + hidden


def _opcodes() -> list[Frames]:
    """Reserved opcodes, reserved bits, and control frames that are in pieces or too long."""
    found = [
        Frames(f"opcode {code:#x}", frame(0x80 | code, b"x"), 1002) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    ]
    for bits in range(1, 8):
        found += [
            Frames(f"reserved bits {bits} of {name}", frame(0x80 | bits << 4 | code, b"x" if code < 8 else b""), 1002)
            for code, name in ((1, "text"), (2, "binary"), (10, "pong"))
        ]
    for code, name in ((8, "close"), (9, "ping"), (10, "pong")):
        found += [
            Frames(f"{name} in pieces", frame(code, b"x"), 1002),
            Frames(f"{name} of 126 bytes", frame(0x80 | code, b"", second=0xFE, length=struct.pack(">H", 126)), 1002),
            Frames(
                f"{name} of 2^40 bytes", frame(0x80 | code, b"", second=0xFF, length=struct.pack(">Q", 2**40)), 1002
            ),
        ]
    return found


def _lengths() -> list[Frames]:
    found = [
        Frames(f"length {size} in 16 bits", frame(0x81, second=0xFE, length=struct.pack(">H", size)), 1002)
        for size in (0, 1, 125)
    ]
    found += [
        Frames(f"length {size} in 64 bits", frame(0x81, second=0xFF, length=struct.pack(">Q", size)), 1002)
        for size in (0, 125, 126, 65_535, 2**63, 2**64 - 1)
    ]
    found += [
        Frames(f"a message of {size} bytes", frame(0x81, second=0xFF, length=struct.pack(">Q", size)), 1009)
        for size in (65_537, 2**20, 2**31, 2**32, 2**62, 2**63 - 1)
    ]
    return found


def _masks() -> list[Frames]:
    return [
        Frames(f"{name} without a mask", frame(0x80 | code, b"x", second=1, mask=b""), 1002)
        for code, name in ((1, "text"), (2, "binary"), (8, "close"), (9, "ping"), (10, "pong"))
    ]


def _pieces() -> list[Frames]:
    half = masked(1, b"x" * 40_000, fin=False)
    return [
        Frames("a continuation of nothing", masked(0, b"x"), 1002),
        Frames("an unfinished continuation of nothing", masked(0, b"x", fin=False), 1002),
        Frames("a message inside another", masked(1, b"a", fin=False) + masked(1, b"b"), 1002),
        Frames("a binary message inside a text", masked(1, b"a", fin=False) + masked(2, b"b"), 1002),
        Frames("pieces that are too long together", half + masked(0, b"x" * 40_000), 1009),
        Frames("pieces without end", masked(1, b"x", fin=False) + masked(0, b"x" * 1_000, fin=False) * 70, 1009),
        Frames("a continuation after the end", masked(1, b"a") + masked(0, b"b"), 1002, (b"a",)),
    ]


def _closes() -> list[Frames]:
    wrong = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999)
    found = [Frames(f"close {code}", masked(8, struct.pack(">H", code)), 1002) for code in wrong]
    found += [
        Frames(f"close {code}", masked(8, struct.pack(">H", code)), code) for code in (1000, 1001, 1011, 3000, 4999)
    ]
    return [
        *found,
        Frames("a close of one byte", masked(8, b"\x03"), 1002),
        Frames("a close with a reason that is no text", masked(8, struct.pack(">H", 1000) + b"\xff\xfe"), 1007),
        Frames("a close without anything", masked(8, b""), 1000),
        Frames("a message after the close", masked(8, b"\x03\xe8") + masked(1, b"x"), 1000),
    ]


def _odd_but_right() -> list[Frames]:
    """What is strange and allowed: it is read, and the connection lives."""
    every = masked(1, b"a") + masked(9, b"?") + masked(1, b"b", fin=False) + masked(10, b"!") + masked(0, b"c")
    return [
        Frames("an empty message", masked(1, b""), 0, (b"",)),
        Frames("a binary message", masked(2, b"xyz"), 0, (b"",)),
        Frames("a text that is none", masked(1, b"\xff\xfe"), 0, (b"\xff\xfe",)),
        Frames("an unasked pong", masked(10, b"x") + masked(1, b"a"), 0, (b"a",)),
        Frames("a mask of zeros", frame(0x81, b"a", mask=b"\0\0\0\0"), 0, (b"a",)),
        Frames("pieces with pings between", every, 0, (b"a", b"bc")),
        Frames(
            "empty pieces", masked(1, b"", fin=False) + masked(0, b"", fin=False) * 50 + masked(0, b"a"), 0, (b"a",)
        ),
        Frames("a hundred at once", masked(1, b"a") * 100, 0, (b"a",) * 100),
    ]


FRAMES = (*_opcodes(), *_lengths(), *_masks(), *_pieces(), *_closes(), *_odd_but_right())


@pytest.fixture(scope="module")
def events() -> Events:
    return Events()


@pytest.fixture(scope="module")
def port(loop: Loop, events: Events) -> Iterator[LocalPort]:
    port = loop.run(open_local_port("localhost", 0, events))
    yield port
    loop.run(port.close())


async def how_it_ends(port: int, sent: bytes, step: int) -> int:
    """The close code; 0 when the connection lives and answers a ping."""
    async with asyncio.timeout(20), raw_client(port, path="/", host="localhost") as (reader, writer):
        for start in range(0, len(sent), step):
            if not writer.is_closing():
                writer.write(sent[start : start + step])
            if step < len(sent):
                await asyncio.sleep(0)
        if not writer.is_closing():
            writer.write(masked(9, b"still there"))
        while True:
            head = await reader.readexactly(2)
            payload = await reader.readexactly(head[1])
            if head[0] == 0x88:
                return int(struct.unpack(">H", payload[:2])[0]) if payload else 1000
            if payload == b"still there":
                return 0


@pytest.mark.parametrize("frames", FRAMES, ids=lambda each: each.name)
@pytest.mark.parametrize("step", [1_000_000, 1], ids=["at once", "byte by byte"])
def test_what_no_client_sends(frames: Frames, step: int, port: LocalPort, loop: Loop, events: Events) -> None:
    if step == 1 and len(frames.sent) > 2_000:
        step = 997
    if "after" in frames.name:
        step = len(frames.sent)  # or the end of the connection is told to the writer first
    del events.frames[:]
    assert loop.run(how_it_ends(port.port, frames.sent, step)) == frames.code
    assert tuple(events.frames) == frames.read
    assert loop.run(knock(port.port, "Host: localhost")) == "101"


@pytest.mark.parametrize("length", range(1, 8))
def test_half_a_frame_holds_nobody_up(length: int, port: LocalPort, loop: Loop) -> None:
    async def stop_in_the_middle() -> None:
        async with raw_client(port.port, path="/", host="localhost") as (_, writer):
            writer.write(masked(1, b"abc")[:length])
            await writer.drain()
            assert await knock(port.port, "Host: localhost") == "101"

    loop.run(stop_in_the_middle())


def test_there_are_many_of_them() -> None:
    assert len({each.name for each in FRAMES}) == len(FRAMES) >= 80
