"""A venue that says only what the test lets it say."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tradingsys.core.commands import (
    AccountMode,
    AccountModeQuery,
    Ask,
    CancelOrder,
    Command,
    IncomeQuery,
    InstrumentsQuery,
    OpenOrdersQuery,
    OrderQuery,
    PlaceOrder,
    PlaceOrderList,
    PositionsQuery,
    Query,
    RateLimit,
    TimeQuery,
    TradesQuery,
    VenueRules,
)
from tradingsys.core.enums import AccountKind, ContractKind, OrderType, TimeInForce
from tradingsys.core.errors import TradingError
from tradingsys.core.instrument import Instrument
from tradingsys.core.io import Input
from tradingsys.core.order import Fill, Order, Terms
from tradingsys.core.reports import (
    Answer,
    Report,
    TradingState,
    UserStreamState,
)
from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.protocol import Cost, Misfit, Output

START_MS = 1_800_000_000_000


SYMBOL = "DOGEUSDT"


Json = dict[str, Any]


Replier = Callable[[Any], object]


def instrument(symbol: str = SYMBOL, status: str = "TRADING") -> Instrument:
    return Instrument(
        symbol,
        ContractKind.LINEAR,
        symbol.removesuffix("USDT"),
        "USDT",
        "USDT",
        status,
        status == "TRADING",
        Decimal("0.00001"),
        Decimal("0.00244"),
        Decimal(30),
        Decimal(1),
        Decimal(1),
        Decimal(50_000_000),
        Decimal(1),
        Decimal(1),
        Decimal(30_000_000),
        Decimal(5),
        6,
        0,
        tuple(OrderType),
        tuple(TimeInForce),
        post_only=True,
    )


class ScriptedVenue:
    """Answers questions from ``answers``, by their type; one without an answer stays open. Keeps all commands."""

    account_kind = AccountKind.CONTRACTS

    def __init__(self) -> None:
        self.clock = VenueClock()
        self.instruments = [instrument(), instrument("BTCUSDT")]
        self.positions: dict[str, Decimal] = {}
        self.fills: list[Order] = []
        self.answers: dict[type, Replier] = {
            InstrumentsQuery: lambda _: VenueRules(tuple(self.instruments), (RateLimit("weight", 60_000, 2_400),)),
            AccountModeQuery: lambda _: AccountMode(False, False, True, "SgsR"),
            OpenOrdersQuery: lambda _: (),
            PositionsQuery: lambda _: dict(self.positions),
            TradesQuery: lambda _: tuple(self.fills),
            OrderQuery: lambda _: None,
            IncomeQuery: lambda _: (),
        }
        self.asked: list[Query[object]] = []
        self.open_asks: list[Ask] = []
        self.commands: list[Command] = []
        self.said: list[Report] = []
        self.why_not = ""
        self.why_no_list = ""
        self.checked: list[Terms] = []

    next_deadline_ns = None

    def connect(self, now_ns: int) -> list[Output]:
        return [TradingState(True, "ws-api"), UserStreamState(True)]

    def handle(self, event: Input, now_ns: int) -> list[Output]:
        said, self.said = self.said, []
        return list(said)

    def command(self, command: Command, now_ns: int) -> list[Output]:
        if not isinstance(command, Ask):
            self.commands.append(command)
            return []
        query = command.query
        self.asked.append(query)
        if isinstance(query, TimeQuery) and TimeQuery not in self.answers:
            venue_ms = START_MS + now_ns // 1_000_000
            self.clock.set(venue_ms, now_ns, now_ns)
            return [Answer(command.token, venue_ms)]
        replier = self.answers.get(type(query))
        if replier is None:
            self.open_asks.append(command)
            return []
        return [answer_to(command, replier(query))]

    def cost(self, command: Command) -> Cost:
        return Cost(5 if isinstance(command, Ask) else 1, 0 if isinstance(command, Ask | CancelOrder) else 1)

    def refusal(self, terms: Terms, rules: Instrument, reference_px: Decimal | None) -> TradingError | None:
        self.checked.append(terms)
        return TradingError(self.why_not) if self.why_not else None

    def misfit(self, terms: Terms, instrument: Instrument, px: Decimal | None) -> Misfit | None:
        return None

    def refused_misfit(
        self, terms: Terms, instrument: Instrument, px: Decimal | None, code: int, message: str
    ) -> Misfit | None:
        return None

    def list_refusal(self, command: PlaceOrderList) -> TradingError | None:
        return TradingError(self.why_no_list) if self.why_no_list else None

    def placed(self) -> list[PlaceOrder]:
        """Every order that was sent, alone or in a list."""
        lists = [each.orders for each in self.sent(PlaceOrderList)]
        return [*self.sent(PlaceOrder), *(order for orders in lists for order in orders)]

    def executed(self, fill: Fill) -> None:
        """The account holds so much more, or less."""
        self.positions[fill.symbol] = self.positions.get(fill.symbol, Decimal(0)) + fill.signed_qty

    def sent(self, kind: type) -> list[Any]:
        return [command for command in self.commands if isinstance(command, kind)]


def answer_to(ask: Ask, outcome: object) -> Answer:
    return Answer(ask.token, error=outcome) if isinstance(outcome, TradingError) else Answer(ask.token, outcome)
