"""Built-in XGBoost from a container to its model."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

from sagemaker_tuning.local.training.algorithms import XGBOOST
from sagemaker_tuning.local.training.container import Container
from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.metrics import MetricScraper
from sagemaker_tuning.local.training.xgboost import program

sklearn = pytest.importorskip("sklearn.metrics")

MakeContainer = Callable[..., Container]
Train = Callable[[Container], list[str]]

GENERATOR = np.random.default_rng(5)
FEATURES = GENERATOR.normal(size=(400, 5))
LABELS = (FEATURES[:, 0] + GENERATOR.normal(size=400) > 0).astype(int)
BINARY = {
    "num_round": "10",
    "objective": "binary:logistic",
    "_tuning_objective_metric": "validation:auc",
}


def csv(rows: slice) -> str:
    """Rows of the data as a CSV with the label first."""
    table = np.column_stack([LABELS, FEATURES])[rows]
    return "".join(",".join(map(repr, row)) + "\n" for row in table.tolist())


FILES = {"train/data.csv": csv(slice(300)), "validation/data.csv": csv(slice(300, None))}


@pytest.fixture
def train(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Train:
    """Train in a container; the log comes back as CloudWatch shows it."""
    cache_dir = tmp_path / "cache"
    cache_dir.mkdir()

    def run(container: Container) -> list[str]:
        capfd.readouterr()
        program.train(container, cache_dir)
        return capfd.readouterr().out.replace("\t", "#011").splitlines()

    return run


def last(lines: list[str]) -> dict[str, float]:
    """The last value of each metric in a log."""
    scraper = MetricScraper(XGBOOST.metric_definitions)
    return {name: value for line in lines for name, value in scraper.feed(line)}


def model(container: Container) -> xgboost.Booster:
    """The model, loaded as anybody would."""
    return xgboost.Booster(model_file=container.model_dir / "xgboost-model")


def test_the_model_reaches_the_objective_that_the_log_reports(
    make_container: MakeContainer, train: Train
) -> None:
    """To 1e-6 on the same rows, by plain XGBoost and scikit-learn."""
    container = make_container(BINARY, files=FILES)
    metrics = last(train(container))
    predicted = model(container).predict(xgboost.DMatrix(FEATURES[300:]))
    reached = sklearn.roc_auc_score(LABELS[300:], predicted)
    assert metrics["validation:auc"] == pytest.approx(reached, abs=1e-6)
    assert 0.7 < reached < 1


def test_a_round_is_a_line(make_container: MakeContainer, train: Train) -> None:
    """The training data's metrics, then the validation data's, by TABs."""
    lines = [line for line in train(make_container(BINARY, files=FILES)) if line.startswith("[")]
    number = r"\d\.\d{9}"
    assert len(lines) == 10
    for count, line in enumerate(lines):
        assert re.fullmatch(rf"\[{count}\]#011train-auc:{number}#011validation-auc:{number}", line)


def test_the_tuned_metric_joins_those_asked_for(
    make_container: MakeContainer, train: Train
) -> None:
    """XGBoost's own metrics first, then the container's, for both channels."""
    hyperparameters = BINARY | {
        "eval_metric": "logloss,accuracy,error@0.3",
        "_tuning_objective_metric": "validation:f1",
    }
    lines = train(make_container(hyperparameters, files=FILES))
    names = re.findall(r"#011([\w@.-]+):", lines[-1])
    metrics = ["error@0.3", "logloss", "accuracy", "f1"]
    assert names == [f"{data}-{metric}" for data in ("train", "validation") for metric in metrics]


@pytest.mark.parametrize(
    ("objective", "classes"),
    [
        ("binary:logistic", lambda predicted: predicted > 0.5),
        ("binary:logitraw", lambda predicted: predicted > 0),
        ("multi:softmax", lambda predicted: predicted),
        ("multi:softprob", lambda predicted: predicted.argmax(axis=1)),
    ],
)
def test_the_containers_metrics_are_those_of_the_predictions(
    make_container: MakeContainer,
    train: Train,
    objective: str,
    classes: Callable[[Any], Any],
) -> None:
    """Whatever form an objective's predictions have."""
    hyperparameters = {
        "num_round": "10",
        "objective": objective,
        "_tuning_objective_metric": "validation:accuracy",
    }
    if objective.startswith("multi:"):
        hyperparameters["num_class"] = "2"
    container = make_container(hyperparameters, files=FILES)
    metrics = last(train(container))
    predicted = classes(model(container).predict(xgboost.DMatrix(FEATURES[300:])))
    reached = np.mean(predicted == LABELS[300:])
    assert metrics["validation:accuracy"] == pytest.approx(reached, abs=1e-6)
    assert 0.6 < reached < 1


