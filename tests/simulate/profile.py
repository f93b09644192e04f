"""What kind of misfortune a life is about, by its seed."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Profile"]


class Profile(StrEnum):
    """What kind of misfortune a life is about. The rules that carry the most weight need the ones after NORMAL."""

    NORMAL = "normal"
    """A bit of everything."""
    FOCUS = "focus"
    """A crash at every third order, most orders late, most of the account's events lost."""
    EXTREME = "extreme"
    """Orders accepted at the last legal instant, no event ever, answers as old as allowed, back in 20 ms."""
    KILLS = "kills"
    """Deaths of the process right after the bytes left, during the boot and inside the fence."""
    STALE = "stale"
    """Every question is answered from some older state."""
    PEERS = "peers"
    """Strategies' connections break with orders under way, and the gateway notices late."""

    AMENDS = "amends"
    """Orders are amended all the time, most amends are late or lost, and gateways die of them."""
    VENUE = "venue"
    """The exchange is not well: answers that prove nothing, bans, restarts, streams that end or fall silent."""
    NEIGHBOURS = "neighbours"
    """Other clients flood the gateway, send garbage and claim sessions; strategies stop reading and repeat orders."""
    FORGETFUL = "forgetful"
    """The exchange does not find some of its orders for longer than is known of any: only the books must be right."""
    DISK = "disk"
    """The disk is full, slow and fails, power is cut, and the process dies wherever it writes."""
    LIMITS = "limits"
    """Sessions run into limits all the time, and the exchange seldom says what became of their orders."""
    REFUSED = "refused"
    """The exchange refuses to answer questions of some kind, or all, for up to four minutes."""
    CUTS = "cuts"
    """Power is cut right when an order left, which arrives at the last legal instant; the disk is slow, no event
    comes, and the gateway, back in 20 ms, asks every 50 ms.
    """

    @classmethod
    def of(cls, seed: int) -> Profile:
        """Of 24 lives two are of each, but one is of NORMAL, LIMITS, REFUSED and CUTS each."""
        return _BY_SEED[seed % len(_BY_SEED)]


_BY_SEED = tuple(
    profile
    for first, rare in ((Profile.NORMAL, Profile.LIMITS), (Profile.REFUSED, Profile.CUTS))
    for profile in (
        first,
        Profile.FOCUS,
        Profile.AMENDS,
        Profile.EXTREME,
        rare,
        Profile.KILLS,
        Profile.PEERS,
        Profile.STALE,
        Profile.VENUE,
        Profile.NEIGHBOURS,
        Profile.FORGETFUL,
        Profile.DISK,
    )
)
