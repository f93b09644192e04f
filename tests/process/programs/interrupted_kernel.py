"""Interrupts a cell of a real kernel that runs an engine, and goes on in the next cell. Prints what the cells said.

``python -m tests.process.programs.interrupted_kernel ADDRESS``
"""

from __future__ import annotations

import json
import queue
import sys
from typing import Any

from jupyter_client.manager import start_new_kernel

BEFORE = """
from pyalgo import *
eng = Engine()
session = eng.make_session("{address}", 11, "interrupted", trading=True)
book = session.subscribe("dogeusdt", "depth")
"""
RUNS = """
eng.every(0.2, lambda: print("running", flush=True))
eng.run()
print("came back")
"""
AFTER = """
order = book.add_order(0, 20, Side.BUY, OrderType.MARKET)
while order is not None and order.is_active:
    eng.run(seconds=0.1)
print(order.state if order is not None else "nobody there", session.is_ready, book.net)
book.add_order(0, 20, Side.SELL, OrderType.MARKET)
eng.run(seconds=1)
eng.close()
"""


def say(client: Any, code: str, on_text: Any = None) -> list[str]:
    """What a cell prints; ``on_text`` is called at the first."""
    asked = client.execute(code)
    texts: list[str] = []
    while True:
        try:
            message = client.get_iopub_msg(timeout=60)
        except queue.Empty:
            return [*texts, "nothing for a minute"]
        if message["parent_header"].get("msg_id") != asked:
            continue
        content = message["content"]
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            texts.append(content["text"])
            if on_text is not None:
                on_text()
                on_text = None
        elif message["msg_type"] == "error":
            texts.append(content["ename"])
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            return texts


if __name__ == "__main__":
    manager, client = start_new_kernel()
    try:
        print(json.dumps(say(client, BEFORE.format(address=sys.argv[1]))), flush=True)
        print(json.dumps(say(client, RUNS, manager.interrupt_kernel)), flush=True)
        print(json.dumps(say(client, AFTER)), flush=True)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
