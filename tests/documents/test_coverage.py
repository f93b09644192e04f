"""No block of the documents is left to itself."""

from __future__ import annotations

import pytest

from tests.documents.blocks import PAGES, ROOT, Block, blocks, check_of, read

PAGE = """
# Title

```shell
tradingsys status
```

<!-- not run: it takes an hour -->
```python
sleep(3600)
```

* in a list

  ```text
  deep
  ```
"""


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.place)
def test_a_test_is_responsible_for_every_block(block: Block) -> None:
    assert check_of(block), f"{block.place}: no test knows what to do with a block of {block.language or 'no language'}"


def test_answers_and_output_follow_a_command_of_their_section() -> None:
    typed: set[tuple[str, str]] = set()
    for block in blocks():
        if block.language == "shell":
            typed.add((block.page, block.section))
        elif check_of(block) in ("answer", "output"):
            assert (block.page, block.section) in typed, f"{block.place}: which command prints this?"


def test_every_page_is_looked_at() -> None:
    assert {"README.md", "docs/guide.md", "docs/commands.md", "docs/pyalgo.md", "docs/decisions/README.md"} <= {
        str(page.relative_to(ROOT)) for page in PAGES
    }


def test_blocks_are_read_as_they_stand() -> None:
    shell, python, text = read("x.md", PAGE)
    assert (shell.language, shell.text, shell.why_not, shell.line) == ("shell", "tradingsys status\n", "", 4)
    assert python.why_not == "it takes an hour" and python.section == "Title"
    assert (text.language, text.text) == ("text", "deep\n")


@pytest.mark.parametrize("language", ["", "console", "yaml", "pycon"])
def test_nobody_is_responsible_for_what_nobody_knows(language: str) -> None:
    (block,) = read("x.md", f"```{language}\nsomething\n```\n")
    assert check_of(block) is None


def test_a_block_must_end() -> None:
    with pytest.raises(ValueError, match=r"x\.md:2: this block does not end"):
        list(read("x.md", "\n```shell\nls\n"))
