"""Tests of the stream: on a real broker and a real Hudi table."""
