"""The built-in XGBoost algorithm, as its container behaves."""
