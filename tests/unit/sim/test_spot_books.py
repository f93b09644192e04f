"""Whatever accounts do, the ledger explains every balance, and what is locked is what open orders need."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_DOWN, Decimal

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tradingsys.core.enums import Contingency, OrderType, SelfTradePrevention, Side, SideEffect, TimeInForce
from tradingsys.matching.cross_margin import CrossMarginWallet
from tradingsys.sim.events import BookChanged, NewOrder, OrderRecord
from tradingsys.sim.order_lists import ListStatus
from tradingsys.sim.spot_exchange import MarginTerms

from .spot_rig import BNB, BTC, DOGE, ETHBTC, MARGIN, SpotRig, order

BUY, SELL = Side.BUY, Side.SELL
D = Decimal
_CENT = D("0.00000001")
_GRIDS = {  # first price, tick, lot
    DOGE: (D("0.60000"), D("0.00001"), D(1)),
    BTC: (D(60000), D("0.01"), D("0.00001")),
    ETHBTC: (D("0.04167"), D("0.00001"), D("0.0001")),
    BNB: (D(600), D("0.01"), D("0.001")),
}
_ACCOUNTS = ("a", "b", MARGIN)

_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Shrinking a script takes minutes, and rarely makes it plainer."""

steps = st.integers(-30, 30)
sizes = st.integers(1, 400)


@st.composite
def orders(draw: st.DrawFn, account: str | None = None, symbol: str | None = None) -> NewOrder:
    account = account or draw(st.sampled_from((*_ACCOUNTS, "house")))
    symbol = symbol or draw(st.sampled_from(list(_GRIDS)))
    base, tick, lot = _GRIDS[symbol]
    side = draw(st.sampled_from(Side))
    kind = (
        draw(st.sampled_from([OrderType.LIMIT] * 6 + list(OrderType)[1:6])) if account != "house" else OrderType.LIMIT
    )
    px, trigger = (base + tick * draw(steps) for _ in range(2))
    bps = draw(st.none() | st.sampled_from([10, 50])) if kind.is_conditional else None
    quote = (
        draw(st.none() | st.just(str((base * lot * draw(sizes)).quantize(_CENT)))) if kind is OrderType.MARKET else None
    )
    qty = lot * draw(sizes)
    tif = draw(st.sampled_from([TimeInForce.GTC] * 4 + [TimeInForce.IOC, TimeInForce.FOK]))
    return order(
        account,
        side,
        "0" if quote else str(qty),
        str(px) if kind.has_price else None,
        kind,
        symbol=symbol,
        trigger=str(trigger) if kind.is_conditional and (bps is None or draw(st.booleans())) else None,
        bps=bps,
        quote=quote,
        tif=tif if kind.has_price else TimeInForce.GTC,
        maker=kind is OrderType.LIMIT and tif is TimeInForce.GTC and draw(st.integers(0, 5)) == 0,
        iceberg=str(lot * draw(st.integers(1, 20))) if kind.has_price and tif is TimeInForce.GTC else None,
        stp=draw(st.sampled_from(SelfTradePrevention)),
        effect=draw(st.sampled_from(SideEffect)) if account == MARGIN else None,
        repay=draw(st.booleans()),
    )


@st.composite
def lists(draw: st.DrawFn) -> tuple[Contingency, tuple[NewOrder, ...]]:
    account, symbol = draw(st.sampled_from(_ACCOUNTS)), draw(st.sampled_from(list(_GRIDS)))
    base, tick, lot = _GRIDS[symbol]
    contingency = draw(st.sampled_from(Contingency))
    side, qty = draw(st.sampled_from(Side)), str(lot * draw(sizes))
    up, down = (str(base + sign * tick * draw(st.integers(1, 25))) for sign in (1, -1))
    effect = draw(st.sampled_from(SideEffect)) if account == MARGIN else None
    stop = draw(st.sampled_from([OrderType.STOP_MARKET, OrderType.STOP_LIMIT]))
    pair = []
    for px, is_limit in ((up, side is SELL), (down, side is BUY)):
        if is_limit:
            pair.append(order(account, side, qty, px, symbol=symbol, maker=True, effect=effect))
        else:
            limit = px if stop.has_price else None
            pair.append(order(account, side, qty, limit, stop, trigger=px, symbol=symbol, effect=effect))
    first = order(account, side.opposite, qty, draw(st.sampled_from([up, down])), symbol=symbol, effect=effect)
    if contingency is Contingency.OCO:
        return contingency, tuple(pair)
    if contingency is Contingency.OTO:
        return contingency, (first, draw(st.sampled_from(pair)))
    return contingency, (first, *pair)