def test_training_is_reproducible(make_container: MakeContainer, train: Train) -> None:
    """The same data and hyperparameters make the same log."""
    hyperparameters = BINARY | {"subsample": "0.5", "eta": "0.3"}
    first, second = (train(make_container(hyperparameters, files=FILES)) for _ in range(2))
    assert first == second


def test_aliases_and_values_reach_xgboost(make_container: MakeContainer, train: Train) -> None:
    """learning_rate is eta, and another eta is another model."""
    by_alias, by_name, other = (
        train(make_container(BINARY | {name: value}, files=FILES))
        for name, value in (("learning_rate", "0.01"), ("eta", "0.01"), ("eta", "0.5"))
    )
    assert by_alias == by_name != other


def test_libsvm_is_the_default_content_type(make_container: MakeContainer, train: Train) -> None:
    """The same numbers make the same metrics."""
    files = {
        path.replace(".csv", ""): "".join(
            f"{label} {' '.join(f'{index}:{value!r}' for index, value in enumerate(row))}\n"
            for label, row in zip(LABELS[rows], FEATURES[rows].tolist(), strict=True)
        )
        for path, rows in (("train/data.csv", slice(300)), ("validation/data.csv", slice(300, 400)))
    }
    lines = train(make_container(BINARY, content_type=None, files=files))
    assert last(lines) == last(train(make_container(BINARY, files=FILES)))


def test_validation_is_optional(make_container: MakeContainer, train: Train) -> None:
    """Without it there are the training data's metrics."""
    files = {"train/data.csv": FILES["train/data.csv"]}
    hyperparameters = {"num_round": "2", "objective": "binary:logistic", "eval_metric": "auc"}
    assert list(last(train(make_container(hyperparameters, files=files)))) == ["train:auc"]


def test_early_stopping_keeps_the_best_round(make_container: MakeContainer, train: Train) -> None:
    """The log goes on for as many rounds as were asked for, the model does not have them."""
    hyperparameters = BINARY | {"num_round": "500", "early_stopping_rounds": "3", "eta": "1"}
    container = make_container(hyperparameters, files=FILES)
    rounds = [line for line in train(container) if line.startswith("[")]
    scores = [dict(MetricScraper(XGBOOST.metric_definitions).feed(line)) for line in rounds]
    values = [score["validation:auc"] for score in scores]
    assert len(rounds) < 500
    assert model(container).num_boosted_rounds() == len(rounds) - 3 == 1 + int(np.argmax(values))


def test_a_minimized_metric_stops_early_as_it_should(
    make_container: MakeContainer, train: Train
) -> None:
    """The direction is the metric's."""
    hyperparameters = BINARY | {
        "num_round": "500",
        "early_stopping_rounds": "3",
        "_tuning_objective_metric": "validation:logloss",
    }
    container = make_container(hyperparameters, files=FILES)
    rounds = [line for line in train(container) if line.startswith("[")]
    assert 3 < len(rounds) < 500
    assert model(container).num_boosted_rounds() == len(rounds) - 3


def test_csv_weights_weigh(make_container: MakeContainer, train: Train) -> None:
    """A weight of nearly nothing makes a row count for nearly nothing."""
    rows = "1,{0},1\n" * 10 + "0,{1},1\n" * 30
    hyperparameters = {"num_round": "30", "objective": "binary:logistic", "csv_weights": "1"}
    container = make_container(hyperparameters, files={"train/a.csv": rows.format("1", "1e-6")})
    train(container)
    assert model(container).predict(xgboost.DMatrix([[1.0]]))[0] > 0.9


@pytest.mark.parametrize(
    ("hyperparameters", "labels", "told"),
    [
        ({"objective": "binary:logistic"}, "0 5 1", r"label must be in \[0,1\].*row 2 .* has 5"),
        (
            {"objective": "multi:softmax", "num_class": "2"},
            "0 1 2",
            r"label must be in \[0, num_class\).*below 2, but row 3 of channel 'train' has 2",
        ),
        ({"objective": "multi:softmax", "num_class": "2"}, "0 0.5", "row 2 .* has 0.5"),
        ({"objective": "count:poisson"}, "1 -1", "label must be nonnegative.*row 2 .* has -1"),
        ({"objective": "reg:gamma"}, "-1 -2", "base_score"),
        ({"objective": "reg:squarederror", "_kfold": "2"}, "1", "_kfold: not supported"),
    ],
)
def test_what_cannot_be_learnt_is_the_users_mistake(
    make_container: MakeContainer,
    train: Train,
    hyperparameters: Mapping[str, str],
    labels: str,
    told: str,
) -> None:
    """With the rule, the row and the label."""
    data = "".join(f"{label},{number}\n" for number, label in enumerate(labels.split()))
    container = make_container({"num_round": "1", **hyperparameters}, files={"train/a": data})
    with pytest.raises(UserError, match=told):
        train(container)


