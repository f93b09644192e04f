"""What strategies are told without having asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import structs

from tradingsys.core.commands import Balance
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.core.order import FillKey
from tradingsys.core.position import SessionPosition
from tradingsys.core.records import FillRecord, Record
from tradingsys.core.reports import AccountChanged, MarginLevel, OrderRequest
from tradingsys.gateway.clients.sessions import Client, Session, SessionDesk
from tradingsys.gateway.seams import Peer
from tradingsys.gateway.views.views import balance_views, order_view, snapshot, trading_view
from tradingsys.oms.effects import OrderNews
from tradingsys.oms.halts import Halts
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.wire.codec import encode
from tradingsys.wire.messages import BalancePush, MarginPush, RequestFailedPush, SnapshotPush, StatusPush

__all__ = ["Announcements"]


class Announcements:
    """Tells owners of sessions of their orders and positions, and everybody of what all share."""

    def __init__(self, clients: Mapping[Peer, Client]) -> None:
        self.sessions: SessionDesk | None = None
        """None as long as nobody can have logged in."""
        self.moved: dict[Session, None] = {}
        """Whose events are not on their way to pos.db yet."""
        self._told: dict[FillKey, int] = {}
        """By which event each execution was told that is not on its way there yet."""
        self._clients = clients
        self._status: StatusPush | None = None
        self._halt_changes = 0

    def order(self, news: OrderNews, *, deliver: bool) -> None:
        """Something changed about an order. Without ``deliver`` a snapshot will tell."""
        if self.sessions is None:
            return
        session = self.sessions.session(news.order.session)
        self.moved[session] = None
        if not deliver:
            session.pass_over()
        elif (view := order_view(news.order, news.new_fills, news.completed_fills)) is not None:
            session.push_order(view)
        if news.new_fills:
            self._told |= {fill.key: session.n for fill in news.new_fills}
            session.unsaved.note(session.n, news.order)

    def position(self, session: int, symbol: str, position: SessionPosition, *, deliver: bool) -> None:
        """What a session holds, or what that earned, changed. Without ``deliver`` a snapshot will tell."""
        if self.sessions is None:
            return
        told = self.sessions.session(session)
        self.moved[told] = None
        if deliver:
            told.push_position(symbol.lower(), position)
        else:
            told.pass_over()

    def numbered(self, records: Iterable[Record], epoch: int) -> list[Record]:
        """These rows, executions with the event that told of them: whoever comes back asks for those after his last."""
        told, self._told = self._told, {}
        return [self._numbered(row, told, epoch) if isinstance(row, FillRecord) else row for row in records]

    def _numbered(self, row: FillRecord, told: Mapping[FillKey, int], epoch: int) -> FillRecord:
        if row.session == EXTERNAL:
            return row
        so_far = 0 if self.sessions is None else self.sessions.session(row.session).n
        return structs.replace(row, epoch=epoch, n=told.get(row.fill.key, so_far))

    def failed(self, order: TrackedOrder, request: OrderRequest, code: int, reason: str) -> None:
        """A cancel or amend that had been taken came to nothing."""
        method = "amend" if request is OrderRequest.REPLACE else "cancel"
        if self.sessions is not None:
            self.sessions.session(order.session).tell(RequestFailedPush(order.client_order_id, method, code, reason))

    def balances(self, changed: AccountChanged) -> None:
        """The account's money changed."""
        balances = [
            Balance(asset, changed.balances[asset], changed.available.get(asset)) for asset in sorted(changed.balances)
        ]
        if balances:
            self._tell_all(encode(BalancePush(balance_views(balances))))

    def snapshots(self, book: SessionBook) -> None:
        """The books are proven: whoever logged in before is told all there is."""
        for session in self.sessions.sessions.values() if self.sessions is not None else ():
            if session.listeners:
                data = encode(
                    SnapshotPush(snapshot(book, session.id, session.epoch, session.n, session.unsaved.orders))
                )
                for client in session.listeners:
                    client.peer.write(data)
                    client.peer.write(session.durable_push())

    def margin(self, report: MarginLevel) -> None:
        """A margin account comes close to a margin call, or is well again."""
        self._tell_all(encode(MarginPush(plain(report.level), report.status, report.ts_event_ms)))

    def status(self, status: StatusPush, halts: Halts) -> None:
        """The gateway's state and what each session may send, which are told when they are others."""
        if status != self._status:
            self._status = status
            self._tell_all(encode(status))
        if halts.changes != self._halt_changes and self.sessions is not None:
            self._halt_changes = halts.changes
            for session in self.sessions.sessions.values():
                session.may_send(trading_view(halts, session.id))

    def _tell_all(self, data: bytes) -> None:
        for peer, client in self._clients.items():
            if client.is_logged_in:
                peer.write(data)