actions = st.one_of(
    orders(),
    orders(),
    orders(),
    lists(),
    st.tuples(st.just("cancel"), st.integers(0, 50)),
    st.tuples(st.just("amend"), st.integers(0, 50)),
    st.tuples(st.just("borrow"), st.sampled_from(["USDT", "BTC", "DOGE"])),
    st.tuples(st.just("repay"), st.sampled_from(["USDT", "BTC", "DOGE"])),
    st.tuples(st.just("wait"), st.integers(1, 4000)),
    st.tuples(st.just("move"), st.sampled_from(["USDT", "BNB"])),
    st.tuples(
        st.just("crash"), st.tuples(st.sampled_from([DOGE, BTC, BNB]), st.sampled_from([-80, -15, 0, 15, 60, 300]))
    ),
)


def _act(rig: SpotRig, action: object) -> None:
    exchange = rig.exchange
    match action:
        case NewOrder():
            rig.place(action)
        case (Contingency() as contingency, tuple() as legs):
            rig.place_list(contingency, *legs)
        case ("cancel" | "amend" as verb, int() as number):
            mine = [each for name in _ACCOUNTS for each in exchange.open_orders(name)]
            if mine:
                chosen = mine[number % len(mine)]
                lot = _GRIDS[chosen.symbol][2]
                half = str(max(lot, (chosen.qty / 2 / lot).quantize(D(1)) * lot))
                rig.cancel(chosen) if verb == "cancel" else rig.amend(chosen, half)
        case ("borrow", str() as asset):
            exchange.borrow(
                MARGIN, asset, (exchange.borrowable(MARGIN, asset)[0] / 2).quantize(_CENT, ROUND_DOWN), rig.now_ns
            )
        case ("repay", str() as asset):
            exchange.repay(MARGIN, asset, (exchange.margin(MARGIN).debt(asset) / 2).quantize(_CENT), rig.now_ns)
        case ("wait", int() as seconds):
            rig.wait(seconds)
        case ("crash", (str() as symbol, int() as percent)):
            rig.trade_at(str((_GRIDS[symbol][0] * (100 + percent) / 100).quantize(_GRIDS[symbol][1])), symbol)
        case ("move", str() as asset):
            exchange.transfer("a", asset, D("-0.5"), rig.now_ns)
            exchange.transfer(MARGIN, asset, D("0.5"), rig.now_ns)


def _needs(record: OrderRecord) -> Decimal | None:
    """What an open order locks; None when it cannot be said from the record alone."""
    if record.side is SELL:
        return record.leaves
    if record.px is not None:
        return (record.px * record.leaves).quantize(_CENT, ROUND_DOWN)
    if record.trigger_px is not None:
        return (record.trigger_px * record.leaves).quantize(_CENT, ROUND_DOWN) if not record.amends else None
    return None


def _check(rig: SpotRig) -> None:
    exchange = rig.exchange
    for name in _ACCOUNTS:
        wallet = exchange.accounts[name]
        explained: dict[str, Decimal] = defaultdict(Decimal)
        for row in exchange.ledger.money(name):
            explained[row.asset] += row.amount
        for asset in {*wallet.assets, *explained}:
            assert wallet.total(asset) == explained[asset], (name, asset)
            assert wallet.free_of(asset) >= 0, (name, asset)
            assert wallet.locked_of(asset) >= 0, (name, asset)
            assert wallet.total(asset) == wallet.total(asset).quantize(_CENT)
        _check_locks(rig, name)
        if isinstance(wallet, CrossMarginWallet):
            _check_debts(rig, wallet)
        for record in exchange.open_lists(name):
            assert record.status is ListStatus.EXECUTING
            assert any(leg.order_id in exchange.venues[record.symbol].open for leg in record.legs)


