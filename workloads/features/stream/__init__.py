"""The click-stream as a stream: a producer, and a job that validates events and upserts them into Hudi."""
