"""Runs pipelines that KFP has compiled, in a Job or on Kubeflow Pipelines; and what their steps may use."""
