"""The arguments that most examples take."""

from __future__ import annotations

import argparse


def parse(session: int, addr: str = "ws://localhost:8111", **more: str | float) -> argparse.Namespace:
    """``--addr``, ``--session`` and ``--seconds``: where the gateway is, which session to use, when to end.

    ``more`` are other arguments with their defaults. The same programs trade futures and spot: what changes is the
    gateway's address.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--addr", default=addr, help="the gateway (default: %(default)s)")
    parser.add_argument("--session", type=int, default=session, help="the session id (default: %(default)s)")
    parser.add_argument("--seconds", type=float, help="end after so many seconds (default: run until Ctrl-C)")
    for name, default in more.items():
        parser.add_argument(f"--{name}", type=type(default), default=default, help="(default: %(default)s)")
    return parser.parse_args()
