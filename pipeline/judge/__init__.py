"""Models of the judge, behind one small interface. None is shipped yet: the rules of `core/reversals.py` decide."""

from __future__ import annotations

from pipeline.core.opinions import Judge, Opinion

__all__ = ["Judge", "Opinion"]
