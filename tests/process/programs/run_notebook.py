"""Executes a notebook in a real kernel, in the working directory. Prints each code cell's output as a line of JSON.

``python -m tests.process.programs.run_notebook NOTEBOOK``
"""

from __future__ import annotations

import json
import sys
from typing import Any

import nbformat
from nbclient import NotebookClient


def text_of(output: dict[str, Any]) -> str:
    """What a reader of the notebook sees."""
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    return str(output.get("text") or output.get("data", {}).get("text/plain", ""))


if __name__ == "__main__":
    notebook = nbformat.read(sys.argv[1], as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            print(json.dumps([text_of(output) for output in cell.outputs]), flush=True)
