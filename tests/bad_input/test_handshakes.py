"""Strangers at the local port, byte by byte: each gets its answer, and a strategy comes in after each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.bad_input.exchange import Loop
from tests.bad_input.table_handshakes import HANDSHAKES, Handshake
from tests.unit.gateway.test_local_port import Events, knock
from tradingsys.gateway.clients import local_port
from tradingsys.gateway.clients.local_port import LocalPort, open_local_port


@pytest.fixture(scope="module")
def port(loop: Loop) -> Iterator[LocalPort]:
    patch = pytest.MonkeyPatch()
    patch.setattr(local_port, "_HANDSHAKE_S", 0.3)
    port = loop.run(open_local_port("localhost", 0, Events()))
    yield port
    loop.run(port.close())
    patch.undo()


async def answer(port: int, sent: bytes) -> bytes:
    """The first line that comes back; empty when none does before the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        async with asyncio.timeout(20):
            return await reader.readline()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("handshake", HANDSHAKES, ids=lambda each: each.name)
def test_who_knocks(handshake: Handshake, port: LocalPort, loop: Loop) -> None:
    line = loop.run(answer(port.port, handshake.sent))
    assert line[9:12].decode() == handshake.status, line
    assert loop.run(knock(port.port, "Host: localhost")) == "101"


def test_most_of_them_stay_outside() -> None:
    assert len({each.name for each in HANDSHAKES}) == len(HANDSHAKES)
    assert len([each for each in HANDSHAKES if each.status != "101"]) >= 60
