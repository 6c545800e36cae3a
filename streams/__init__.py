"""The Faust application: stages that consume batches of records and emit others, exactly once."""
