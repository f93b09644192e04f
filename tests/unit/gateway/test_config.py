from __future__ import annotations

import json
from pathlib import Path

import pytest

from tradingsys.core.errors import ConfigError
from tradingsys.gateway.configuration.config import Environment, addresses, load, local_address, private_key, product_of
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.configuration.session_config import limits_of

SEED = {"apikey": "your api key", "pem": "private_key.pem", "local": "ws://localhost:8111"}


def write(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "usdt.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def problem(tmp_path: Path, content: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, content))
    assert "usdt.json" in str(caught.value)
    return str(caught.value)


def test_the_originals_file_means_live(tmp_path: Path) -> None:
    config = load(write(tmp_path, SEED))
    assert config.environment is Environment.LIVE and config.db == "pos.db"
    assert local_address(config, tmp_path) == ("localhost", 8111)


@pytest.mark.parametrize(
    ("key", "meant"), [("api_key", "apikey"), ("enviroment", "environment"), ("symbol", "symbols")]
)
def test_an_unknown_key_is_answered_with_the_one_that_was_meant(tmp_path: Path, key: str, meant: str) -> None:
    assert f"did you mean {meant}?" in problem(tmp_path, SEED | {key: "x"})


def test_a_key_like_no_other_is_answered_with_all(tmp_path: Path) -> None:
    assert "known keys: admit, apikey" in problem(tmp_path, SEED | {"zzz": 1})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        (SEED | {"urls": {"restt": "https://localhost"}}, "urls: restt: unknown key (did you mean rest?)"),
        ({"pem": "a", "local": "b"}, "apikey"),
        (SEED | {"apikey": ""}, "apikey"),
        (SEED | {"apikey": 5}, "apikey"),
        (SEED | {"secret": "also"}, "exactly one"),
        ({"apikey": "k", "local": "ws://localhost:1"}, "exactly one"),
        (SEED | {"apikey": " key"}, "apikey"),
        (SEED | {"apikey": "line\nbreak"}, "apikey"),
        (SEED | {"environment": "prod"}, "one of live, testnet, demo, sim"),
        (SEED | {"urls": {"rest": "ftp://localhost"}}, "https://"),
        (SEED | {"urls": {"rest": "localhost:8100"}}, "https://"),
        (SEED | {"urls": {"rest": "http://example.com"}}, "not encrypted"),
        (SEED | {"urls": {"streams": "ws://example.com"}}, "not encrypted"),
        (SEED | {"urls": {"ws_api": "https://example.com"}}, "wss://"),
        (SEED | {"db": "nowhere/pos.db"}, "no directory nowhere"),
        (SEED | {"db": ""}, "no file: ''"),
        (SEED | {"db": "."}, "no file: '.'"),
        (SEED | {"environment": "sim"}, "--write-config"),
        (SEED | {"environment": "sim", "urls": {"rest": "http://127.0.0.1:1"}}, "ws_api"),
        (SEED | {"recv_window_ms": 0}, "recv_window_ms"),
        (SEED | {"recv_window_ms": 60_001}, "recv_window_ms"),
        (SEED | {"staleness_ms": -1}, "staleness_ms"),
        (SEED | {"durability": "never"}, "one of write, fsync"),
        (SEED | {"symbols": "btcusdt"}, "symbols"),
        (SEED | {"margin": "isolated"}, "margin: isolated margin is not offered"),
        (SEED | {"isolated": True}, "isolated: isolated margin is not offered"),
        (SEED | {"margin": True, "isIsolated": True}, "isIsolated: isolated margin is not offered"),
        (SEED | {"margin": "cross"}, 'margin: must be true or false, not "cross"'),
        (SEED | {"margin": 1}, "margin: must be true or false"),
        (SEED | {"margin": True, "environment": "testnet"}, "there is no testnet for margin accounts"),
        (SEED | {"margin": True, "environment": "demo"}, "rehearse with the simulator"),
        (
            SEED | {"limits": {"max_ordr_notional": 1}},
            "limits: max_ordr_notional: unknown key (did you mean max_order_",
        ),
        (SEED | {"limits": {"max_order_notional": 0}}, "limits: max_order_notional: must be more than 0, not 0 (write"),
        (SEED | {"limits": {"max_order_notional": "NaN"}}, "limits: max_order_notional: must be more than 0, not NaN"),
        (
            SEED | {"limits": {"max_order_notional": "much"}},
            "limits: max_order_notional: Invalid decimal string",
        ),
        (SEED | {"limits": {"account": {"max_order_notional": 1}}}, "limits: account: max_order_notional: unknown key"),
        (SEED | {"limits": {"account": {"max_gross_notional": -1}}}, "limits: account: max_gross_notional: must be"),
        (SEED | {"sessions": {"x": {}}}, "sessions: x: is no session: their names are 0 to 65535"),
        (SEED | {"sessions": {"70000": {}}}, "sessions: 70000: is no session"),
        (SEED | {"sessions": {"03": {}}}, "sessions: 03: is no session"),
        (SEED | {"sessions": {"9" * 5_000: {}}}, "is no session"),
        (SEED | {"sessions": {"3": {"tradin": False}}}, "sessions: 3: tradin: unknown key (did you mean trading?)"),
        (SEED | {"sessions": {"3": {"on_disconnect": "sell"}}}, "one of leave, cancel, flatten"),
        (SEED | {"sessions": {"3": {"grace_s": -1}}}, "sessions: 3: grace_s: must be 0 to 86400, not -1"),
        (SEED | {"sessions": {"3": {"limits": {"account": {}}}}}, "sessions: 3: limits: account: unknown key"),
        (SEED | {"sessions": {"3": {"limits": {"max_open_orders": "many"}}}}, "sessions: 3: limits: Expected `int"),
        (SEED | {"sessions": {"3": {"limits": {"max_executions": 0}}}}, "sessions: 3: limits: max_executions: must be"),
        (SEED | {"sessions": []}, "sessions: Expected"),
        (SEED | {"admit": "some"}, "one of all, configured"),
        (
            SEED | {"admit": "configured"},
            'admit: nobody could log in: no session is configured (name those that may: "',
        ),
        (SEED | {"sessions": {"3": {"countdown": True}}}, "sessions: 3: countdown: needs countdown_s too"),
        (SEED | {"countdown_s": 60, "sessions": {"3": {}}}, "countdown_s: no session agrees to it"),
        (SEED | {"backups": {"every_h": 1e-7}}, "backups: every_h: must be 0 (never), or 0.01 to 8784, not 1e-07"),
        (SEED | {"backups": {"every_h": -1}}, "backups: every_h: must be 0 (never), or 0.01 to 8784"),
    ],
)
def test_bad_configuration_names_file_and_key(tmp_path: Path, content: object, told: str) -> None:
    assert told in problem(tmp_path, content)


