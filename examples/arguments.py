"""The arguments that all examples take."""

from __future__ import annotations

import argparse
import threading

from pyalgo import Engine


def parse(session: int) -> argparse.Namespace:
    """``--addr``, ``--session`` and ``--seconds``: where the gateway is, which session to use, when to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--addr", default="ws://localhost:8111", help="the gateway (default: %(default)s)")
    parser.add_argument("--session", type=int, default=session, help="the session id (default: %(default)s)")
    parser.add_argument("--seconds", type=float, help="end after so many seconds (default: run until Ctrl-C)")
    return parser.parse_args()


def stop_after(eng: Engine, seconds: float | None) -> None:
    """Stop the engine after a while, if a while was given."""
    if seconds is not None:
        timer = threading.Timer(seconds, eng.stop)
        timer.daemon = True
        timer.start()
