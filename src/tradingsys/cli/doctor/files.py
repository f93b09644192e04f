"""Checks of what lies on this machine's disk: configuration, key, token, book."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import apsw

from tradingsys.cli.doctor.findings import Finding, fine, problem, warning
from tradingsys.cli.operate.tables import time_text
from tradingsys.cli.operate.target import is_held
from tradingsys.cli.product import told_by_book
from tradingsys.core.errors import ConfigError, TradingError
from tradingsys.gateway.configuration.config import Config, Environment, signer
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.net.token import token_path
from tradingsys.store.kill_file import kill_path, read_kill_file
from tradingsys.store.meta import meta
from tradingsys.store.read import reading
from tradingsys.store.sqlite import OLDEST_SAFE_SQLITE, rows
from tradingsys.store.standing_rows import read_ban
from tradingsys.venues.auth import KeyKind

__all__ = [
    "account_of_book",
    "admission",
    "book_checks",
    "config_file",
    "disk",
    "is_open_to_others",
    "key",
    "kill_file",
    "left_alone_ms",
    "sqlite",
    "token",
]

_LITTLE_BYTES = 1024 * 1024 * 1024
_TOO_LITTLE_BYTES = 64 * 1024 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs", "vboxsf"})
"""Filesystems on which SQLite's locks and shared memory cannot be trusted."""
_LOGON = {
    ProductName.USDM: "orders travel on a connection that is logged in once",
    ProductName.SPOT: "orders, and the account's events, travel on connections that are logged in once",
    ProductName.MARGIN: "signs faster than RSA; margin orders are signed one by one",
}
_VOLATILE = frozenset({"tmpfs", "ramfs"})


def config_file(path: Path, config: Config, product: ProductName) -> Finding:
    """Whether others may read the file's secret, and what it points to."""
    where = "LIVE: money" if config.environment is Environment.LIVE else config.environment.value
    text = f"{path}: {product.label}, environment {where}, API key …{config.apikey[-4:]}"
    if config.secret is not None and is_open_to_others(path):
        return problem("config", f"{text}; others on this machine may read the secret in it", f"chmod 600 {path}")
    return fine("config", text)


def key(config: Config, path: Path, product: ProductName) -> Iterator[Finding]:
    """Whether there is a key that can sign, of which kind, and who may read it."""
    try:
        kind = signer(config, path).kind
    except ConfigError as error:
        yield problem("key-file", str(error), "name the private key's file; tradingsys init --new-key makes one")
        return
    if config.pem is not None:
        place = next(place for place in (Path(config.pem), path.parent / config.pem) if place.is_file())
        if is_open_to_others(place):
            yield problem("key-file", f"{place}: others on this machine may read it", f"chmod 600 {place}")
        else:
            yield fine("key-file", f"{place}: readable, by its owner only")
    if kind is KeyKind.ED25519:
        yield fine("key-kind", f"Ed25519: {_LOGON[product]}")
        return
    fix = "make an Ed25519 key: tradingsys init NEWFILE --new-key"
    if kind is KeyKind.HMAC and config.environment is not Environment.SIM:
        yield warning("key-kind", "HMAC: the exchange calls this kind deprecated", fix)
    elif kind is KeyKind.HMAC:
        yield fine("key-kind", "HMAC: good enough for a simulator")
    else:
        yield warning("key-kind", "RSA: every request is signed by itself, which takes longer", fix)


def admission(config: Config) -> Finding:
    """Which sessions a strategy may choose: each has limits of its own."""
    if config.admit == "configured":
        names = ", ".join(sorted(config.sessions, key=int))
        return fine("sessions", f"configured ones may be logged in to, and no others: {names}")
    return fine("sessions", "any may be logged in to: only the account's limits hold for all of them together")


def token(port: int) -> Finding:
    """Who may read the local port's token."""
    path = token_path(port)
    try:
        if not path.exists():
            return fine("token", f"{path}: none yet; the gateway makes it on its first start")
        if is_open_to_others(path):
            return problem(
                "token", f"{path}: others on this machine may read it, and trade with it", f"chmod 600 {path}"
            )
        if not os.access(path, os.R_OK):
            return problem("token", f"{path}: cannot be read", "run gateway and strategies as one user")
    except OSError as error:
        return problem("token", f"{path}: {error.strerror or error}", "make the folder yours, mode 0700")
    return fine("token", f"{path}: readable, by its owner only")


