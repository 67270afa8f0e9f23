"""Hyperparameters as the container checks them."""

import pytest

from sagemaker_tuning.local.training.failures import UserError
from sagemaker_tuning.local.training.xgboost.hyperparameters import validate

DOCUMENTED_EXAMPLE = {
    "eval_metric": "auc",
    "num_round": "100",
    "objective": "binary:logistic",
    "rate_drop": "0.3",
    "tweedie_variance_power": "1.4",
}
# What AWS's console sends besides.
CONSOLE = {
    "_tuning_objective_metric": "validation:auc",
    "base_score": "0.5",
    "booster": "gbtree",
    "csv_weights": "0",
    "dsplit": "row",
    "grow_policy": "depthwise",
    "lambda_bias": "0.0",
    "max_bin": "256",
    "max_leaves": "0",
    "normalize_type": "tree",
    "num_parallel_tree": "1",
    "one_drop": "0",
    "process_type": "default",
    "refresh_leaf": "1",
    "sample_type": "uniform",
    "sampling_method": "uniform",
    "scale_pos_weight": "1.0",
    "sketch_eps": "0.03",
    "skip_drop": "0.0",
    "tree_method": "auto",
    "updater": "grow_colmaker,prune",
    "verbosity": "1",
}


def test_the_documented_example_is_valid() -> None:
    """With what the console adds to it and what tuning chooses."""
    values = validate(DOCUMENTED_EXAMPLE | CONSOLE | {"eta": "0.5", "max_depth": "6"})
    assert values["num_round"] == 100
    assert values["eta"] == 0.5
    assert values["eval_metric"] == ["auc"]
    assert values["updater"] == ["grow_colmaker", "prune"]


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("learning_rate", "eta"),
        ("min_split_loss", "gamma"),
        ("reg_lambda", "lambda"),
        ("reg_alpha", "alpha"),
    ],
)
def test_aliases_stand_for_their_names(alias: str, name: str) -> None:
    """As the documentation lists them."""
    assert validate({"num_round": "1", alias: "0.25"}) == {"num_round": 1, name: 0.25}


def test_num_round_is_required() -> None:
    """In the container's words."""
    with pytest.raises(UserError, match=r"^Missing required hyperparameter: num_round$"):
        validate({"objective": "binary:logistic"})


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("silent", "1", "Extraneous hyperparameter found: silent"),
        ("max_depth", "6.0", "Hyperparameter max_depth: could not parse value .*'6.0'"),
        ("eta", "fast", "Hyperparameter eta: could not parse value .*'fast'"),
        ("eta", "1.5", r"Hyperparameter eta: 1.5 is not in \[0, 1\]"),
        ("eta", "nan", r"Hyperparameter eta: nan is not in \[0, 1\]"),
        ("subsample", "0", r"Hyperparameter subsample: 0.0 is not in \(0, 1\]"),
        ("num_round", "0", r"Hyperparameter num_round: 0 is not in \[1, \+inf\)"),
        ("tweedie_variance_power", "2", r"Hyperparameter tweedie_variance_power: 2.0 is not in"),
        ("booster", "forest", r"Hyperparameter booster: forest is not in \['gbtree'"),
        ("objective", "binary:fun", "Hyperparameter objective: binary:fun is not in"),
        ("eval_metric", "auc,fun", "Hyperparameter eval_metric: fun is not in"),
        ("eval_metric", "auc@3", r"Metric 'auc@3' is not supported"),
        ("eval_metric", "error@x", r"Threshold value 't' in 'error@t' expects float.*'x'"),
        ("_tuning_objective_metric", "train:auc", "_tuning_objective_metric: train:auc is not in"),
        ("updater", "grow_fun", "Hyperparameter updater: grow_fun is not in"),
        ("monotone_constraints", "(1,2)", "Hyperparameter monotone_constraints: 2 is not in"),
        ("monotone_constraints", "1", "monotone_constraints: could not parse value"),
        ("monotone_constraints", "import os", "monotone_constraints: could not parse value"),
        ("interaction_constraints", "[1]", "interaction_constraints: could not parse value"),
        ("save_model_on_termination", "yes", "save_model_on_termination: yes is not in"),
    ],
)
def test_mistakes_are_told_in_the_containers_words(name: str, text: str, told: str) -> None:
    """With the hyperparameter, the value, and what it has to be."""
    with pytest.raises(UserError, match=told):
        validate({"num_round": "1", "objective": "binary:logistic", name: text})


@pytest.mark.parametrize(
    ("hyperparameters", "told"),
    [
        ({"objective": "multi:softmax"}, "Require input for parameter 'num_class'"),
        ({"objective": "reg:squarederror", "eval_metric": "auc"}, "'auc' can only be applied"),
        ({"eval_metric": "auc"}, "'auc' can only be applied"),
        ({"eval_metric": "aft-nloglik"}, "can only be applied for 'survival:aft'"),
        ({"booster": "gblinear", "updater": "prune"}, "Linear updater should be one of"),
        ({"process_type": "update", "updater": "sync"}, "can only be used with updater 'refresh'"),
        ({"updater": "shotgun"}, "Tree updater should be selected"),
        ({"updater": "grow_colmaker,grow_histmaker"}, "Only one tree grow plugin"),
        ({"monotone_constraints": "(1,0)"}, "monotone_constraints can be used only when"),
        ({"interaction_constraints": "[[1,2]]", "tree_method": "auto"}, "can be used only when"),
    ],
)
def test_contradictions_are_told(hyperparameters: dict[str, str], told: str) -> None:
    """Between hyperparameters that are each valid alone."""
    with pytest.raises(UserError, match=told):
        validate({"num_round": "1", **hyperparameters})


@pytest.mark.parametrize(
    "hyperparameters",
    [
        {"objective": "multi:softmax", "num_class": "3", "eval_metric": "merror,mlogloss"},
        {"objective": "rank:map", "eval_metric": "auc,map@10,ndcg@5"},
        {"objective": "binary:logistic", "eval_metric": "error@0.7"},
        {"booster": "gblinear", "updater": "shotgun"},
        {"monotone_constraints": "(1,0,-1)", "tree_method": "hist"},
        {"interaction_constraints": "[[1,2],[3,4]]", "tree_method": "approx"},
        {"process_type": "update", "updater": "refresh,prune"},
    ],
)
def test_what_belongs_together_is_valid(hyperparameters: dict[str, str]) -> None:
    """Each rule lets its right case through."""
    assert validate({"num_round": "1", **hyperparameters}).keys() > hyperparameters.keys()
