"""Tests of the trainings; those of a framework run where it is installed."""
