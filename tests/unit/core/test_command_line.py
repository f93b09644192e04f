import pytest

from tradingsys.core.command_line import CommandLine


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ((), "tradingsys pos accept BNB"),
        (("-c", "spot.json"), "tradingsys pos accept BNB -c spot.json"),
        (("-c", "my books/spot.json"), "tradingsys pos accept BNB -c 'my books/spot.json'"),
    ],
)
def test_advice_can_be_copied(options: tuple[str, ...], line: str) -> None:
    assert CommandLine(options).line("pos accept BNB") == line