def test_a_session_has_limits_of_its_own_where_it_says_so(tmp_path: Path) -> None:
    limits = {"max_order_notional": "2.5e4", "max_daily_loss": None, "account": {"max_open_orders": 7}}
    own = {"max_order_notional": None, "max_orders_per_s": 3}
    config = load(write(tmp_path, SEED | {"limits": limits, "sessions": {"3": {"limits": own, "trading": False}}}))
    three, four = limits_of(config.limits, config.sessions["3"]), limits_of(config.limits, None)
    assert (three.max_order_notional, three.max_daily_loss, three.max_orders_per_s) == (None, None, 3)
    assert four.max_order_notional == 25_000 and four.max_daily_loss is None and four.max_orders_per_s == 20
    assert config.limits.account.max_open_orders == 7 and not config.sessions["3"].trading


def test_the_command_and_the_file_say_what_is_traded(tmp_path: Path) -> None:
    path = write(tmp_path, SEED)
    assert product_of("usdt", load(path), path) is ProductName.USDM
    assert product_of("spot", load(path), path) is ProductName.SPOT
    margin = write(tmp_path, SEED | {"margin": True})
    assert product_of("spot", load(margin), margin) is ProductName.MARGIN
    with pytest.raises(ConfigError, match=r"usdt\.json: margin: .*tradingsys spot -c="):
        product_of("usdt", load(margin), margin)


