"""The outside world: feeds, logs, indexes and alert channels, each behind a port of `pipeline.ports`."""
