"""Models that answer: from an artifact in S3 to predictions."""
