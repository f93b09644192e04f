"""From noted times to latencies: what percentiles say, and nothing they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

__all__ = ["Latency", "Sample", "latency", "pooled", "sample"]


class Latency(Struct, frozen=True):
    """Microseconds at the median and at the 99th percentile."""

    p50_us: float
    p99_us: float


class Sample(Struct, frozen=True):
    """One run of a chain: nanoseconds from tick to strategy and from tick to the order at the exchange."""

    to_strategy_ns: list[int]
    to_order_ns: list[int]


def sample(tick_ns: Mapping[int, int], seen_ns: Mapping[int, int], order_ns: Mapping[int, int], warm_up: int) -> Sample:
    """The latencies of all ticks after the first ``warm_up``."""
    counted = [tick for tick in sorted(tick_ns) if tick > warm_up]
    return Sample(
        [seen_ns[tick] - tick_ns[tick] for tick in counted],
        [order_ns[tick] - tick_ns[tick] for tick in counted],
    )


def pooled(samples: Sequence[Sample]) -> Sample:
    """Several runs as one."""
    return Sample(
        [ns for one in samples for ns in one.to_strategy_ns],
        [ns for one in samples for ns in one.to_order_ns],
    )


def latency(samples_ns: Sequence[int]) -> Latency:
    """Nearest-rank percentiles."""
    ranked = sorted(samples_ns)
    return Latency(_rank(ranked, 50) / 1000, _rank(ranked, 99) / 1000)


def _rank(ranked: Sequence[int], percent: int) -> int:
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]
