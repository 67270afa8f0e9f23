"""Metrics from log lines."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sagemaker_tuning.local.training.algorithms import XGBOOST
from sagemaker_tuning.local.training.metrics import MetricScraper

LINE = "[7]#011train-auc:0.910000000#011train-mae:1e-05#011validation-auc:0.870000000"


def test_built_in_definitions_find_every_metric_of_a_line() -> None:
    """Each metric is found with its own value, in scientific notation too."""
    found = MetricScraper(XGBOOST.metric_definitions).feed(LINE)
    assert dict(found) == {"train:auc": 0.91, "train:mae": 1e-05, "validation:auc": 0.87}


def test_metrics_of_similar_names_are_told_apart() -> None:
    """A line with f1_binary is not a line with f1, nor is aucpr auc."""
    found = MetricScraper(XGBOOST.metric_definitions).feed(
        "[0]#011validation-f1_binary:0.500000000#011validation-aucpr:0.250000000"
    )
    assert dict(found) == {"validation:f1_binary": 0.5, "validation:aucpr": 0.25}


@pytest.mark.parametrize(
    ("regex", "line", "value"),
    [
        (r"loss=(\S+)", "epoch 1 loss=0.5 done", 0.5),
        (r"loss=(-?\d+)|cost=(\d+)", "loss=-3", -3.0),
        (r".*loss=(\S+)", "epoch 1 loss=0.5", 0.5),
        (r".*nothing|loss=(\S+)", "epoch 1 loss=0.5", 0.5),
        (r"[[:digit:]]=(\S+)", "1=0.5", 0.5),
        (r"{s}(\d)", "{s}7", 7.0),
        (r"\{d<1}x{2}\N{COLON}(\d)", "{d<1}xx:7", 7.0),
    ],
)
def test_a_users_definition_may_match_anywhere(regex: str, line: str, value: float) -> None:
    """A regex need not begin at the line's beginning, and has the meaning that Python gives it."""
    assert MetricScraper([{"Name": "m", "Regex": regex}]).feed(line) == [("m", value)]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "n/a", ""])
def test_what_is_no_finite_number_is_no_metric(value: str) -> None:
    """No objective can be compared with it."""
    assert MetricScraper([{"Name": "m", "Regex": "loss=(.*)"}]).feed(f"loss={value}") == []


def test_a_regex_that_backtracks_without_end_is_given_up() -> None:
    """It is told of once and tried no more; the log's other metrics are found all the same."""
    told: list[str] = []
    scraper = MetricScraper(
        [
            {"Name": "endless", "Regex": r"(?:.*?,){30}([0-9.]+)$"},
            {"Name": "loss", "Regex": r"loss=([0-9.]+)"},
            {"Name": "ObjectiveMetric", "Regex": r"(?:.*?,){30}([0-9.]+)$"},
        ],
        told.append,
    )
    line = "1,2,3,4,5,6,7,8,9," * 4 + "loss=0.5;"
    assert [scraper.feed(line) for _ in range(3)] == [[("loss", 0.5)]] * 3
    assert len(told) == 1
    assert "'endless'" in told[0]


@pytest.mark.parametrize("regex", ["loss=(", "loss=[0-9]+"])
def test_a_definition_without_a_value_is_refused(regex: str) -> None:
    """The message names the definition and its regex."""
    with pytest.raises(ValueError, match="metric definition 'm'") as raised:
        MetricScraper([{"Name": "m", "Regex": regex}])
    assert repr(regex) in str(raised.value)


# Lines and regexes share their few characters, so that many match.
_SYNTAX = ["(", ")", "(?:", "(?i)", "(?=", "(?P<n>", "[", "[^", "]", "{", "{2}", "{0,1}", "}", "|"]
_PARTS = [
    *"ab=#0.*+?^$",
    *_SYNTAX,
    "(a)",
    "(.)",
    r"\d",
    r"\x61",
    r"\.",
    r"\[",
    r"\\",
    r"\1",
    r"\b",
    "{e}",
    "{s<=1}",
]
_TEXTS = st.text("abA=#0.[](){}|\\", max_size=8)


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@given(st.lists(st.sampled_from(_PARTS), max_size=10).map("".join), st.lists(_TEXTS, max_size=5))
@example("[]a]b(.)", ["ab0"])
@example(r"(a)\x61", ["aa"])
@example("b{0,1}(.)", ["0"])
@example("(?i)a(.)", ["A0"])
@example("a|b(.)", ["b0"])
@example("a{e}(.)", ["b0"])
def test_a_metric_is_found_where_its_regex_matches(regex: str, lines: list[str]) -> None:
    """Whatever is looked at first to save time, the result is that of Python's own search."""
    regex += "(0)" if "(" not in regex else ""
    try:
        pattern = re.compile(regex)
    except re.error:
        return
    if not pattern.groups:
        return
    scraper = MetricScraper([{"Name": "m", "Regex": regex}])
    for line in [*lines, "0", "a0", "A0", "=0", "b=0.0"]:
        match = pattern.search(line)
        value = match.group(1) if match else None
        expected = (
            [("m", float(value))] if value and re.fullmatch(r"\d+\.?\d*|\.\d+", value) else []
        )
        assert scraper.feed(line) == expected
