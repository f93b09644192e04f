"""What ``tradingsys doctor`` does."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from tradingsys.cli.doctor import files
from tradingsys.cli.doctor.exchange import exchange_checks
from tradingsys.cli.doctor.findings import Finding, Verdict, fine, problem
from tradingsys.cli.exits import FAILURE, OK
from tradingsys.cli.operate.client import NoGateway, operating
from tradingsys.core.errors import ConfigError, TradingError
from tradingsys.gateway.config import Config, addresses, load, local_address, signer
from tradingsys.net import loop
from tradingsys.net.listen import listening_sockets

__all__ = ["run"]

_SIGNS = {Verdict.OK: "ok      ", Verdict.WARNING: "warning ", Verdict.PROBLEM: "PROBLEM "}


def run(path: Path, *, as_json: bool) -> int:
    """Check everything; returns the exit code: OK exactly when there is no problem."""
    return loop.run(_run(path, as_json=as_json))


async def _run(path: Path, *, as_json: bool) -> int:
    found: list[Finding] = []
    async for finding in _findings(path):
        found.append(finding)
        if not as_json:
            sys.stdout.write(_line(finding))
            sys.stdout.flush()
    problems = sum(finding.verdict is Verdict.PROBLEM for finding in found)
    warnings = sum(finding.verdict is Verdict.WARNING for finding in found)
    if as_json:
        report = {"config": str(path), "problems": problems, "warnings": warnings, "checks": found}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    else:
        sys.stdout.write(_verdict(problems, warnings, path))
    return FAILURE if problems else OK


async def _findings(path: Path) -> AsyncIterator[Finding]:
    try:
        config = load(path)
    except ConfigError as error:
        yield problem("config", str(error), f"correct the file, or write a new one: tradingsys init {path}")
        return
    yield files.config_file(path, config)
    for finding in files.key(config, path):
        yield finding
    yield files.sqlite()
    for finding in files.disk(Path(config.db)):
        yield finding
    is_ours_running = False
    try:
        host, port = local_address(config, path)
    except ConfigError as error:
        yield problem("local-port", str(error), "correct local")
    else:
        is_ours_running, finding = await _local_port(host, port, config)
        yield finding
        yield files.token(port)
    account = f"binance-usdm-{config.environment}"
    for finding in files.book_checks(Path(config.db), account, is_ours_running=is_ours_running):
        yield finding
    try:
        keys, urls = signer(config, path), addresses(config)
    except ConfigError:
        return  # told already
    async for finding in exchange_checks(config, urls, keys, files.account_of_book(Path(config.db))):
        yield finding


async def _local_port(host: str, port: int, config: Config) -> tuple[bool, Finding]:
    """Whether our own gateway has the port, and what is to be said about it."""
    addr = f"ws://{host}:{port}"
    other = "stop that program, or choose another port with local"
    try:
        async with operating(addr) as operator:
            gateway = operator.gateway
            assert gateway is not None
            if gateway.environment == config.environment.value and _same(gateway.db, config.db):
                return True, fine("local-port", f"{addr}: our gateway runs there ({gateway.text or 'running'})")
            text = f"{addr}: a gateway of another account runs there ({gateway.environment}, {gateway.db})"
            return False, problem("local-port", text, "give each gateway its own local and db")
    except NoGateway as error:
        reason = str(error)
    except TradingError as error:
        return False, problem("local-port", f"{addr}: {error}", other)
    try:
        for listening in await listening_sockets(host, port):
            listening.close()
    except OSError as error:
        text = f"{addr} is taken by a program that is no gateway: {error.strerror or error}; {reason}"
        return False, problem("local-port", text, other)
    return False, fine("local-port", f"{addr}: free")


def _same(one: str, two: str) -> bool:
    return Path(one).absolute() == Path(two).absolute()


def _line(finding: Finding) -> str:
    fix = f"\n{'':26}→ {finding.fix}" if finding.fix else ""
    return f"{_SIGNS[finding.verdict]} {finding.check:16} {finding.text}{fix}\n"


def _verdict(problems: int, warnings: int, path: Path) -> str:
    if problems:
        return f"\n{problems} problem{'s' if problems > 1 else ''} to mend before a gateway is started with {path}.\n"
    noted = f", {warnings} warning{'s' if warnings > 1 else ''}" if warnings else ""
    return f"\nNo problems{noted}. Start the gateway: tradingsys usdt -c={path}\n"
