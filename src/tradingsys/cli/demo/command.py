"""The command ``tradingsys demo``."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from tradingsys.cli.demo.reckoning import Reckoning, as_rows
from tradingsys.cli.demo.story import Story, strategies
from tradingsys.cli.demo.view import show_reckoning, view_for
from tradingsys.net import loop

__all__ = ["demo"]


def demo(
    *,
    seconds: float = 25.0,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Watch an exchange in a box, a gateway and three strategies, all on this machine; then compare their records.

    Ends by itself. The exit code is 0 when real trades happened and the gateway's books equal the exchange's ledger.

    Parameters
    ----------
    seconds:
        How long the strategies trade.
    json:
        Print the comparison as JSON on standard output.
    """
    console = Console(stderr=json)
    directory = Path(tempfile.mkdtemp(prefix="tradingsys-demo-"))
    # The token of the local port and the journal's ticket belong to the user otherwise; here they go with the rest.
    for name in ("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "APPDATA"):
        os.environ[name] = str(directory)
    is_worth_keeping = True
    try:
        with view_for(console) as view:
            reckoning = loop.run(_until_told_to_stop(Story(directory, seconds, view).run()))
        if json:
            sys.stdout.write(msgspec.json.encode(as_rows(reckoning)).decode() + "\n")
        else:
            show_reckoning(console, reckoning, {each.session: each.name for each in strategies()})
        is_worth_keeping = not (reckoning.agrees and reckoning.fills)
        if not is_worth_keeping:
            console.print(f"{reckoning.fills} real fills, and every record agrees.", style="bold green")
        else:
            console.print("The records differ." if reckoning.fills else "Nothing was traded.", style="bold red")
    except asyncio.CancelledError:
        is_worth_keeping = False
        raise KeyboardInterrupt from None
    finally:
        if is_worth_keeping:
            console.print(f"What the programs wrote is in {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    return 1 if is_worth_keeping else 0


async def _until_told_to_stop(story: Coroutine[object, object, Reckoning]) -> Reckoning:
    """The story, ended in order by SIGINT and SIGTERM."""
    task = asyncio.current_task()
    assert task is not None
    running = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            running.add_signal_handler(number, task.cancel)
        except NotImplementedError:  # Windows has KeyboardInterrupt alone
            break
    return await story
