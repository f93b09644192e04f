"""One engine with a session on spot and one on futures: after many trades in turns both books are exact."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections import Counter
from pathlib import Path
from random import Random

from msgspec import Struct

from tests.campaign.asset_books import Records, compare
from tests.campaign.campaign import differences_at_end
from tests.campaign.hand import Hand
from tests.process.desk import Desk
from tests.process.world import PATIENCE_S, World, eventually, free_port

__all__ = ["PairResult", "run_pair"]


class PairResult(Struct):
    """What happened, and where two records differ; nothing differs when all is well."""

    differences: list[str]
    executions: Counter[str]
    """By market and the asset of their fee."""


def run_pair(directory: Path, executions: int, seed: int = 1) -> PairResult:
    """Raises AssertionError when a process fails, or never ends."""
    with World.running(directory, sim_options=["--orders-per-minute=1000000", f"--seed={seed}"]) as world:
        Hand(world, "spot", Random(seed)).deposit("BNB", "10")
        path, port = directory / "spot.json", free_port()
        path.write_text(json.dumps(json.loads(path.read_text()) | {"local": f"ws://localhost:{port}"}))
        gateways = [world.start_gateway(), world.start("spot", "-m", "tradingsys", "spot", "-c=spot.json", "-l=info")]
        for gateway in gateways:
            world.wait_until_ready(gateway)
        addresses = [f"ws://localhost:{number}" for number in (port, world.port)]
        pair = world.start("pair", "-m", "tests.campaign.pair_strategy", str(directory), *addresses, str(executions))
        try:
            code = pair.popen.wait(PATIENCE_S + executions)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the pair never ends: {pair.err[-2_000:]}") from None
        assert code == 0 and "Traceback" not in pair.err, pair.err[-2_000:]
        told = json.loads(pair.out)
        records = Records(world, Desk(world), "spot")

        def differences() -> list[str]:
            return [*compare(records, [told["spot"]]), *differences_at_end(world, [told["usdm"]])]

        with contextlib.suppress(AssertionError):
            eventually("all to be in the books", lambda: not differences())
        found = differences()
        for gateway in gateways:
            assert gateway.stop() == 0, gateway.err
        found += [f"at rest: {each}" for each in compare(records, [told["spot"]], at_rest=True)]
        found += [f"at rest: {each}" for each in differences_at_end(world, [told["usdm"]])]
        return PairResult(found, records.fees() + Counter(usdm=len(world.ledger())))
