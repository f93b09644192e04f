"""A gateway that was killed does nothing any more, whenever the collector comes by."""

from __future__ import annotations

from pathlib import Path

from tests.simulate.incarnation import SimPeer
from tests.simulate.rig import Rig


def test_what_a_dead_gateway_had_begun_says_nothing_when_it_is_collected(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.client()
    gateway = rig.gateway
    [peer] = gateway.gateway.clients
    assert isinstance(peer, SimPeer)
    gateway.kill("by the test")
    dice, steps, notes = rig.world.rng.getstate(), len(rig.world._heap), len(rig.world.trace)
    peer.write(b"{}")
    gateway.info("a step")
    gateway.warning("a trouble")
    gateway.error("a fault")
    assert (rig.world.rng.getstate(), len(rig.world._heap), len(rig.world.trace)) == (dice, steps, notes)
