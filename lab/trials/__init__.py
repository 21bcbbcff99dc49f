"""Trials on real servers that take too long for a test: what is lost, what is repeated, how fast it goes.

They are made of the tests' own servers and deployments.
"""

import sys
from pathlib import Path

_TESTS = Path(__file__).parents[2] / "tests"
sys.path[:0] = [str(_TESTS), str(_TESTS / "servers")]
