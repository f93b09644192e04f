"""What can happen to the processes of a stretch while they live, drawn from its seed; each ends by itself."""

from __future__ import annotations

import signal
from collections.abc import Callable
from threading import Timer

from tests.chaos.clocks import set_clock
from tests.chaos.stage import Stage

__all__ = ["TROUBLES", "Trouble"]

Trouble = Callable[[Stage], None]

_MOST_S = 20.0
_ROOM_BYTES = 60_000
_AN_HOUR_NS = 3_600 * 10**9


def _seconds(stage: Stage) -> float:
    """Mostly one or two; twenty now and then."""
    return min(_MOST_S, 1.0 + stage.random.expovariate(0.7))


def strategy_killed(stage: Stage) -> None:
    """SIGKILL, and started again at once."""
    stage.random.choice(stage.strategies).kill()
    stage.start_strategies()


def gateway_stopped(stage: Stage) -> None:
    """SIGSTOP: as a machine that swaps, or a virtual one that is moved."""
    gateway = stage.gateway
    stage.signal(gateway, signal.SIGSTOP)
    stage.later(_seconds(stage), lambda: stage.signal(gateway, signal.SIGCONT))


def strategy_stopped(stage: Stage) -> None:
    strategy = stage.random.choice(stage.strategies)
    stage.signal(strategy, signal.SIGSTOP)
    stage.later(_seconds(stage), lambda: stage.signal(strategy, signal.SIGCONT))


def exchange_stopped(stage: Stage) -> None:
    """It goes on by a thread of its own: whoever asks it for its records waits until then."""

    def go_on() -> None:
        stage.signal(stage.world.sim, signal.SIGCONT)

    after_s = _seconds(stage)
    stage.signal(stage.world.sim, signal.SIGSTOP)
    stage.later(after_s, go_on)
    timer = Timer(after_s, go_on)
    timer.daemon = True
    timer.start()


def exchange_cut(stage: Stage) -> None:
    """RST on every connection of one address."""
    stage.wires.cut(stage.random.choice(stage.exchange_lines))


def strategy_cut(stage: Stage) -> None:
    stage.wires.cut(stage.random.choice(stage.strategy_lines))


def exchange_requests_vanish(stage: Stage) -> None:
    _vanish(stage, is_exchange=True, to_server=True)


def exchange_answers_vanish(stage: Stage) -> None:
    _vanish(stage, is_exchange=True, to_client=True)


def exchange_half_open(stage: Stage) -> None:
    _vanish(stage, is_exchange=True, to_server=True, to_client=True)


def strategy_requests_vanish(stage: Stage) -> None:
    _vanish(stage, is_exchange=False, to_server=True)


def strategy_answers_vanish(stage: Stage) -> None:
    _vanish(stage, is_exchange=False, to_client=True)


def strategy_half_open(stage: Stage) -> None:
    _vanish(stage, is_exchange=False, to_server=True, to_client=True)


def _vanish(stage: Stage, *, is_exchange: bool, to_server: bool = False, to_client: bool = False) -> None:
    line = stage.random.choice(stage.exchange_lines if is_exchange else stage.strategy_lines)
    stage.wires.swallow(line, to_server=to_server, to_client=to_client)
    stage.later(_seconds(stage), lambda: stage.wires.mend(line))


def disk_full(stage: Stage) -> None:
    """No file grows much further; a gateway that ends by it is started when there is space again."""
    sizes = [path.stat().st_size for path in stage.files]
    stage.limit_files(max(sizes, default=0) + stage.random.randrange(_ROOM_BYTES))
    stage.disk_was_full = True


def clock_step(stage: Stage) -> None:
    """Of the gateway's machine, backwards or forwards: by seconds, or by as much as an hour."""
    span_ns = stage.random.choice((2 * 10**9, 60 * 10**9, _AN_HOUR_NS))
    set_clock(stage.world.directory / "clock", stage.random.randint(-span_ns, span_ns))


TROUBLES: dict[str, tuple[Trouble, float]] = {
    "strategy killed": (strategy_killed, 3),
    "gateway stopped": (gateway_stopped, 1),
    "strategy stopped": (strategy_stopped, 1),
    "exchange stopped": (exchange_stopped, 1),
    "exchange cut": (exchange_cut, 2),
    "strategy cut": (strategy_cut, 2),
    "exchange requests vanish": (exchange_requests_vanish, 1),
    "exchange answers vanish": (exchange_answers_vanish, 1),
    "exchange half open": (exchange_half_open, 1),
    "strategy requests vanish": (strategy_requests_vanish, 1),
    "strategy answers vanish": (strategy_answers_vanish, 1),
    "strategy half open": (strategy_half_open, 1),
    "disk full": (disk_full, 2),
    "clock step": (clock_step, 2),
}
"""By name, with how often of all."""
