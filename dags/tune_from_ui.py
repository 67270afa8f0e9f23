"""Tune by hand: all that a person sets is a field of the form behind *Trigger*.

The data are CSV files, no header, label first, below `train/` and `validation/` of the prefix. What
has no field goes into *Anything else*, which has the last word. A dry run checks the request, says
in the log of the task `tune` what would be sent and what it may cost, and launches nothing.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param

from sagemaker_tuning import form
from sagemaker_tuning.operators.leaderboard import SageMakerTuningJobLeaderboardOperator
from sagemaker_tuning.task_groups.tuning_job import tune_and_create_model

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
ROLE = "arn:aws:iam::123456789012:role/SageMakerTuning"
STATIC = {"objective": "binary:logistic", "eval_metric": "auc", "num_round": 50}
ETA = {"Name": "eta", "MinValue": 0.1, "MaxValue": 0.5}
MAX_DEPTH = {"Name": "max_depth", "MinValue": 1, "MaxValue": 10}
TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": 1}
WARM_START = ["TransferLearning", "IdenticalDataAndAlgorithm"]
SWITCH = {"default": False, "type": "boolean"}
INTEGER, NUMBER = {"type": ["integer", "null"]}, {"type": ["number", "null"]}  # or empty
CRITERIA = "params.target, params.no_better, convergence=params.convergence"
MORE = 'Merged into the request, such as `{"TrainingJobDefinition": {…}}`; `null` takes away.'

PARAMS = {
    **form.section(
        "Data",
        bucket=Param("sagemaker-tuning-example", **TEXT, title="S3 bucket"),
        prefix=Param("tune-from-ui", **TEXT, pattern="^[^/].*[^/]$", title="S3 prefix"),
    ),
    **form.section(
        "Training jobs",
        image=Param(IMAGE, **TEXT, title="Training image", description_md="In **your region**."),
        role=Param(ROLE, **TEXT, title="Training role", description_md="Its ARN, or its name."),
        instance_type=Param("ml.m5.large", **TEXT, pattern=r"^ml\.", title="Instance type"),
        instances=Param(1, **COUNT, title="Instances per training job"),
        volume=Param(10, **COUNT, maximum=16384, title="Volume of an instance, in GB"),
        runtime=Param(3600, **COUNT, title="Longest training, in seconds"),
        spot=Param(**SWITCH, title="Managed spot training"),
        wait=Param(7200, **COUNT, title="With spot: longest training and wait, in seconds"),
        static=Param(STATIC, type="object", title="Hyperparameters that are not tuned"),
    ),
    **form.section(
        "Parameter ranges",
        continuous=form.number_ranges([ETA], "Continuous"),
        integer=form.number_ranges([MAX_DEPTH], "Integer", is_integer=True),
        categorical=form.categorical_ranges([], "Categorical"),
    ),
    **form.section(
        "Tuning job",
        strategy=Param("Bayesian", enum=["Bayesian", "Random", "Hyperband", "Grid"]),
        metric=Param("validation:auc", **TEXT, minLength=1, title="Objective metric"),
        direction=Param("Maximize", enum=["Maximize", "Minimize"], title="Direction"),
        jobs=Param(10, **INTEGER, minimum=1, title="Training jobs in all; empty for Grid"),
        parallel=Param(2, **COUNT, maximum=100, title="Training jobs at once"),
        early_stopping=Param("Off", enum=["Off", "Auto"], title="Early stopping"),
        seed=Param(123, **INTEGER, minimum=0, title="Random seed"),
        time=Param(None, **INTEGER, minimum=120, title="Longest tuning, in seconds"),
        target=Param(None, **NUMBER, title="Completed when the objective metric has reached"),
        no_better=Param(None, **INTEGER, minimum=3, title="… so many training jobs are no better"),
        convergence=Param(**SWITCH, title="… the search has converged"),
        parents=form.warm_start_parents(title="Warm start from these tuning jobs, one a line"),
        kind=Param(WARM_START[0], enum=WARM_START, title="Type of warm start"),
    ),
    **form.section(
        "Cost, and everything else",
        dry_run=Param(**SWITCH, title="Dry run: launch nothing"),
        rates=form.hourly_rates(),
        max_cost=Param(None, **NUMBER, exclusiveMinimum=0, title="May cost at most"),
        tags=form.tags(),
        more=Param({}, type=["object", "null"], title="Anything else", description_md=MORE),
    ),
}

DATA = "s3://{{ params.bucket }}/{{ params.prefix }}"


def channel(name: str) -> dict[str, object]:
    """Give a channel of input data: all files below the folder of that name."""
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{DATA}/{name}/"}}
    return {"ChannelName": name, "ContentType": "text/csv", "DataSource": source}


with DAG(
    dag_id="tune_from_ui",
    doc_md=__doc__,
    schedule=None,
    params=PARAMS,
    render_template_as_native_obj=True,  # a field that is a list, or empty, stays what it is
    user_defined_macros={"form": form},
    default_args={"retries": 2, "retry_delay": timedelta(seconds=15)},
    tags=["sagemaker", "tuning"],
):
    tuned = tune_and_create_model(
        tuning_job_config={
            "Strategy": "{{ params.strategy }}",
            "HyperParameterTuningJobObjective": {
                "MetricName": "{{ params.metric }}",
                "Type": "{{ params.direction }}",
            },
            "ParameterRanges": {
                "ContinuousParameterRanges": "{{ params.continuous }}",
                "IntegerParameterRanges": "{{ params.integer }}",
                "CategoricalParameterRanges": "{{ params.categorical }}",
            },
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": "{{ params.jobs }}",
                "MaxParallelTrainingJobs": "{{ params.parallel }}",
                "MaxRuntimeInSeconds": "{{ params.time }}",
            },
            "TrainingJobEarlyStoppingType": "{{ params.early_stopping }}",
            "RandomSeed": "{{ params.seed }}",
            "TuningJobCompletionCriteria": f"{{{{ form.completion_criteria({CRITERIA}) }}}}",
        },
        training_job_definition={
            "AlgorithmSpecification": {
                "TrainingImage": "{{ params.image }}",
                "TrainingInputMode": "File",
            },
            "InputDataConfig": [channel("train"), channel("validation")],
            "OutputDataConfig": {"S3OutputPath": f"{DATA}/output"},
            "ResourceConfig": {
                "InstanceCount": "{{ params.instances }}",
                "InstanceType": "{{ params.instance_type }}",
                "VolumeSizeInGB": "{{ params.volume }}",
            },
            "RoleArn": "{{ params.role }}",
            "StaticHyperParameters": "{{ params.static }}",
            "EnableManagedSpotTraining": "{{ params.spot }}",
            "StoppingCondition": {
                "MaxRuntimeInSeconds": "{{ params.runtime }}",
                "MaxWaitTimeInSeconds": "{{ params.wait if params.spot else None }}",
            },
        },
        warm_start_config="{{ form.warm_start_config(params.parents, params.kind) }}",
        additional_fields="{{ params.more }}",
        tags="{{ params.tags }}",
        hourly_rates="{{ params.rates }}",
        max_cost="{{ params.max_cost }}",
        dry_run="{{ params.dry_run }}",
        check_inputs=True,
        poll_interval=5,
    )
    SageMakerTuningJobLeaderboardOperator(
        task_id="leaderboard", tuning_job_name=tuned.tuning_job["HyperParameterTuningJobName"]
    )
