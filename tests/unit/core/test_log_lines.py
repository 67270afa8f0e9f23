"""Log lines in an error message."""

from hypothesis import given
from hypothesis import strategies as st

from sagemaker_tuning.core.log_lines import last_lines, printable


def test_the_last_lines_that_say_something() -> None:
    """Events of several lines, blank lines and a progress bar leave what a person would read."""
    messages = [
        "never shown",
        "Traceback (most recent call last):\n  File 'train.py', line 3\n",
        "",
        " 10%|#   \r 50%|##  \r100%|####\r\n",
        "\x1b[31mValueError\x1b[0m: three\x07",
        "   ",
    ]
    assert last_lines(messages, 4) == [
        "Traceback (most recent call last):",
        "  File 'train.py', line 3",
        "100%|####",
        "ValueError: three",
    ]


def test_a_long_line_is_cut() -> None:
    """A line of a megabyte does not fill the message."""
    (line,) = last_lines(["x" * 1_000_000], 10)
    assert len(line) == 200
    assert line.endswith("x…")


def test_a_tab_of_cloudwatch_is_a_space() -> None:
    """Built-in algorithms separate their metrics by tabs, which CloudWatch spells ``#011``."""
    assert printable("[0]#011train-auc:0.9\tvalidation-auc:0.8") == (
        "[0] train-auc:0.9 validation-auc:0.8"
    )


def test_a_title_is_taken_out_and_no_line_turns_its_direction() -> None:
    """Escape sequences and overrides cannot change what the rest of the message looks like."""
    assert printable("\x1b]0;title\x07a\u202eb\u2028c") == "a b c"


@given(st.lists(st.text(), max_size=20), st.integers(1, 10))
def test_any_log_gives_lines_that_print(messages: list[str], count: int) -> None:
    """Whatever a program prints, the lines are few, short, printable and Unicode."""
    lines = last_lines(messages, count)
    assert len(lines) <= count
    assert all(line.isprintable() and line and len(line) <= 200 for line in lines)
    "\n".join(lines).encode()
