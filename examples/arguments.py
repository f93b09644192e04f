"""The arguments that most examples take."""

from __future__ import annotations

import argparse


def parse(session: int) -> argparse.Namespace:
    """``--addr``, ``--session`` and ``--seconds``: where the gateway is, which session to use, when to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--addr", default="ws://localhost:8111", help="the gateway (default: %(default)s)")
    parser.add_argument("--session", type=int, default=session, help="the session id (default: %(default)s)")
    parser.add_argument("--seconds", type=float, help="end after so many seconds (default: run until Ctrl-C)")
    return parser.parse_args()
