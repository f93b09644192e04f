"""record: what is asked of the exchange, what the file holds, and how it ends."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.unit.cli.box import Box, running_box
from tradingsys.cli.app import FAILURE, OK, USAGE, execute
from tradingsys.cli.record.streams import parse_streams
from tradingsys.cli.record.tape_file import TapeFile
from tradingsys.core.errors import ConfigError
from tradingsys.gateway.configuration.products import ProductName

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box(flow=Random(5)) as running:
        yield running


def lines(path: Path) -> list[tuple[int, Any]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    assert content.endswith(b"\n")
    split = [line.partition(b" ") for line in content.splitlines()]
    return [(int(stamp), json.loads(message)) for stamp, _, message in split]


@pytest.mark.parametrize(
    ("given", "name", "route"),
    [
        ("btcusdt@depth", "btcusdt@depth@100ms", "public"),
        ("BTCUSDT@depth:0ms", "btcusdt@depth@0ms", "public"),
        ("btcusdt@depth:250ms", "btcusdt@depth", "public"),
        ("btcusdt@depth@500ms", "btcusdt@depth@500ms", "public"),
        ("btcusdt@depth20@100ms", "btcusdt@depth20@100ms", "public"),
        ("btcusdt@bbo", "btcusdt@bookTicker", "public"),
        ("!bookTicker", "!bookTicker", "public"),
        ("btcusdt@trade", "btcusdt@aggTrade", "market"),
        ("btcusdt@aggTrade", "btcusdt@aggTrade", "market"),
        ("btcusdt@mark", "btcusdt@markPrice@1s", "market"),
        ("btcusdt@markPrice", "btcusdt@markPrice", "market"),
        ("btcusdt@kline:1m", "btcusdt@kline_1m", "market"),
        ("btcusdt@kline_1M", "btcusdt@kline_1M", "market"),
        ("!forceOrder@arr", "!forceOrder@arr", "market"),
    ],
)
def test_names_in_our_words_and_in_the_exchanges(given: str, name: str, route: str) -> None:
    (stream,) = parse_streams([given], ProductName.USDM, "100ms")
    assert (stream.name, stream.route) == (name, route)
    assert stream.is_diff_depth is ("@depth" in name and "depth20" not in name)


def test_the_same_stream_is_recorded_once() -> None:
    assert len(parse_streams(["btcusdt@trade", "btcusdt@aggTrade", "BTCUSDT@trade"], ProductName.USDM, "0ms")) == 1


@pytest.mark.parametrize("name", ["btcusdt", "@depth", "btcusdt@", "btcusdt@deepth", "btcusdt@kline:7m", "a b@depth"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(ConfigError, match=r"stream"):
        parse_streams([name], ProductName.USDM, "100ms")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("btcusdt@depth", "btcusdt@depth@100ms"),
        ("btcusdt@depth:1000ms", "btcusdt@depth"),
        ("btcusdt@trade", "btcusdt@aggTrade"),
        ("btcusdt@kline:1s", "btcusdt@kline_1s"),
    ],
)
def test_spot_has_one_connection_and_speeds_of_its_own(given: str, name: str) -> None:
    (stream,) = parse_streams([given], ProductName.SPOT, "100ms")
    assert (stream.name, stream.route) == (name, "market")


@pytest.mark.parametrize("name", ["btcusdt@mark", "btcusdt@depth:0ms", "!forceOrder@arr"])
def test_what_only_futures_have_is_no_stream_of_spot(name: str) -> None:
    with pytest.raises(ConfigError, match=r"spot|100ms, 1000ms"):
        parse_streams([name], ProductName.SPOT, "100ms")


def test_a_recording_rebuilds_the_book(box: Box, folder: Path, capsys: Captured) -> None:
    config = box.config(folder, apikey="unused", secret="unused")
    streams = ["btcusdt@depth", "btcusdt@trade", "btcusdt@bbo", "btcusdt@mark"]
    words = ["record", "-c", str(config), "-o", "tape.gz", *streams, "--duration=2.5", "--json"]
    before_ns = time.time_ns()
    assert execute(words) == OK
    summary = json.loads(capsys.readouterr().out)
    recorded = lines(folder / "tape.gz")
    assert [stamp for stamp, _ in recorded] == sorted(stamp for stamp, _ in recorded)
    assert before_ns < recorded[0][0] < recorded[-1][0] < time.time_ns()
    counts: dict[str, int] = {}
    for _, message in recorded:
        if "stream" in message:
            counts[message["stream"]] = counts.get(message["stream"], 0) + 1
    assert counts == {name: count for name, count in summary["streams"].items() if count}
    assert summary["messages"] == sum(counts.values()) and summary["snapshots"] == 1 and summary["reconnects"] == 0
    assert set(counts) == {"btcusdt@depth@100ms", "btcusdt@aggTrade", "btcusdt@bookTicker", "btcusdt@markPrice@1s"}
    _replay(recorded)


def _replay(recorded: list[tuple[int, Any]]) -> None:
    """Every change after the snapshot follows on the one before."""
    (snapshot,) = (message for _, message in recorded if "lastUpdateId" in message)
    changes = [message["data"] for _, message in recorded if message.get("stream") == "btcusdt@depth@100ms"]
    assert changes[0]["U"] <= snapshot["lastUpdateId"]
    after = [change for change in changes if change["u"] >= snapshot["lastUpdateId"]]
    assert after and after[0]["U"] <= snapshot["lastUpdateId"] + 1
    assert all(change["pu"] == previous["u"] for previous, change in pairwise(changes))


def test_snapshots_of_several_books_say_what_they_are_of(box: Box, folder: Path, capsys: Captured) -> None:
    config = box.config(folder)
    words = ["record", "-c", str(config), "-o", "tape", "btcusdt@depth", "ethusdt@depth", "--duration=1"]
    assert execute(words) == OK
    recorded = lines(folder / "tape")
    named = {message["stream"] for _, message in recorded if "lastUpdateId" in message.get("data", {})}
    assert named == {"btcusdt@depthSnapshot", "ethusdt@depthSnapshot"}
    assert "snapshots: 2, reconnects: 0" in capsys.readouterr().out


def test_a_lost_connection_is_made_again_with_another_snapshot(box: Box, folder: Path, capsys: Captured) -> None:
    config = box.config(folder)
    cutter = threading.Timer(1.0, box.drop_everybody)
    cutter.start()
    assert execute(["record", "-c", str(config), "-o", "tape", "btcusdt@depth", "--duration=3", "--json"]) == OK
    cutter.join()
    captured = capsys.readouterr()
    summary = json.loads(captured.out)
    assert (summary["snapshots"], summary["reconnects"]) == (2, 1)
    assert "connecting again in" in captured.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["-o", "tape"], USAGE, "name at least one stream"),
        (["btcusdt@depth"], USAGE, "--output"),
        (["-o", "tape", "nosuch@depth"], USAGE, "the exchange does not have nosuch"),
        (["-o", "tape", "btcusdt@deep"], USAGE, "the exchange has no stream 'btcusdt@deep'"),
        (["-o", "there", "btcusdt@depth"], USAGE, "there: exists; nothing is overwritten"),
        (["-o", "nowhere/tape", "btcusdt@depth"], USAGE, "nowhere/tape: cannot be written"),
        (["-o", "tape", "btcusdt@depth", "--duration=0"], USAGE, "no duration such as 90"),
        (["-o", "tape", "btcusdt@depth", "--duration=soon"], USAGE, "no duration such as 90"),
        (["-o", "tape", "btcusdt@depth", "--diff-depth=5ms"], USAGE, "--diff-depth"),
        (["-o", "tape", "btcusdt@depth", "--environment=moon"], USAGE, "--environment"),
        (["-o", "tape", "btcusdt@depth", "--environment=sim"], USAGE, "leave one out"),
        (["-o", "/dev/full", "btcusdt@depth"], FAILURE, "/dev/full: No space left on device; make room"),
    ],
)
def test_what_cannot_be_recorded(
    box: Box, folder: Path, capsys: Captured, words: list[str], code: int, told: str
) -> None:
    (folder / "there").write_text("precious")
    config = box.config(folder)
    assert execute(["record", "-c", str(config), *words]) == code
    captured = capsys.readouterr()
    assert told in captured.err and "Traceback" not in captured.err
    assert (folder / "there").read_text() == "precious" and not (folder / "tape").exists()


def test_an_exchange_that_cannot_be_reached(box: Box, folder: Path, capsys: Captured) -> None:
    config = box.config(folder, urls={"rest": "http://localhost:1"})
    assert execute(["record", "-c", str(config), "-o", "tape", "btcusdt@depth"]) == FAILURE
    assert "http://localhost:1 cannot be reached" in capsys.readouterr().err
    assert not (folder / "tape").exists()


def test_streams_that_stay_silent_are_named(folder: Path, capsys: Captured) -> None:
    with running_box() as quiet:  # nobody trades
        config = quiet.config(folder)
        words = ["record", "-c", str(config), "-o", "tape", "btcusdt@trade", "--duration=1"]
        assert execute(words) == FAILURE
    assert "nothing arrived of btcusdt@aggTrade" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_a_summary(box: Box, folder: Path, number: int) -> None:
    config = box.config(folder)
    command = [sys.executable, "-m", "tradingsys", "record", "-c", str(config), "-o", "tape.gz", "btcusdt@depth"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        _until_written(folder / "tape.gz")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == OK, err
    assert "snapshots: 1, reconnects: 0" in out and "btcusdt@depth@100ms" in out
    assert lines(folder / "tape.gz")


def test_what_a_killed_recording_wrote_can_be_read(box: Box, folder: Path) -> None:
    config = box.config(folder)
    command = [sys.executable, "-m", "tradingsys", "record", "-c", str(config), "-o", "tape.gz", "btcusdt@depth"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _until_written(folder / "tape.gz")
        process.kill()
    found = b""
    with gzip.open(folder / "tape.gz") as tape, pytest.raises(EOFError):
        while piece := tape.read1():
            found += piece
    assert b'{"stream":"btcusdt@depth@100ms"' in found


def _until_written(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists() or path.stat().st_size < 1000:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_full_disk_is_told_and_what_was_written_is_kept(box: Box, folder: Path) -> None:
    config = box.config(folder)
    command = [sys.executable, "-m", "tradingsys", "record", "-c", str(config), "-o", "tape", "btcusdt@depth"]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))

    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, timeout=60, check=False)
    assert done.returncode == FAILURE
    assert "tradingsys: tape: File too large; make room" in done.stderr and "Traceback" not in done.stderr
    assert (folder / "tape").stat().st_size == 8_000


def test_a_message_of_several_lines_becomes_one(folder: Path) -> None:
    tape = TapeFile(folder / "tape")
    tape.take(7, b'{"stream":\r\n "a"}')
    tape.close()
    assert (folder / "tape").read_bytes() == b'7 {"stream":   "a"}\n'


def test_a_pipe_may_be_written_to(folder: Path) -> None:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    tape = TapeFile(pipe)
    tape.take(1, b"{}")
    tape.close()
    reader.join(10)
    assert read == [b"1 {}\n"]
