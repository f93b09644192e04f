"""The assets of an account as operators see them: who holds how much, and whether it adds up to the balance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tradingsys.core.commands import Balance
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.oms.session_book import SessionBook
from tradingsys.wire.operator import AssetView, SessionAsset

__all__ = ["asset_views", "assets_of"]


def asset_views(book: SessionBook, balances: Mapping[str, Balance] | None, only: Iterable[str] = ()) -> list[AssetView]:
    """One row for each asset that is accounted for; without ``balances`` the account's own figure is left out."""
    held = book.assets_by_session()
    holders = sorted(held, key=lambda session: (session == EXTERNAL, session))
    wanted = set(only)
    views: list[AssetView] = []
    for asset, total in book.asset_totals().items():
        if wanted and asset not in wanted:
            continue
        sessions = [SessionAsset(owner, plain(held[owner][asset])) for owner in holders if held[owner].get(asset)]
        if balances is None:
            views.append(AssetView(asset, sessions, plain(total)))
            continue
        balance = balances.get(asset) or Balance(asset, total - total)
        views.append(
            AssetView(
                asset,
                sessions,
                plain(total),
                plain(balance.net),
                plain(total - balance.net),
                plain(balance.borrowed),
                plain(balance.interest),
            )
        )
    return views


def assets_of(book: SessionBook, symbol: str, balances: Mapping[str, Balance] | None) -> list[AssetView]:
    """Of a symbol's base and quote asset; none of contracts."""
    pair = book.pairs.get(symbol)
    return [] if pair is None else asset_views(book, balances, (pair.base, pair.quote))
