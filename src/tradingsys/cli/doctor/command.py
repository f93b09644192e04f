"""What ``tradingsys doctor`` does."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from tradingsys.cli.doctor import files
from tradingsys.cli.doctor.exchange import exchange_checks, left_alone
from tradingsys.cli.doctor.findings import Finding, Verdict, fine, problem
from tradingsys.cli.doctor.tls import tls_checks
from tradingsys.cli.exits import FAILURE, OK
from tradingsys.cli.operate.client import NoGateway, operating
from tradingsys.cli.product import Command, meant_product
from tradingsys.core.errors import ConfigError, TradingError
from tradingsys.gateway.configuration.config import Config, addresses, load, local_address, signer
from tradingsys.gateway.configuration.products import ProductName, book_name
from tradingsys.net import loop
from tradingsys.net.listen import listening_sockets

__all__ = ["run"]

_SIGNS = {Verdict.OK: "ok      ", Verdict.WARNING: "warning ", Verdict.PROBLEM: "PROBLEM "}


def run(path: Path, command: Command | None, *, as_json: bool) -> int:
    """Check everything; returns the exit code: OK exactly when there is no problem."""
    return loop.run(_run(path, command, as_json=as_json))


async def _run(path: Path, command: Command | None, *, as_json: bool) -> int:
    found: list[Finding] = []
    async for finding in _findings(path, command):
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
        sys.stdout.write(_verdict(problems, warnings, path, _command(path, command)))
    return FAILURE if problems else OK


async def _findings(path: Path, command: Command | None) -> AsyncIterator[Finding]:
    try:
        config = load(path)
        product = meant_product(config, path, command)
    except ConfigError as error:
        yield problem("config", str(error), f"correct the file, or write a new one: tradingsys init {path}")
        return
    yield files.config_file(path, config, product)
    for finding in files.key(config, path, product):
        yield finding
    yield files.admission(config)
    yield files.sqlite()
    for finding in files.disk(Path(config.db)):
        yield finding
    for finding in files.kill_file(Path(config.db)):
        yield finding
    is_ours_running = False
    try:
        host, port = local_address(config, path)
    except ConfigError as error:
        yield problem("local-port", str(error), "correct local")
    else:
        is_ours_running, finding = await _local_port(host, port, config, product)
        yield finding
        yield files.token(port)
        for finding in tls_checks(config, path, time.time_ns() // 1_000_000):
            yield finding
    account = book_name(product, config.environment)
    for finding in files.book_checks(Path(config.db), account, is_ours_running=is_ours_running):
        yield finding
    try:
        keys, urls = signer(config, path), addresses(config, product)
    except ConfigError:
        return  # told already
    if left_ms := files.left_alone_ms(Path(config.db), time.time_ns() // 1_000_000):
        yield left_alone(urls.rest, left_ms)
        return
    async for finding in exchange_checks(config, product, urls, keys, files.account_of_book(Path(config.db))):
        yield finding


async def _local_port(host: str, port: int, config: Config, product: ProductName) -> tuple[bool, Finding]:
    """Whether our own gateway has the port, and what is to be said about it."""
    addr = f"ws://{host}:{port}"
    other = "stop that program, or choose another port with local"
    try:
        async with operating(addr) as operator:
            gateway = operator.gateway
            assert gateway is not None
            is_same = (gateway.product, gateway.environment) == (product, config.environment)
            if is_same and _same(gateway.db, config.db):
                return True, fine("local-port", f"{addr}: our gateway runs there ({gateway.text or 'running'})")
            other_one = f"{gateway.product}, {gateway.environment}, {gateway.db}"
            text = f"{addr}: a gateway of another account runs there ({other_one})"
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


def _command(path: Path, command: Command | None) -> str:
    """The command that starts the gateway."""
    try:
        return meant_product(load(path), path, command).command
    except ConfigError:
        return command or "usdt"


def _verdict(problems: int, warnings: int, path: Path, command: str) -> str:
    if problems:
        return f"\n{problems} problem{'s' if problems > 1 else ''} to mend before a gateway is started with {path}.\n"
    noted = f", {warnings} warning{'s' if warnings > 1 else ''}" if warnings else ""
    return f"\nNo problems{noted}. Start the gateway: tradingsys {command} -c={path}\n"
