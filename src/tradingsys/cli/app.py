"""The command ``tradingsys``. Whatever a command needs is imported when it runs, so that help is instant."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Group, Parameter

from tradingsys import __version__
from tradingsys.cli.exits import FAILURE, INTERRUPTED, NOTHING, OK, UNREAD, USAGE, NothingThere
from tradingsys.core.errors import ConfigError, TradingError

__all__ = ["FAILURE", "INTERRUPTED", "NOTHING", "OK", "UNREAD", "USAGE", "app", "execute", "main"]

Level = Literal["off", "error", "warn", "info", "debug", "trace"]

_START = Group("Start", sort_key=1)
_RUN = Group("Run", sort_key=2)
_WATCH = Group("Watch and correct", sort_key=3)
_SHELL = Group("Shell", sort_key=4)

app = App(
    name="tradingsys",
    version=__version__,
    help="Many strategies on one exchange account, with exact books for each.",
    help_epilogue="""Examples:

    tradingsys demo
        a market, a gateway and three strategies, all on this machine
    tradingsys init
        write a gateway's configuration by answering a few questions
    tradingsys sim --write-config .
        an exchange in a box; writes usdt.json, spot.json, margin.json and a key
    tradingsys usdt -c=usdt.json -l=info
        the gateway of one USDⓈ-M futures account
    tradingsys spot -c=spot.json -l=info
        the gateway of one spot account, or with "margin": true of its cross margin account
    tradingsys explain btcusdt
        how the account's position comes about

Exit codes: 0 done, 1 refused or failed, 2 wrong usage or configuration,
3 nothing there (no gateway answers and there is no pos.db), 4 begun but not
confirmed by the exchange in time, 130 Ctrl-C, 141 nobody reads the output.""",
    help_format="plaintext",
    result_action="return_value",
)
app["--help"].group = _SHELL
app["--version"].group = _SHELL


def _add(name: str, function: str, group: Group, help_: str, examples: str, parent: App = app) -> None:
    """A command that is imported when it runs; ``examples`` are its help's last lines, as they may be typed."""
    lines = "\n".join(f"    tradingsys {line}" for line in examples.splitlines())
    title = "Examples" if "\n" in examples else "Example"
    parent.command(
        f"tradingsys.cli.{function}", name=name, group=group, help=help_, help_epilogue=f"{title}:\n\n{lines}"
    )


_add("demo", "demo:demo", _START, "Watch strategies trade, all on this machine.", "demo --seconds 15")
_add(
    "init",
    "start:init",
    _START,
    "Write a gateway's configuration by asking.",
    "init\ninit spot.json --product spot\ninit testnet.json --environment testnet --new-key\n"
    "init --environment sim --yes",
)
_add(
    "doctor",
    "start:doctor",
    _START,
    "Check what would keep a gateway from working.",
    "doctor -c usdt.json\ndoctor -c spot.json --product spot\ndoctor -c usdt.json --json",
)
_add(
    "token", "start:token", _RUN, "Print a token for one session.", "token --session 3\ntoken -c spot.json --session 7"
)
_add(
    "sim",
    "sim:sim",
    _RUN,
    "Run an exchange in a box.",
    "sim --write-config .\nsim --port 9000 --speed 10\nsim --replay btc.gz --loop",
)
_add(
    "record",
    "recording:record",
    _RUN,
    "Record market data to a file.",
    "record -o btc.gz btcusdt@depth btcusdt@trade\nrecord -o hour.gz btcusdt@depth --diff-depth 0ms --duration 1h\n"
    "record -o spot.gz --product spot btcusdt@depth btcusdt@trade",
)
_add("status", "operating:status", _WATCH, "How the gateway is.", "status\nstatus --addr ws://localhost:8111")
_add(
    "sessions",
    "operating:sessions",
    _WATCH,
    "Who trades, and what they have.",
    "sessions\nsessions -c usdt.json --json",
)
_add(
    "limits",
    "limits:limits",
    _WATCH,
    "What of each limit is used.",
    "limits\nlimits --session 3 --json",
)
_add(
    "orders", "operating:orders", _WATCH, "Open orders, or all of them.", "orders\norders --session 1 --all --limit 20"
)
_add("fills", "operating:fills", _WATCH, "Executions, newest first.", "fills --symbol btcusdt\nfills --db pos.db")
_add(
    "explain",
    "operating:explain",
    _WATCH,
    "How the account's position on a symbol comes about.",
    "explain btcusdt",
)
_add(
    "halt",
    "stopping:halt",
    _WATCH,
    "Take no new orders, and cancel the open ones.",
    'halt\nhalt --session 3 --reason "it runs away"\nhalt --symbol btcusdt --reducing\nhalt --keep-orders --json',
)
_add("cancel", "stopping:cancel", _WATCH, "Cancel the open orders.", "cancel --session 3\ncancel --symbol btcusdt")
_add(
    "flatten",
    "stopping:flatten",
    _WATCH,
    "Halt, cancel, and trade away what sessions hold.",
    "flatten --session 3\nflatten --symbol btcusdt --wait 120\nflatten -c spot.json",
)
_add(
    "resume",
    "stopping:resume",
    _WATCH,
    "Allow orders again after a halt.",
    "resume btcusdt\nresume --session 3\nresume btcusdt --session 3\nresume --account",
)
_pos = App(
    name="pos",
    group=_WATCH,
    help="Positions of sessions: show or correct them.",
    help_epilogue="Examples:\n\n    tradingsys pos show\n    tradingsys pos set 1 btcusdt 0\n"
    "    tradingsys pos accept -c spot.json BNB",
)
_add("show", "operating:show", _WATCH, "What each session holds.", "pos show\npos show --session EXTERNAL", _pos)
_add(
    "set",
    "operating:set_",
    _WATCH,
    "Correct what a session holds.",
    "pos set 1 btcusdt 0\npos set 2 ethusdt -0.5",
    _pos,
)
_add(
    "accept",
    "assets:accept",
    _WATCH,
    "Book a difference to EXTERNAL.\n\nNo order is sent, and no session's position changes. Look at"
    ' "tradingsys explain SYMBOL" or, on spot, "tradingsys assets" first: a difference of a moment ago may be an'
    " execution on its way.",
    "pos accept btcusdt\npos accept -c spot.json BNB",
    _pos,
)
app.command(_pos)
_add(
    "backup",
    "backups:backup",
    _WATCH,
    "Copy the books, and prove the copy.",
    "backup\nbackup -c usdt.json -o /mnt/other/pos.db.bak\nbackup --json",
)
_add(
    "restore",
    "backups:restore",
    _WATCH,
    "Put a backup in the place of the books.",
    "restore pos.db.periodic-7.bak\nrestore -c usdt.json /mnt/other/pos.db.bak",
)
_add(
    "new-lineage",
    "backups:new_lineage",
    _WATCH,
    "Make a copied book one of its own.",
    "new-lineage --db copy/pos.db\nnew-lineage -c usdt.json --json",
)
_add(
    "assets",
    "assets:assets",
    _WATCH,
    "What sessions have of each asset, and the account.",
    "assets -c spot.json\nassets -c spot.json --json",
)
_add(
    "margin",
    "assets:margin",
    _WATCH,
    "How far a margin account is from liquidation.",
    "margin -c margin.json\nmargin -c margin.json BTC",
)
_ONCE = "It is asked for once, and never repeated: where no answer comes, the message says where to look."
_add(
    "borrow",
    "assets:borrow",
    _WATCH,
    f"Borrow an asset for a margin account.\n\n{_ONCE}",
    "borrow -c margin.json USDT 500\nborrow -c margin.json USDT 500 --json",
)
_add(
    "repay",
    "assets:repay",
    _WATCH,
    f"Pay back what a margin account owes, interest first.\n\n{_ONCE}",
    "repay -c margin.json USDT 500\nrepay -c margin.json USDT 500 --json",
)
app.register_install_completion_command(group=_SHELL)


