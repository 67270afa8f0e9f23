"""The local SageMaker endpoint: tuning and training jobs run for real on this machine."""
