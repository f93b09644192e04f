"""A gateway's subscription to the account's events on spot and margin, at an exchange that a test speaks for."""

from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.unit.venues.binance.exchange_double import World
from tradingsys.core.io import HttpRequest
from tradingsys.core.reports import UserStreamState
from tradingsys.venues.auth import RsaSigner, Signer
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.products import MARGIN, SPOT

BOTH = pytest.mark.parametrize("product", [SPOT, MARGIN], ids=lambda product: product.name)
HOUR = 3600
MOVED = b'{"e":"balanceUpdate","E":5,"a":"USDT","d":"-100.5","T":4}'
TERMINATED = b'{"e":"eventStreamTerminated","E":1}'
SHUTDOWN = b'{"e":"serverShutdown","E":1}'


def rsa() -> Signer:
    return RsaSigner(generate_private_key(65537, 2048))


def states(world: World) -> list[bool]:
    return [state.is_up for state in world.told(UserStreamState)]


def waiting(world: World, path: str) -> list[HttpRequest]:
    return [request for request in world.requests if urlsplit(request.url).path == path]


def connected(product: Product = SPOT, signer: Signer | None = None) -> World:
    world = World(signer, product)
    world.tell_time()
    world.take(world.protocol.connect(world.now_ns))
    return world
