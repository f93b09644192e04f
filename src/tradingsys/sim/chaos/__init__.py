"""Faults by profile and seed, between the sockets and the box: what networks and busy exchanges do now and then."""

from tradingsys.sim.chaos.layer import Chaos
from tradingsys.sim.chaos.profiles import PROFILES, Profile

__all__ = ["PROFILES", "Chaos", "Profile"]
