"""Whatever a config says, it is refused in one clear error or there is a search for it."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_tuning.local.api import autotune, rules_of_config
from sagemaker_tuning.local.errors import ApiError
from sagemaker_tuning.local.search.tuning import TuningSearch
from tests.unit.local.search.requests import ETA, XGBOOST, request

RANGES = st.sampled_from(
    [
        ETA,
        {"CategoricalParameterRanges": [{"Name": "depth", "Values": ["1", "2"]}]},
        {"AutoParameters": [{"Name": "eta", "ValueHint": "0.3"}]},
        {"IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "9"}]},
    ]
)
COUNT = st.sampled_from([1, 2, 9, 20_000, 20_001, 2**31 - 1])
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "StrategyConfig": st.one_of(
            st.just({}),
            st.fixed_dictionaries(
                {
                    "HyperbandStrategyConfig": st.fixed_dictionaries(
                        {}, optional={"MinResource": COUNT, "MaxResource": COUNT}
                    )
                }
            ),
        ),
        "TrainingJobEarlyStoppingType": st.sampled_from(["Off", "Auto"]),
        "RandomSeed": st.sampled_from([0, 1, 2**32 - 1]),
    },
)


@settings(deadline=None)
@given(
    strategy=st.sampled_from(["Bayesian", "Random", "Hyperband"]),
    ranges=st.lists(RANGES, min_size=1, max_size=2),
    config=CONFIGS,
    number=st.none() | COUNT,
    parallel=st.sampled_from([1, 100, 101]),
    epochs=st.sampled_from(["3", "many"]),
    image=st.sampled_from(["mine:1", XGBOOST]),
)
def test_a_config_is_refused_or_searched(
    *,
    strategy: str,
    ranges: list[Any],
    config: dict[str, Any],
    number: int | None,
    parallel: int,
    epochs: str,
    image: str,
) -> None:
    """No other error comes of it, and the first set is there at once."""
    document = request(
        strategy, *ranges, parallel=parallel, image=image, static={"epochs": epochs}, **config
    )
    if number is not None:
        limits = document["HyperParameterTuningJobConfig"]["ResourceLimits"]
        limits["MaxNumberOfTrainingJobs"] = number
    document = copy.deepcopy(document)
    autotune.choose(document)
    try:
        rules_of_config.check_stopping(document)
        rules_of_config.check_limits(document, 0)
    except ApiError as error:
        assert error.code in {"ValidationException", "ResourceLimitExceeded"}  # noqa: PT017 -- either of both will do
        return
    search = TuningSearch(document)
    proposal = search.next()
    assert proposal is not None
    assert len(proposal.hyperparameters) == 1
