"""Tests of the pipeline and of what runs it."""