@pytest.mark.parametrize(("ws_api", "wrong", "right"), [("ws-api/v3", "usdt", "spot"), ("ws-fapi/v1", "spot", "usdt")])
def test_the_addresses_of_another_product_are_refused(tmp_path: Path, ws_api: str, wrong: str, right: str) -> None:
    path = write(tmp_path, SEED | {"urls": {"ws_api": f"wss://localhost:8102/{ws_api}"}})
    assert product_of(right, load(path), path).command == right
    with pytest.raises(ConfigError, match=rf"urls: ws_api: .*run it with tradingsys {right} -c="):
        product_of(wrong, load(path), path)


@pytest.mark.parametrize(("product", "wrong"), [("spot", "usdt"), ("usdt", "spot")])
def test_a_file_that_names_another_product_is_refused(tmp_path: Path, product: str, wrong: str) -> None:
    path = write(tmp_path, SEED | {"product": product})
    assert product_of(product, load(path), path).command == product
    told = rf"usdt\.json: product: is {product}, which tradingsys {wrong} does not trade.* tradingsys {product} -c="
    with pytest.raises(ConfigError, match=told):
        product_of(wrong, load(path), path)


def test_only_futures_have_a_countdown(tmp_path: Path) -> None:
    path = write(tmp_path, SEED | {"countdown_s": 60, "sessions": {"3": {"countdown": True}}})
    assert product_of("usdt", load(path), path) is ProductName.USDM
    with pytest.raises(ConfigError, match="only futures have such a countdown"):
        product_of("spot", load(path), path)


def test_every_product_has_addresses_where_it_is(tmp_path: Path) -> None:
    config = load(write(tmp_path, SEED))
    rests = {product: addresses(config, product).rest for product in ProductName}
    assert rests == {
        ProductName.USDM: "https://fapi.binance.com",
        ProductName.SPOT: "https://api.binance.com",
        ProductName.MARGIN: "https://api.binance.com",
    }
    assert addresses(config, ProductName.MARGIN).risk_streams.startswith("wss://margin-stream")
    testnet = load(write(tmp_path, SEED | {"environment": "testnet"}))
    assert addresses(testnet, ProductName.SPOT).rest == "https://testnet.binance.vision"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = write(tmp_path, SEED)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(path).pem == "private_key.pem"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.json")


def test_binary_garbage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "usdt.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="no JSON"):
        load(path)


@pytest.mark.parametrize(
    "local",
    [
        "localhost:8111",
        "ws://localhost",
        "http://localhost:8111",
        "ws://:8111",
        "",
        "ws://localhost:99999",
        "ws://localhost:8111/x",
    ],
)
def test_local_needs_scheme_host_and_port(tmp_path: Path, local: str) -> None:
    path = write(tmp_path, SEED | {"local": local})
    with pytest.raises(ConfigError, match="write it like ws://localhost:8111"):
        local_address(load(path), path)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.168.0.7", "example.com", "127.0.0.1.example.com"])
def test_local_must_be_this_machine(tmp_path: Path, host: str) -> None:
    path = write(tmp_path, SEED | {"local": f"ws://{host}:8111"})
    with pytest.raises(ConfigError, match="can be reached from other machines"):
        local_address(load(path), path)


def test_the_key_file_is_looked_up_here_then_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    path = write(tmp_path, SEED)
    config = load(path)
    with pytest.raises(ConfigError, match=r"no such file: private_key\.pem or"):
        private_key(config, path)
    (tmp_path / "private_key.pem").write_text("beside")
    assert private_key(config, path) == "beside"
    (tmp_path / "here" / "private_key.pem").write_text("here")
    assert private_key(config, path) == "here"


def test_an_hmac_secret_needs_no_file(tmp_path: Path) -> None:
    path = write(tmp_path, {"apikey": "k", "secret": "s", "local": "ws://localhost:1"})
    assert private_key(load(path), path) is None
