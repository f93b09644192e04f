"""Journal and pos.db: what must survive a crash. One writer."""

from tradingsys.store.runner import InlineRunner, Runner, ThreadRunner
from tradingsys.store.store import Store

__all__ = ["InlineRunner", "Runner", "Store", "ThreadRunner"]
