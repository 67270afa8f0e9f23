"""Transform jobs: from records in S3 to a model's answers in S3."""
