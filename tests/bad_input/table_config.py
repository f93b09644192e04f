"""Configurations, key files and command lines that cannot be used."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.bad_input.case import Case
from tests.bad_input.start_place import StartPlace as Place
from tradingsys.cli.exits import FAILURE, NOTHING, USAGE

__all__ = ["CASES"]


def _config(name: str, changes: dict[str, Any], *says: str) -> Case[Place]:
    return Case(f"configuration: {name}", lambda place: place.config(**changes), USAGE, ("usdt.json", *says))


def _content(name: str, content: bytes, *says: str) -> Case[Place]:
    return Case(f"configuration: {name}", lambda place: place.configured(content), USAGE, ("usdt.json", *says))


def _key(kind: str, *says: str) -> Case[Place]:
    return Case(f"key file: {kind}", lambda place: place.with_key(kind), USAGE, ("usdt.json", "pem", *says))


def _command(code: int, line: str, *says: str) -> Case[Place]:
    return Case(f"command: {line}", lambda place: place.run(*line.split()), code, says)


def _replaced_by_folder(place: Place) -> None:
    path = place.folder / "usdt.json"
    path.unlink()
    path.mkdir()


def _key_unreadable(place: Place) -> None:
    place.with_key("ed25519")
    place.no_permission(place.key)


def _read_only(name: str, place: Place) -> None:
    """A file where a folder is needed, which nobody can write into."""
    path = place.folder / name
    path.write_text("")


def _moved(place: Place, command: str) -> None:
    """Nothing here: no configuration, no book, no gateway."""
    for path in place.folder.iterdir():
        path.unlink()
    place.run(*command.split())


def _damaged_tape(place: Place) -> None:
    (place.folder / "tape.gz").write_bytes(b"\x1f\x8b no tape")
    place.run("sim", "--port=0", "--replay", "tape.gz")


def _existing_output(place: Place) -> None:
    (place.folder / "tape.txt").write_text("precious")
    place.run("record", "-c", "usdt.json", "-o", "tape.txt", "dogeusdt@depth")


def _status_of_garbage(place: Place) -> None:
    place.db.write_bytes(b"no book" * 1000)
    place.run("status", "--db", "pos.db")


_TRY = "--help"
_WRITE = ("docs/configuration.md",)

CASES: tuple[Case[Place], ...] = (
    _config("unknown key", {"apikye": "k"}, "apikye", "unknown key", "did you mean apikey?"),
    _config("unknown key far from any", {"zzz": 1}, "zzz", "known keys: admit"),
    _config("unknown address", {"urls": {"rset": "http://localhost:1"}}, "urls: rset", "did you mean rest?"),
    _config("two unknown keys", {"lokal": "x", "Secret": "x"}, "unknown key", "did you mean"),
    _config("environment", {"environment": "prod"}, "environment", "live, testnet, demo, sim"),
    _config("another product", {"product": "spot"}, "product", "is spot", "run it with tradingsys spot -c="),
    _config("no product", {"product": "shares"}, "product", "one of usdt, spot"),
    _config("empty apikey", {"apikey": ""}, "apikey", "is empty", "as the exchange shows it"),
    _config("no apikey", {"apikey": None}, "apikey", *_WRITE),
    _config("apikey with a line break", {"apikey": "k\n"}, "apikey", "space around", "as the exchange shows it"),
    _config("apikey is a number", {"apikey": 5}, "apikey", "Expected `str`", *_WRITE),
    _config("neither key nor secret", {"secret": None}, "pem / secret", "exactly one", "a key file"),
    _config("key and secret", {"pem": "key.pem"}, "pem / secret", "exactly one"),
    _config("empty secret", {"secret": ""}, "secret", "is empty", "as the exchange shows it"),
    _config("key file not there", {"secret": None, "pem": "none.pem"}, "pem", "no such file: none.pem", "PEM"),
    _config("no local", {"local": None}, "local", *_WRITE),
    _config("local without scheme", {"local": "localhost:8111"}, "local", "write it like ws://localhost:8111"),
    _config(
        "local for everybody", {"local": "ws://0.0.0.0:8111"}, "local", "can be reached", "ws://localhost and", "tls"
    ),
    _config("local with broken brackets", {"local": "ws://[::1:8111"}, "local", "write it like"),
    _config("local beyond ports", {"local": "ws://localhost:99999"}, "local", "write it like"),
    _config("folder of db", {"db": "nowhere/pos.db"}, "db", "no directory nowhere", "make it"),
    _config("db is a number", {"db": 5}, "db", "Expected `str`", *_WRITE),
    _config("recv_window_ms 0", {"recv_window_ms": 0}, "recv_window_ms", "must be 1 to 60000"),
    _config("recv_window_ms too long", {"recv_window_ms": 60_001}, "recv_window_ms", "must be 1 to 60000"),
    _config("countdown_s too short", {"countdown_s": 29}, "countdown_s", "must be 30 to 3600"),
    _config("recv_window_ms with decimals", {"recv_window_ms": 1.5}, "recv_window_ms", "Expected `int`", *_WRITE),
    _config("recv_window_ms as text", {"recv_window_ms": "500"}, "recv_window_ms", "Expected `int`", *_WRITE),
    _config("engine_margin_ms negative", {"engine_margin_ms": -1}, "engine_margin_ms", "must not be negative"),
    _config("staleness_ms negative", {"staleness_ms": -1}, "staleness_ms", "must not be negative"),
    _config("symbols as text", {"symbols": "btcusdt"}, "symbols", "Expected `array`", *_WRITE),
    _config("durability", {"durability": "maybe"}, "durability", "write, fsync"),
    _config("address without scheme", {"urls": {"rest": "localhost:8100"}}, "urls: rest", "begins with https://"),
    _config("address with another scheme", {"urls": {"streams": "http://localhost:1"}}, "urls: streams", "wss://"),
    _config("address with a broken port", {"urls": {"rest": "http://localhost:port"}}, "urls: rest", "not an address"),
    _config(
        "plain text over the net", {"urls": {"ws_api": "ws://example.com"}}, "urls: ws_api", "not encrypted", "wss"
    ),
    _config("sim without addresses", {"urls": None}, "urls", "--write-config"),
    _config("urls as text", {"urls": "http://localhost"}, "urls", "Expected `object", *_WRITE),
    _content("empty", b"", "is no JSON", "empty", "tradingsys init"),
    _content("cut off", b'{"apikey": "k"', "is no JSON", "truncated", "tradingsys init"),
    _content("a list", b"[]", "is no JSON object", "apikey"),
    _content("a text", b'"text"', "is no JSON object", "apikey"),
    _content("binary", b"\x00\x01\xff\xfe", "is no JSON", "tradingsys init"),
    _content("another encoding", '{"apikey": "k"}'.encode("utf-16"), "is no JSON", "UTF-8"),
    _content("a trailing comma", b'{"apikey": "k",}', "is no JSON", "tradingsys init"),
    _content("a number that is none", b'{"apikey": NaN}', "is no JSON"),
    _content("very deep", b'{"apikey": ' + b"[" * 100_000, "no JSON", "tradingsys init"),
    Case(
        "configuration: not there",
        lambda place: place.run("usdt", "-c=none.json"),
        USAGE,
        ("none.json", "cannot be read", "No such file", "-c=FILE"),
    ),
    Case("configuration: a folder", _replaced_by_folder, USAGE, ("usdt.json", "cannot be read", "Is a directory")),
    Case(
        "configuration: not readable",
        lambda place: place.no_permission(place.folder / "usdt.json"),
        USAGE,
        ("usdt.json", "cannot be read"),
    ),
    _key("ec", "cannot sign here", "use Ed25519 or RSA"),
    _key("encrypted", "encrypted", "openssl pkey -in FILE -out NEWFILE"),
    _key("public", "the private one is needed here"),
    _key("empty", "expected an unencrypted PKCS#8 PEM"),
    _key("garbage", "expected an unencrypted PKCS#8 PEM"),
    Case("key file: not readable", _key_unreadable, USAGE, ("usdt.json", "pem", "key.pem")),
    Case("log cannot be written", partial(_read_only, "log"), USAGE, ("log", "cannot be written", "must be writable")),
    Case(
        "token cannot be written",
        partial(_read_only, "tradingsys"),
        USAGE,
        ("tradingsys", "cannot be written", "must be writable"),
    ),
    _command(USAGE, "usdt", "--config", _TRY),
    _command(USAGE, "usdt -c=usdt.json -l=loud", "loud", "debug", _TRY),
    _command(USAGE, "fly", "fly", _TRY),
    _command(USAGE, "usdt -c=usdt.json --speed 3", "--speed", _TRY),
    _command(USAGE, "sim --port 70000", "--port", "must be 0 to"),
    _command(USAGE, "sim --speed 0", "--speed", "must be above 0"),
    _command(USAGE, "sim --activity 0", "--activity", "must be 0.001 to 100"),
    _command(USAGE, "sim --activity 1e-300", "--activity", "must be 0.001 to 100"),
    _command(USAGE, "sim --activity nan", "--activity", "must be 0.001 to 100"),
    _command(USAGE, "sim --loop", "--loop", "--replay"),
    _command(USAGE, "sim --replay none.gz", "none.gz"),
    _command(USAGE, "record -o tape.txt btcusdt", "btcusdt@depth"),
    _command(USAGE, "pos set 1 dogeusdt much", "much"),
    _command(USAGE, "pos set 99999 dogeusdt 1", "99999", "65535"),
    _command(FAILURE, "pos set 1 nosuchusdt 1", "nosuchusdt", "it knows dogeusdt"),
    _command(FAILURE, "explain nosuchusdt", "nosuchusdt", "it knows dogeusdt"),
    _command(USAGE, "orders --limit 0", "--limit", "1 to 1000"),
    _command(USAGE, "orders --session 70000", "--session", "0 to 65535"),
    _command(USAGE, "init usdt.json --yes", "usdt.json", "exists", "--force"),
    _command(NOTHING, "status --db none.db", "none.db", "start the gateway"),
    _command(USAGE, "status -c none.json", "none.json", "cannot be read"),
    _command(FAILURE, "resume dogeusdt", "dogeusdt is not halted", "pos.db"),
    Case(
        "command: status where nothing is",
        partial(_moved, command="status"),
        NOTHING,
        ("pos.db", "--addr"),
    ),
    Case("command: sim plays a damaged recording", _damaged_tape, USAGE, ("tape.gz",)),
    Case("command: record over a file", _existing_output, USAGE, ("tape.txt", "exists")),
    Case(
        "command: sim on a taken port",
        lambda place: place.run("sim", f"--port={place.taken_port()}"),
        FAILURE,
        ("cannot listen", "--port=N"),
    ),
    Case(
        "command: status of a book that is none",
        _status_of_garbage,
        USAGE,
        ("pos.db", "is not a database", "name another file"),
    ),
)
