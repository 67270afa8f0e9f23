"""Training jobs as processes: SageMaker's container contract without containers."""
