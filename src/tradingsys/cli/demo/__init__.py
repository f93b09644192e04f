"""``tradingsys demo``: an exchange in a box, a gateway and three strategies, and one view of them all."""

from tradingsys.cli.demo.command import demo

__all__ = ["demo"]
