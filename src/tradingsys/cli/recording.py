"""The command ``tradingsys record``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, Token

from tradingsys.cli.options import AsJson, ConfigOption
from tradingsys.cli.product import Command
from tradingsys.cli.record import command
from tradingsys.gateway.configuration.config import Environment

__all__ = ["record"]

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smh]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def _duration(type_: type, tokens: Sequence[Token]) -> float:
    del type_
    found = _DURATION.fullmatch(tokens[0].value)
    if found is None or not float(found[1]):
        raise ValueError(f"{tokens[0].value} is no duration such as 90, 90s, 10m or 2h")
    return float(found[1]) * _SECONDS[found[2]]


def record(
    *streams: str,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    environment: Literal["live", "testnet", "demo", "sim"] | None = None,
    config: ConfigOption = None,
    product: Command | None = None,
    diff_depth: Literal["0ms", "100ms", "250ms", "500ms", "1000ms"] = "100ms",
    duration: Annotated[float | None, Parameter(converter=_duration)] = None,
    json: AsJson = False,
) -> int:
    """Write down what the exchange sends, as lines of receive time (ns) and message; no key is needed.

    Ctrl-C ends it with a summary. Lost connections are made again; each time, and at the start, a snapshot of every
    recorded book is written too. "tradingsys sim --replay FILE" plays the file.

    Parameters
    ----------
    streams:
        Such as btcusdt@depth (the book's changes), btcusdt@trade, btcusdt@bbo, btcusdt@mark, btcusdt@kline:1m; or the
        exchange's own names, such as btcusdt@depth20@100ms or !forceOrder@arr.
    output:
        The file to write, compressed when its name ends in .gz. An existing one is not overwritten.
    environment:
        live, testnet, demo or sim (the simulator's usual ports); live unless named.
    config:
        Take the exchange's addresses from this gateway's configuration.
    product:
        Markets of usdt (USDⓈ-M futures) or spot; what the configuration tells, or usdt.
    diff_depth:
        How often changes of the book are sent; 0ms is as they happen. Of spot there are 100ms and 1000ms.
    duration:
        Stop after so many seconds, or 10m, or 2h.
    json:
        Print the summary as JSON.
    """
    of = command.where(config, None if environment is None else Environment(environment), product)
    return command.run(streams, output, of, speed=diff_depth, duration_s=duration, as_json=json)
