"""Apache Airflow provider for Amazon SageMaker automatic model tuning."""

__version__ = "0.1.0"
