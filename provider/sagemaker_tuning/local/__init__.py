"""A local SageMaker endpoint that really trains."""
