"""Trainings of the click-stream workload beside Spark's: PyTorch, TensorFlow and XGBoost, each on several machines."""
