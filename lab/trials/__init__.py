"""Trials on real servers that take too long for a test: what is lost, what is repeated, how fast it goes."""
