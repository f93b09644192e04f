"""The command ``tradingsys``. Whatever a command needs is imported when it runs, so that help is instant."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

from tradingsys import __version__
from tradingsys.core.errors import ConfigError, TradingError

__all__ = ["FAILURE", "OK", "USAGE", "app", "execute", "main"]

OK, FAILURE, USAGE = 0, 1, 2
"""Exit codes: done; it did not work; a command line or configuration file that cannot be used."""

Level = Literal["off", "error", "warn", "info", "debug", "trace"]

app = App(
    name="tradingsys",
    version=__version__,
    help="Many strategies on one exchange account, with exact books for each.",
    help_epilogue="""Examples:

    tradingsys demo
        a market, a gateway and three strategies, all on this machine
    tradingsys sim --write-config .
        an exchange in a box; writes usdt.json and a key for it
    tradingsys usdt -c=usdt.json -l=info
        the gateway of one USDⓈ-M futures account""",
    help_format="plaintext",
    result_action="return_value",
)
app.command("tradingsys.cli.sim:sim", name="sim", help="Run an exchange in a box.", help_epilogue="")
app.command(
    "tradingsys.cli.demo:demo", name="demo", help="Watch strategies trade, all on this machine.", help_epilogue=""
)


@app.command(help_epilogue="Example:\n\n    tradingsys usdt -c=usdt.json -l=info")
def usdt(
    *,
    config: Annotated[Path, Parameter(name=["--config", "-c"])],
    level: Annotated[Level, Parameter(name=["--level", "-l"])] = "info",
    scan: Annotated[tuple[str, ...], Parameter(consume_multiple=True)] = (),
) -> int:
    """Run the gateway of one Binance USDⓈ-M futures account.

    Strategies connect to it by the address that the configuration file calls "local". SIGINT or SIGTERM stop it within
    two seconds; orders stay open and are named.

    Parameters
    ----------
    config:
        Configuration file, for example usdt.json.
    level:
        How much to log: off, error, warn, info, debug or trace.
    scan:
        Symbols whose trades to read from the book's beginning on: after restoring an older pos.db, those that were
        first traded since.
    """
    from tradingsys.gateway.main import run

    return run(config, level, scan)


def execute(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors are told on standard error, without a traceback."""
    try:
        result = app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return _complain(f"{error}\nTry: tradingsys --help", USAGE)
    except ConfigError as error:
        return _complain(error, USAGE)
    except (TradingError, OSError) as error:
        return _complain(str(error) or type(error).__name__, FAILURE)
    except KeyboardInterrupt:
        return 130  # what a shell reports for a program ended by SIGINT
    return result if isinstance(result, int) else OK


def main() -> None:
    """The console script: run the process's own command line."""
    sys.exit(execute(sys.argv[1:]))


def _complain(what: object, code: int) -> int:
    sys.stderr.write(f"tradingsys: {what}\n")
    return code