def disk(db: Path) -> Iterator[Finding]:
    """Room and permission to write beside the book, and what kind of filesystem it is on."""
    folder = db.absolute().parent
    free = shutil.disk_usage(folder).free
    text = f"{folder}: {free / 1e9:.1f} GB free"
    if not os.access(folder, os.W_OK | os.X_OK):
        yield problem("disk", f"{folder}: cannot be written", "start in a folder of your own, or change db")
    elif free < _TOO_LITTLE_BYTES:
        yield problem("disk", text, "make room: without it no order can be written down, and none is sent")
    elif free < _LITTLE_BYTES:
        yield warning("disk", text, "make room: book, journal and log grow with every order")
    else:
        yield fine("disk", text)
    kind = _filesystem(folder)
    if kind in _NETWORK:
        yield problem("filesystem", f"{folder} is on {kind}, where a database is not safe", "use a local disk for db")
    elif kind in _VOLATILE:
        yield warning("filesystem", f"{folder} is on {kind}, which a power cut empties", "use a disk for db")
    elif kind:
        yield fine("filesystem", f"{kind}")


def kill_file(db: Path) -> Iterator[Finding]:
    """The file by which somebody wants no orders to be taken."""
    if read_kill_file(db) is not None:
        text = f"{kill_path(db)} is there: the account stays halted, and its orders are canceled"
        yield problem("kill-file", text, "find out who put it there; remove it, then: tradingsys resume --account")


def sqlite() -> Finding:
    """Whether this SQLite can corrupt a WAL database."""
    version = apsw.sqlite_lib_version()
    if apsw.SQLITE_VERSION_NUMBER < OLDEST_SAFE_SQLITE:
        return problem("sqlite", f"SQLite {version} can corrupt pos.db", "pip install --upgrade apsw")
    return fine("sqlite", f"SQLite {version}")


def book_checks(db: Path, account: str, *, is_ours_running: bool) -> Iterator[Finding]:
    """Whether the book is whole, belongs to this account, and is free."""
    if not db.exists():
        yield fine("book", f"{db}: none yet; the gateway makes it on its first start")
        return
    try:
        with reading(db) as conn:
            verdict = str(rows(conn, "PRAGMA integrity_check(1)")[0][0])
            owner = meta(conn, "account")
    except ConfigError as error:
        yield problem("book", str(error), "name another file with db, or move this one away")
        return
    except (TradingError, apsw.Error) as error:
        yield problem("book", f"{db}: {error}".replace(f"{db}: {db}", str(db)), _restore(db))
        return
    if verdict != "ok":
        yield problem("book", f"{db}: damaged: {verdict}", _restore(db))
    elif owner and owner != account:
        text = f"{db}: holds the book of {owner!r}, not of {account!r}"
        yield problem("book", text, "give every account a file of its own")
    else:
        yield fine("book", f"{db}: whole")
    yield _lock(db, is_ours_running=is_ours_running)


def account_of_book(db: Path) -> str:
    """What the exchange calls the account whose book this is; empty where that is unknown or cannot be read."""
    return told_by_book(db, "venue_account")


def left_alone_ms(db: Path, now_ms: int) -> int:
    """For how long the exchange still wants to be left alone, as it told the gateway of this book; 0 when it may be
    asked, or where that cannot be read.
    """
    try:
        with reading(db) as conn:
            ban = read_ban(conn)
    except (TradingError, apsw.Error, ValueError):
        return 0
    return ban.left_ms(now_ms) if ban is not None else 0


def _lock(db: Path, *, is_ours_running: bool) -> Finding:
    if is_ours_running:
        return fine("lock", f"{db}: held by the running gateway")
    try:
        is_taken = is_held(db)
    except OSError as error:
        return problem("lock", f"{db}.lock: {error.strerror or error}", "make the file yours")
    now_ms = time.time_ns() // 1_000_000
    if is_taken and (left_ms := left_alone_ms(db, now_ms)):
        return warning(
            "lock",
            f"{db} is in use by a gateway that does not answer: it probably waits until {time_text(now_ms + left_ms)}, "
            "as the exchange wants to be left alone until then",
            "nothing: it goes on by itself; its log says so",
        )
    if is_taken:
        return problem(
            "lock",
            f"{db} is in use by a gateway that does not answer at this configuration's address",
            "stop that one, or give this gateway another db",
        )
    return fine("lock", f"{db}: free")


def _restore(db: Path) -> str:
    backups = sorted(db.absolute().parent.glob(f"{db.name}.*.bak"), key=lambda path: path.stat().st_mtime)
    newest = f", the newest is {backups[-1].name}" if backups else " if you have one"
    return f"stop the gateway and restore a backup{newest}; then start with --scan and the symbols traded since"


def is_open_to_others(path: Path) -> bool:
    """Whether anybody but its owner may do anything with a file."""
    return sys.platform != "win32" and bool(path.stat().st_mode & _OTHERS)


def _filesystem(folder: Path) -> str:
    """The kind of filesystem, where the system tells: that of the longest mount point above the folder."""
    try:
        lines = _MOUNTS.read_text().splitlines()
    except OSError:
        return ""
    found, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        mount = before.split()[4].encode().decode("unicode_escape")
        if folder.is_relative_to(mount) and len(mount) >= len(found):
            found, kind = mount, after.split()[0]
    return kind
