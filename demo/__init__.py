"""The whole system on one machine: the local SageMaker endpoint and a real Airflow."""
