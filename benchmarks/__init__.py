"""Measurements of the local SageMaker endpoint; each module's docstring says what and how."""
