"""The two chains: exchange → middle → client and back, each of the three in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.exchange import Exchange
from benchmarks.measure import Sample, sample
from benchmarks.venue import API_KEY, MeasuringVenue
from tradingsys.net import ws
from tradingsys.venues.auth import load_signer

__all__ = ["bare_chain", "gateway_chain"]

ROOT = Path(__file__).resolve().parents[1]
READY_S = 20.0
LINE_LIMIT = 1 << 24
"""Bytes of the longest line a client prints: all its times at once."""


@asynccontextmanager
async def process(*arguments: str, directory: Path | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python process whose output is read; ended in the end if it is still there."""
    # What is measured is this working copy, whatever is installed.
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "PYTHONUNBUFFERED": "1"}
    if directory is not None:
        environ["XDG_CONFIG_HOME"] = environ["XDG_RUNTIME_DIR"] = str(directory)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_LIMIT,
        cwd=directory,
        env=environ,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


async def line(child: asyncio.subprocess.Process) -> str:
    """The next line a process prints."""
    assert child.stdout is not None
    async with asyncio.timeout(READY_S):
        text = await child.stdout.readline()
    if not text:
        raise RuntimeError(f"process {child.pid} ended before it was ready")
    return text.decode().strip()


async def bare_chain(ticks: int, warm_up: int, pause_s: float) -> Sample:
    """One run over the yardstick's relay and client."""

    def answer(conn: ws.Connection, data: bytes) -> None:
        conn.send(b'{"id":%d,"status":200,"result":{}}' % msgspec.json.decode(data)["id"])

    exchange = Exchange(answer)
    url = f"ws://127.0.0.1:{await exchange.start()}"
    async with process("-m", "benchmarks.bare", "relay", url) as relay:
        port = await line(relay)
        async with process("-m", "benchmarks.bare", "client", port, str(ticks)) as client:
            assert await line(client) == "ready"
            await exchange.subscribed.wait()
            await exchange.run(ticks, pause_s)
            seen_ns = {int(tick): ns for tick, ns in json.loads(await line(client)).items()}
    await exchange.stop()
    return sample(exchange.tick_ns, seen_ns, exchange.order_ns, warm_up)


async def gateway_chain(ticks: int, warm_up: int, pause_s: float) -> Sample:
    """One run over the gateway and a strategy."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    venue = MeasuringVenue(load_signer(pem_text=pem))
    url = f"ws://127.0.0.1:{await venue.start()}"
    with tempfile.TemporaryDirectory(prefix="tradingsys-bench-") as name:
        directory = Path(name)
        port = free_port()
        config = {
            "apikey": API_KEY,
            "pem": "key.pem",
            "local": f"ws://localhost:{port}",
            "environment": "sim",
            "urls": {"rest": f"http://127.0.0.1:{venue.http_port}", "ws_api": f"{url}/ws-fapi/v1", "streams": url},
        }
        (directory / "key.pem").write_text(pem)
        (directory / "usdt.json").write_bytes(msgspec.json.encode(config))
        async with process("-m", "tradingsys", "usdt", "-c=usdt.json", "-l=warn", directory=directory):
            program = ("-m", "benchmarks.strategy", f"ws://localhost:{port}", str(ticks))
            async with process(*program, directory=directory) as strategy:
                assert await line(strategy) == "ready"
                await venue.subscribed.wait()
                await venue.run(ticks, pause_s)
                seen_ns = {int(tick): ns for tick, ns in json.loads(await line(strategy)).items()}
    await venue.stop()
    return sample(venue.tick_ns, seen_ns, venue.order_ns, warm_up)


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
