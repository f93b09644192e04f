"""The commands against real processes: a simulator, a gateway, a strategy; then the same book at rest."""

from __future__ import annotations

import gzip
import json
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.process.desk import Desk
from tests.process.world import World, eventually

LOWER = "dogeusdt"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with World.running(tmp_path_factory.mktemp("commands")) as world:
        yield Desk(world)


def _net(desk: Desk, session: int) -> Decimal:
    rows = desk.ask("pos", "show", f"--session={session}", f"--symbol={LOWER}")["positions"]
    return sum((Decimal(row["position"]["net"]) for row in rows), Decimal(0))


def test_from_nothing_to_a_book_at_rest(desk: Desk) -> None:
    world = desk.world
    assert "no gateway answers at" in desk.run("status", code=3)
    assert "No problems" in desk.run("doctor")

    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    holder = world.start_program("holder", "3")
    eventually("a position and an order", lambda: '"net": 10' in holder.out and '"open": [[' in holder.out)
    _check_running(desk)
    _check_correction(desk)
    _check_stopping(desk)
    holder.kill()

    running = {name: desk.ask(*words) for name, words in QUESTIONS.items()}
    assert "our gateway runs there" in desk.run("doctor")
    assert gateway.stop() == 0, gateway.err
    _check_same_at_rest(desk, running)
    _check_edit_at_rest(desk)


QUESTIONS = {
    "orders": ("orders",),
    "fills": ("fills", f"--symbol={LOWER}"),
    "positions": ("pos", "show", f"--symbol={LOWER}"),
    "explanation": ("explain", LOWER),
}


def _check_running(desk: Desk) -> None:
    status = desk.ask("status")
    assert status["source"]["kind"] == "gateway" and status["status"]["ready"] and not status["status"]["differences"]
    assert status["status"]["open_orders"] == 1 and status["status"]["sessions"] == 1
    sessions = {row["session_id"]: row for row in desk.ask("sessions")["sessions"]}
    assert sessions[3]["name"] == "holder" and sessions[3]["is_connected"] and sessions[3]["open_orders"] == 1
    (order,) = desk.ask("orders", "--session=3")["orders"]
    at_exchange = {row["client_order_id"]: row for row in desk.world.orders()}
    assert Decimal(at_exchange[order["order"]["client_order_id"]]["price"]) == Decimal(order["order"]["price"])
    assert len(desk.ask("orders", "--session=3", "--all")["orders"]) == 2
    fills = desk.ask("fills", "--session=3")["fills"]
    executions = [row for row in desk.world.ledger() if row.client_order_id == fills[0]["client_order_id"]]
    assert sum(Decimal(row["fill"]["qty"]) for row in fills) == sum(row.qty for row in executions) == 10
    explanation = desk.ask("explain", LOWER)["explanation"]
    assert Decimal(explanation["difference"]) == 0 and Decimal(explanation["account"]) == 10
    for words in (["status"], ["sessions"], ["orders", "--all"], ["fills"], ["pos", "show"], ["explain", LOWER]):
        assert "from the running gateway at ws://localhost:" in desk.run(*words)


def _check_correction(desk: Desk) -> None:
    assert "10 → 4, EXTERNAL is 6" in desk.run("pos", "set", "3", LOWER, "4")
    assert [_net(desk, 3), _net(desk, -1)] == [Decimal(4), Decimal(6)]
    assert desk.run("pos", "set", "3", "nosuchusdt", "4", code=1)
    assert desk.run("pos", "set", "3", LOWER, "lots", code=2)
    assert "not halted" in desk.run("resume", LOWER, code=1)
    assert desk.run("explain", "nosuchusdt", code=1)
    assert "10 → " not in desk.run("pos", "set", "3", LOWER, "10")


def _open_there(desk: Desk) -> int:
    return sum(row["status"] in ("NEW", "PARTIALLY_FILLED") for row in desk.world.orders())


def _check_stopping(desk: Desk) -> None:
    """Everything that stops something, against the exchange's own word."""
    assert "nothing is halted" in desk.run("cancel", "--symbol=btcusdt")
    told = desk.ask("halt", "--session=4", "--reason=never seen")["stopping"]
    assert told["confirmed"] and told["scope"] == "session 4" and _open_there(desk) == 1, "another session's stays open"
    told = desk.ask("flatten", "--symbol", LOWER, "--reason=enough")["stopping"]
    assert told["confirmed"] and told["canceled"] == 1 and "held" not in told
    assert [(row["session_id"], row["symbol"]) for row in told["traded"]] == [(3, LOWER)]
    assert _open_there(desk) == 0 and _net(desk, 3) == 0
    assert desk.ask("explain", LOWER)["explanation"]["account"] == "0"
    assert {halt["duty"] for halt in desk.ask("status")["status"]["halts"]} == {"CANCEL"}
    assert "session 4, since" in desk.run("status") and "by an operator: enough" in desk.run("status")
    assert "dogeusdt: orders are allowed again" in desk.run("resume", f"--symbol={LOWER}")
    desk.run("resume", "--session=4")
    kill_file = desk.world.directory / "pos.db.kill"
    kill_file.write_text("smoke")
    eventually("the account halted", lambda: desk.ask("status")["status"]["halts"])
    assert "smoke" in desk.run("status") and "pos.db.kill is there" in desk.run("doctor", code=1)
    assert "remove it first" in desk.run("resume", "--account", code=1)
    kill_file.unlink()
    desk.run("resume", "--account", "--reason=only a rehearsal")


