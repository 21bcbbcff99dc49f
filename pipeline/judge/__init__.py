"""Models of the judge, behind the small interface of `core/opinions.py`; `models.py` loads what is shipped."""