_Config = Annotated[
    Path, Parameter(name=["--config", "-c"], help="Configuration file, for example usdt.json or spot.json.")
]
_LogLevel = Annotated[
    Level, Parameter(name=["--level", "-l"], help="How much to log: off, error, warn, info, debug or trace.")
]
_Scanned = Annotated[
    tuple[str, ...],
    Parameter(
        consume_multiple=True,
        negative="",
        help="Symbols whose trades to read from the book's beginning on: after restoring an older pos.db, those that"
        " were first traded since.",
    ),
]


@app.command(group=_RUN, help_epilogue="Example:\n\n    tradingsys usdt -c=usdt.json -l=info")
def usdt(
    *,
    config: _Config,
    level: _LogLevel = "info",
    scan: _Scanned = (),
) -> int:
    """Run the gateway of one Binance USDⓈ-M futures account.

    Strategies connect to it by the address that the configuration file calls "local". SIGINT or SIGTERM stop it within
    two seconds; orders stay open and are named.
    """
    from tradingsys.gateway.main import run

    return run(config, level, scan)


@app.command(group=_RUN, help_epilogue="Example:\n\n    tradingsys spot -c=spot.json -l=info")
def spot(
    *,
    config: _Config,
    level: _LogLevel = "info",
    scan: _Scanned = (),
) -> int:
    """Run the gateway of one Binance spot account or, with "margin": true in its configuration, cross margin account.

    Strategies connect to it by the address that the configuration file calls "local". SIGINT or SIGTERM stop it within
    two seconds; orders stay open and are named.
    """
    from tradingsys.gateway.main import run

    return run(config, level, scan, command="spot")


def execute(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors are told on standard error, without a traceback."""
    try:
        result = app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        command = " ".join(("tradingsys", *(error.command_chain or ())))
        return _complain(f"{error}\nTry: {command} --help", USAGE)
    except ConfigError as error:
        return _complain(error, USAGE)
    except NothingThere as error:
        return _complain(error, NOTHING)
    except BrokenPipeError:
        # What is still buffered goes nowhere, instead of failing once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # as cyclopts says that Ctrl-C ended a command
            return INTERRUPTED
        return UNREAD  # rich's way to say BrokenPipeError, where help and version are printed
    except (TradingError, OSError) as error:
        return _complain(str(error) or type(error).__name__, FAILURE)
    except KeyboardInterrupt:
        return INTERRUPTED
    return result if isinstance(result, int) else OK


def main() -> None:
    """The console script: run the process's own command line."""
    sys.exit(execute(sys.argv[1:]))


def _complain(what: object, code: int) -> int:
    sys.stderr.write(f"tradingsys: {what}\n")
    return code