def test_xgboosts_own_errors_are_told_without_its_stack(
    make_container: MakeContainer, train: Train
) -> None:
    """In the container's words, the same for the same mistake."""
    hyperparameters = BINARY | {"tree_method": "gpu_hist"}
    with pytest.raises(RuntimeError) as raised:
        train(make_container(hyperparameters, files=FILES))
    assert str(raised.value).startswith(
        "XGB train call failed with exception:\n Invalid Input: 'gpu_hist'"
    )


def test_wider_validation_data_is_the_users_mistake(
    make_container: MakeContainer, train: Train
) -> None:
    """XGBoost's message without time, source line and stack."""
    files = {"train/a": "1,2\n0,3\n", "validation/a": "1,2,3\n0,4,5\n"}
    with pytest.raises(UserError) as raised:
        train(make_container(BINARY, files=files))
    assert re.fullmatch(
        r"Check failed: .* Number of columns does not match number of features in booster\.",
        str(raised.value),
    )


@pytest.mark.parametrize("channel", ["train", "validation"])
def test_a_channel_without_data_is_told(
    make_container: MakeContainer, train: Train, channel: str
) -> None:
    """With its path."""
    container = make_container(BINARY, files=FILES | {f"{channel}/data.csv": ""})
    told = f"No data in {channel} channel path {container.channel_dir(channel)}"
    with pytest.raises(UserError, match=re.escape(told)):
        train(container)


def test_blank_lines_are_no_data(make_container: MakeContainer, train: Train) -> None:
    """A file that has nothing else is told."""
    with pytest.raises(UserError, match=r"train/a\.csv"):
        train(make_container(BINARY, files={"train/a.csv": "\n\n"}))
    with pytest.raises(UserError, match="No data in train"):
        train(make_container(BINARY, content_type=None, files={"train/a": "\n\n"}))


def test_data_is_parsed_once(make_container: MakeContainer, train: Train, tmp_path: Path) -> None:
    """What the same content was parsed to is read back; another content is parsed."""
    expected = train(make_container(BINARY, files=FILES))
    kept = {path: path.stat().st_ino for path in (tmp_path / "cache").iterdir()}
    assert len(kept) == 2
    assert train(make_container(BINARY, files=FILES)) == expected
    assert {path: path.stat().st_ino for path in (tmp_path / "cache").iterdir()} == kept
    assert (
        train(make_container(BINARY, files=FILES | {"train/more.csv": csv(slice(9))})) != expected
    )
    assert len(list((tmp_path / "cache").iterdir())) == 3
    train(make_container(BINARY | {"csv_weights": "1"}, files={"train/a": "1,1,2\n0,1,3\n"}))
    train(make_container(BINARY, files={"train/a": "1,1,2\n0,1,3\n"}))
    assert len(list((tmp_path / "cache").iterdir())) == 5


def test_a_training_job_goes_on_from_its_newest_checkpoint(
    make_container: MakeContainer, train: Train, tmp_path: Path
) -> None:
    """Its rounds are counted on, a broken checkpoint is passed over, five files are kept."""
    checkpoints = tmp_path / "checkpoints"
    train(make_container(BINARY | {"num_round": "7"}, files=FILES, checkpoint_dir=checkpoints))
    names = {path.name for path in checkpoints.iterdir()}
    assert names == {f"xgboost-checkpoint.{number}" for number in range(2, 7)}
    (checkpoints / "xgboost-checkpoint.7").write_text("half")
    resumed = make_container(BINARY, files=FILES, checkpoint_dir=checkpoints)
    lines = train(resumed)
    assert [line.split("#011")[0] for line in lines if "-auc" in line] == ["[7]", "[8]", "[9]"]
    assert model(resumed).num_boosted_rounds() == 10
    whole = make_container(BINARY, files=FILES)
    assert last(train(whole)) == last(lines)


def test_a_finished_training_job_does_its_last_round_again(
    make_container: MakeContainer, train: Train, tmp_path: Path
) -> None:
    """Without a line for it, its objective would be lost with the attempt that was."""
    checkpoints = tmp_path / "checkpoints"
    first, second = (
        train(make_container(BINARY, files=FILES, checkpoint_dir=checkpoints)) for _ in range(2)
    )
    assert [line.split("#011")[0] for line in second if "-auc" in line] == ["[9]"]
    assert last(second) == last(first)
