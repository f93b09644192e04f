"""The keys ``limits`` and ``sessions`` of a configuration file: what each session may do, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from tradingsys.core.enums import OnDisconnect
from tradingsys.core.errors import ConfigError
from tradingsys.core.ids import MAX_SESSION
from tradingsys.gateway.configuration.config_keys import unknown_key
from tradingsys.oms.limits import AccountLimits, Limits

__all__ = [
    "LONGEST_COUNTDOWN_S",
    "UNLIMITED",
    "LimitsConfig",
    "SessionConfig",
    "check_sessions",
    "limits_of",
    "unknown_key_within",
]

LONGEST_COUNTDOWN_S = 3_600
"""Of the exchange's, that cancels orders."""

_LARGEST = Decimal("1e15")
_NUMBER = "write a number, or null for no limit"
_LONGEST_GRACE_S = 86_400


class LimitsConfig(Limits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for every session that says nothing else, and the account's own."""

    account: AccountLimits = AccountLimits()


UNLIMITED = LimitsConfig(
    max_order_notional=None,
    max_aggressive_pct=None,
    max_passive_pct=None,
    max_reference_age_s=None,
    max_position_notional=None,
    max_gross_notional=None,
    max_unexecuted_notional=None,
    max_open_orders=None,
    max_open_orders_of_symbol=None,
    max_orders_per_s=None,
    max_same_orders=None,
    max_executions=None,
    max_rejections=None,
    max_daily_loss=None,
    account=AccountLimits(max_gross_notional=None, max_leverage=None, min_free_mib=None),
)
"""For those who watch over it themselves."""


class SessionConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One session's."""

    limits: dict[str, Any] = {}
    """Those of `Limits` that differ from what holds for every session: see `limits_of`."""
    trading: bool = True
    """Whether it may send and amend orders at all."""
    on_disconnect: OnDisconnect = OnDisconnect.LEAVE
    grace_s: float = 10
    """For how long its strategy may be away before that is done."""
    countdown: bool = False
    """Whether the exchange itself may cancel all orders on its symbols when this gateway falls silent."""


def limits_of(defaults: Limits, session: SessionConfig | None, *, file: str = "", key: str = "limits") -> Limits:
    """A session's limits: its own, where it has some.

    Raises ConfigError for a key that there is not, and for a value that is none.
    """
    own = session.limits if session is not None else {}
    unknown = unknown_key(own, Limits, f"{key}: ")
    if unknown is not None:
        raise ConfigError("unknown key", file=file, key=unknown[0], hint=unknown[1])
    all_keys = {name: getattr(defaults, name) for name in Limits.__struct_fields__}
    try:
        limits = msgspec.convert(all_keys | own, Limits)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error), file=file, key=key, hint=_NUMBER) from None
    _check_values(limits, file, key)
    return limits


def check_sessions(limits: LimitsConfig, sessions: Mapping[str, SessionConfig], file: str) -> None:
    """Raises ConfigError for a name that is no session's, and for values that are none."""
    _check_values(limits, file, "limits")
    _check_values(limits.account, file, "limits: account")
    for name, session in sessions.items():
        key = f"sessions: {name[:20]}"
        if not (name.isascii() and name.isdigit() and str(int(name[:9])) == name and int(name) <= MAX_SESSION):
            raise ConfigError(f"is no session: their names are 0 to {MAX_SESSION}", file=file, key=key)
        if not 0 <= session.grace_s <= _LONGEST_GRACE_S:
            raise ConfigError(
                f"must be 0 to {_LONGEST_GRACE_S}, not {session.grace_s:g}", file=file, key=f"{key}: grace_s"
            )
        limits_of(limits, session, file=file, key=f"{key}: limits")


def unknown_key_within(given: Mapping[str, object]) -> tuple[str, str] | None:
    """The first key inside ``limits`` and ``sessions`` that is none, and what to do about it."""
    limits, sessions = given.get("limits"), given.get("sessions")
    account = limits.get("account") if isinstance(limits, dict) else None
    found = unknown_key(limits, LimitsConfig, "limits: ") or unknown_key(account, AccountLimits, "limits: account: ")
    for name, session in sessions.items() if isinstance(sessions, dict) else ():
        found = found or unknown_key(session, SessionConfig, f"sessions: {str(name)[:20]}: ")
    return found


def _check_values(limits: Struct, file: str, key: str) -> None:
    """A limit of nothing would refuse everything: to forbid trading there is ``trading``."""
    for name in limits.__struct_fields__:
        value = getattr(limits, name)
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and not _is_limit(value):
            raise ConfigError(f"must be more than 0, not {value}", file=file, key=f"{key}: {name}", hint=_NUMBER)


def _is_limit(value: int | Decimal) -> bool:
    return Decimal(value).is_finite() and 0 < value <= _LARGEST