def _check_locks(rig: SpotRig, name: str) -> None:
    exchange = rig.exchange
    needs: dict[str, dict[object, Decimal]] = defaultdict(dict)
    unknown = set()
    for record in exchange.open_orders(name):
        instrument = exchange.venues[record.symbol].instrument
        asset = instrument.base_asset if record.side is SELL else instrument.quote_asset
        if record.status.value == "PENDING_NEW":
            continue
        need = _needs(record)
        key = (record.symbol, record.list_id, record.side) if record.list_id >= 0 else (record.symbol, -record.order_id)
        if need is None:
            unknown.add(asset)
        else:
            needs[asset][key] = max(need, needs[asset].get(key, D(0)))
    for asset in exchange.accounts[name].assets:
        if asset not in unknown:
            assert exchange.accounts[name].locked_of(asset) == sum(needs[asset].values()), (name, asset)


def _check_debts(rig: SpotRig, wallet: CrossMarginWallet) -> None:
    owed: dict[str, Decimal] = defaultdict(Decimal)
    interest: dict[str, Decimal] = defaultdict(Decimal)
    for loan in rig.exchange.ledger.loans:
        sign = 1 if loan.kind.value == "BORROW" else -1
        owed[loan.asset] += sign * loan.principal
        interest[loan.asset] -= loan.interest
    for row in rig.exchange.ledger.interest:
        interest[row.asset] += row.interest
    for asset in {*wallet.borrowed, *wallet.interest}:
        assert wallet.borrowed_of(asset) == owed[asset] >= 0
        assert wallet.interest_of(asset) == interest[asset] >= 0


def _rig() -> SpotRig:
    rig = SpotRig("a", "b", terms=MarginTerms(daily_rate=D("0.05")), deposits={
        "USDT": "3000", "DOGE": "2000", "BTC": "0.05", "BNB": "2", "ETH": "0.5",
    })  # fmt: skip
    rig.exchange.open_margin("a", {"USDT": D(500), "BTC": D("0.004")})
    rig.exchange.burn_bnb("b", on=True)
    for symbol, (px, tick, lot) in _GRIDS.items():
        for step in range(1, 40, 6):
            rig.quote(BUY, str(lot * 60), str(px - tick * step), symbol)
            rig.quote(SELL, str(lot * 60), str(px + tick * step), symbol)
    return rig


@settings(max_examples=120, deadline=None, phases=_PHASES)
@given(st.lists(actions, min_size=1, max_size=60))
def test_the_ledger_explains_every_balance(script: list[object]) -> None:
    rig = _rig()
    for action in script:
        _act(rig, action)
    _check(rig)
    for name in _ACCOUNTS:
        for symbol in _GRIDS:
            rig.exchange.cancel_all(name, symbol, rig.now_ns)
        assert not rig.exchange.open_orders(name)
        assert not rig.exchange.open_lists(name)
        assert not any(rig.exchange.accounts[name].locked.values())
    _check(rig)


@settings(max_examples=15, deadline=None, phases=_PHASES)
@given(st.lists(actions, min_size=1, max_size=40))
def test_the_same_requests_give_the_same_events(script: list[object]) -> None:
    told = []
    for _ in range(2):
        rig = _rig()
        for action in script:
            _act(rig, action)
        told.append(repr(rig.events))
    assert told[0] == told[1]


@settings(max_examples=30, deadline=None, phases=_PHASES)
@given(st.lists(actions, min_size=5, max_size=60))
def test_update_ids_have_no_gaps(script: list[object]) -> None:
    rig = _rig()
    for action in script:
        _act(rig, action)
    last: dict[str, int] = {}
    for event in rig.events:
        if isinstance(event, BookChanged):
            assert event.first_update_id == last.get(event.symbol, event.first_update_id - 1) + 1
            assert event.update_id >= event.first_update_id
            last[event.symbol] = event.update_id
