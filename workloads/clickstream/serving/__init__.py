"""The best model of a run behind HTTP, without the framework that trained it."""