def _check_same_at_rest(desk: Desk, running: dict[str, Any]) -> None:
    """What the book says is what the gateway said."""
    for name, words in QUESTIONS.items():
        at_rest = desk.ask(*words)
        assert at_rest["source"]["kind"] == "book"
        if name == "explanation":
            # How far history is read moves by itself, also after the gateway was asked.
            for key in ("account", "difference", "watermark"):
                running[name][name][key] = at_rest[name][key] = None
            for rows in (running[name][name]["positions"], at_rest[name]["positions"]):
                rows.sort(key=lambda row: row["session_id"])
        assert at_rest[name] == running[name][name]


def _check_edit_at_rest(desk: Desk) -> None:
    world = desk.world
    assert "booked at the gateway's next start" in desk.run("pos", "set", "3", LOWER, "-2.5")
    assert "it was 0;" in desk.run("explain", LOWER)
    assert "is not halted" in desk.run("resume", LOWER, code=1)
    assert "the gateway is not running" in desk.run("cancel", code=1) + desk.run("flatten", code=1)
    assert "session 3: no new orders are taken" in desk.run("halt", "--session=3", "--reason=not today", code=4)
    (halt,) = desk.ask("status")["status"]["halts"]
    assert (halt["session_id"], halt["reason"], halt["state"]) == (3, "by an operator: not today", "HALTED")
    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    assert desk.ask("status")["status"]["halts"] == [halt]
    assert "session 3: orders are allowed again" in desk.run("resume", "--session=3")
    assert (_net(desk, 3), _net(desk, -1)) == (Decimal("-2.5"), Decimal("2.5"))
    assert gateway.stop() == 0, gateway.err


def test_a_second_gateway_holds_the_book(desk: Desk) -> None:
    """The book is found at rest by its name, but a gateway at another address has it."""
    world = desk.world
    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    try:
        assert "held by a gateway that does not answer here" in desk.run(
            "pos", "set", "3", LOWER, "0", "--db=pos.db", code=1
        )
        elsewhere = world.directory / "elsewhere.json"
        config = json.loads((world.directory / "usdt.json").read_text())
        elsewhere.write_text(json.dumps(config | {"local": "ws://localhost:1"}))
        told = desk.run("doctor", "-c=elsewhere.json", code=1)
        assert "does not answer at this configuration's address" in told
    finally:
        gateway.stop()


def test_what_was_recorded_can_be_played(desk: Desk) -> None:
    """Recorded until it is told to stop; the book that plays is the one that was there."""
    world = desk.world
    words = ("record", "-c", "usdt.json", "-o", "tape.gz", "dogeusdt@depth", "dogeusdt@trade", "--json")
    recorder = world.start("recorder", "-m", "tradingsys", *words)
    tape = world.directory / "tape.gz"
    eventually("a part of the market on disk", lambda: tape.exists() and tape.stat().st_size > 1_500)
    assert recorder.stop() == 0, recorder.err
    told = json.loads(recorder.out)
    lines = gzip.decompress(tape.read_bytes()).splitlines()
    assert len(lines) == told["messages"] + told["snapshots"] and told["snapshots"] == 1
    received = [int(line.split(b" ", 1)[0]) for line in lines]
    assert received == sorted(received) and all(json.loads(line.split(b" ", 1)[1]) for line in lines)

    options = ("--port=0", "--replay=tape.gz", "--loop", "--json")
    player = world.start("player", "-m", "tradingsys", "sim", *options)
    eventually("the recording to play", lambda: player.out.endswith("\n") or not player.is_running)
    assert player.is_running, player.err
    admin = json.loads(player.out)["admin"]

    def book() -> Any:
        with urllib.request.urlopen(f"{admin}/status") as reply:
            played = json.loads(reply.read())["symbols"]
        assert list(played) == ["DOGEUSDT"]
        return played["DOGEUSDT"]["best_bid"] and played["DOGEUSDT"]

    played = eventually("a book", book)
    assert 0.4 < float(played["best_bid"]) < float(played["best_ask"]) < 0.8
    assert player.stop() == 0
