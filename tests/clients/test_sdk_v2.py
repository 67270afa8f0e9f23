"""The SageMaker Python SDK 2, unmodified, from a tuning job to predictions."""

import numpy as np
import pytest
import sagemaker
from sagemaker.deserializers import CSVDeserializer
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.serializers import CSVSerializer
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner, IntegerParameter

from tests.contract.aws import Aws
from tests.contract.serving import ROLE, plain_predictions

ROWS = np.random.default_rng(5).normal(size=(7, 5)).round(6)


@pytest.fixture(scope="module")
def session(aws: Aws) -> sagemaker.Session:
    assert aws.url
    return sagemaker.Session()


@pytest.fixture(scope="module")
def tuner(session: sagemaker.Session, bucket: str) -> HyperparameterTuner:
    """A tuner whose `fit` has waited for the tuning job's end."""
    estimator = Estimator(
        sagemaker.image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1"),
        ROLE,
        instance_count=1,
        instance_type="ml.m5.large",
        output_path=f"s3://{bucket}/output",
        sagemaker_session=session,
        hyperparameters={"num_round": "10", "objective": "binary:logistic"},
    )
    tuner = HyperparameterTuner(
        estimator,
        "validation:auc",
        {"eta": ContinuousParameter(0.1, 0.5), "max_depth": IntegerParameter(2, 6)},
        max_jobs=4,
        max_parallel_jobs=2,
        base_tuning_job_name="sdk-v2",
    )
    tuner.fit(
        {
            name: TrainingInput(f"s3://{bucket}/{name}", content_type="csv")
            for name in ("train", "validation")
        }
    )
    return tuner


@pytest.fixture(scope="module")
def attached(tuner: HyperparameterTuner, session: sagemaker.Session) -> HyperparameterTuner:
    """Another tuner of the same tuning job, known by its name alone."""
    return HyperparameterTuner.attach(tuner.latest_tuning_job.name, sagemaker_session=session)


def test_attach_knows_what_was_tuned(
    tuner: HyperparameterTuner, attached: HyperparameterTuner
) -> None:
    """The ranges, the objective and the best training job come back from Describe."""
    ranges = [each["Name"] for kind in attached.hyperparameter_ranges().values() for each in kind]
    assert sorted(ranges) == ["eta", "max_depth"]
    assert attached.objective_metric_name == "validation:auc"
    assert attached.best_training_job() == tuner.best_training_job()


def test_analytics_has_every_training_job(aws: Aws, attached: HyperparameterTuner) -> None:
    """The data frame's best objective is that of the best training job."""
    frame = attached.analytics().dataframe()
    job = aws.describe(attached.latest_tuning_job.name)
    best = job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert len(frame) == 4
    assert set(frame["TrainingJobStatus"]) == {"Completed"}
    assert frame["FinalObjectiveValue"].max() == pytest.approx(best)


def test_deploy_predicts_as_the_artifact_does(aws: Aws, attached: HyperparameterTuner) -> None:
    """`best_estimator`, `deploy` and `predict` end in what plain XGBoost predicts."""
    artifact = attached.best_estimator().model_data
    predictor = attached.deploy(
        1, "ml.m5.large", serializer=CSVSerializer(), deserializer=CSVDeserializer()
    )
    try:
        answer = np.array(predictor.predict(ROWS), dtype=float).ravel()
    finally:
        predictor.delete_model()
        predictor.delete_endpoint()
    assert answer == pytest.approx(plain_predictions(aws, artifact, ROWS))
