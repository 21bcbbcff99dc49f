"""The forms of an Arabic verb that news sentences use, from its past and its present."""

from __future__ import annotations

from typing import Literal

from pipeline.core.arabic import fold

Tense = Literal["past", "present"]

_PRESENT_PERSONS = ("ي", "ت", "ن")
_OBJECTS = ("", "ه", "ها", "هم", "هما")


def conjugate(past: str, present: str) -> dict[str, Tense]:
    """Every third-person form (and "we" in the present) of a verb, folded, with its tense.

    `past` is the third person masculine singular (نفى), `present` the same (ينفي). Weak endings follow the rules of
    the grammar: final ى drops before ت and وا (نفت، نفوا) and turns into ا before an object (نفاه); a present
    in ي or و loses it in the jussive (لم ينف); a long hollow verb shortens there (لم يستقل). Object pronouns are
    joined on. Of an empty word there are no forms.
    """
    forms: dict[str, Tense] = {}
    for form in _past(past) if past else ():
        forms.setdefault(fold(form), "past")
    for form in _present(present) if present else ():
        forms.setdefault(fold(form), "present")
    return forms


def _past(past: str) -> list[str]:
    if past.endswith(("ى", "ا")) and len(past) > 2:
        stem = past[:-1]
        dual = stem + ("يا" if past.endswith("ى") else "وا")
        singular, before_object = past, stem + "ا"
        feminine, plural = stem + "ت", stem + "وا"
        duals = [dual, stem + "تا"]
    else:
        singular = before_object = past
        feminine, plural = past + "ت", past + "وا"
        duals = [past + "ا", past + "تا"]
    with_objects = [base + pronoun for base in (before_object, feminine) for pronoun in _OBJECTS if pronoun]
    with_objects += [plural[:-1] + pronoun for pronoun in _OBJECTS if pronoun]
    return [singular, feminine, plural, *duals, *with_objects]


def _present(present: str) -> list[str]:
    body = present[1:]
    weak = body[-1:] in ("ي", "ى", "و", "ا")
    stem = body[:-1] if weak else body
    # يتبنى → يتبناه: before an object a final ى is written ا.
    before_object = stem + "ا" if body.endswith("ى") else body
    endings = [body, stem + "ون", stem + "وا", body + "ان" if not body.endswith("ى") else stem + "يان"]
    if weak:
        endings.append(stem)
    endings += [before_object + pronoun for pronoun in _OBJECTS if pronoun]
    forms = [person + ending for person in _PRESENT_PERSONS for ending in endings]
    if not weak and len(body) >= 4 and body[-2] in "اوي":
        # Not of short verbs: تقل is "she carries" more often than "she dismisses"; nor for "we".
        forms += [person + body[:-2] + body[-1] for person in ("ي", "ت")]
    return forms
