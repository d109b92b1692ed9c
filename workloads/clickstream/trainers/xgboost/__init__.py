"""Training with XGBoost."""
