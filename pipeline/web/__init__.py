"""The page: alerts with their evidence, events as timelines, places, search and health, for people with a browser."""
