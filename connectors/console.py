"""A terminal or a file that alerts are written to as readable cards."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Mapping
from typing import TextIO

from pipeline.core.claims import Claim
from pipeline.core.phrases import Language
from pipeline.core.quoting import FIRST_STRONG_ISOLATE, POP_ISOLATE, clean, isolate, own_words, quote
from pipeline.core.wording import Wording
from pipeline.ports import MOST_GAPS, Notice, Unreachable

_LONGEST_SENTENCE = 1200
_LONGEST_ADDRESS = 400
_INDENT = "  "
_NARROWEST, _WIDEST = 40, 100
_BOLD, _CUE, _FAINT, _WARNING, _PLAIN = "\x1b[1m", "\x1b[1;33m", "\x1b[2m", "\x1b[1;31m", "\x1b[0m"


class Console:
    """A stream of cards. `glosses` gives a report's meaning in English by its address, where somebody wrote one."""

    __slots__ = ("_color", "_glosses", "_language", "_stream", "_width", "_wording")

    def __init__(
        self,
        stream: TextIO,
        wording: Wording,
        language: Language = "en",
        color: bool = False,
        glosses: Mapping[str, str] | None = None,
        width: int = 0,
    ) -> None:
        """`width` is in columns; 0 takes the terminal's, within what reads well."""
        self._stream = stream
        self._wording = wording
        self._language: Language = language
        self._color = color
        self._glosses = glosses or {}
        self._width = width

    @property
    def name(self) -> str:
        return "console"

    def post(self, notice: Notice) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        # A terminal that cannot show Arabic gets it spelled out in escapes: nothing is lost, nothing fails.
        card = self._card(notice).encode(encoding, "backslashreplace").decode(encoding)
        try:
            self._stream.write(card)
            self._stream.flush()
        except (OSError, ValueError) as error:
            raise Unreachable(f"the output cannot be written to ({type(error).__name__})") from None

    def _card(self, notice: Notice) -> str:
        words, language, alert = self._wording, self._language, notice.alert
        width = self._width or min(max(shutil.get_terminal_size((_WIDEST, 24)).columns, _NARROWEST), _WIDEST)
        standing = [
            words.matter(alert.earlier, alert.place, language),
            f"{words.label('confidence', language)}: {words.percent(alert.confidence, language)}",
            f"{words.label('state', language)}: {words.state(alert.state, language)}",
            words.reach(alert, language),
        ]
        if alert.same_report:
            standing.append(words.label("one_report", language))
        lines = [self._painted("─" * width, _FAINT), self._painted(self._title(notice), _BOLD)]
        if notice.repeat:
            lines += [self._painted(line, _WARNING) for line in self._wrapped(words.label("repeat", language), width)]
        lines += self._wrapped(" · ".join(standing), width)
        lines += ["", *self._side("earlier", alert.earlier, width), "", *self._side("later", alert.later, width), ""]
        if notice.gaps:
            lines.append(self._painted(words.label("unread", language), _BOLD))
            for gap in notice.gaps[:MOST_GAPS]:
                lines += self._wrapped(words.gap(gap.outlet, gap.since, gap.until, language), width, _INDENT)
            lines.append("")
        lines.append(self._painted(words.label("why", language), _BOLD))
        lines += self._wrapped(own_words(words.explanation(alert, language)), width, _INDENT)
        lines.append(self._painted(f"{words.label('alert', language)} {clean(alert.id, 100)}", _FAINT))
        return "\n".join(lines) + "\n\n"

    def _title(self, notice: Notice) -> str:
        """The kind of reversal and the place, whose Arabic name stands beside the English one."""
        alert = notice.alert
        title = self._wording.title(alert.kind, alert.place, self._language)
        if self._language == "en" and alert.place.name_en:
            title += f" ({isolate(self._wording.place(alert.place, 'ar'))})"
        return own_words(title)

    def _side(self, order: str, claim: Claim, width: int) -> list[str]:
        words, language, evidence = self._wording, self._language, claim.evidence
        when = words.moment(evidence.published, language, evidence.dated)
        heading = self._painted(words.label(order, language), _BOLD)
        lines = [f"{heading}  {when}"]
        lines += self._wrapped(
            " · ".join(f"{label}: {value}" for label, value in words.facts(claim, language)), width, _INDENT
        )
        lines.append(f"{_INDENT}{self._sentence(claim)}")
        if gloss := clean(self._glosses.get(evidence.url, "")):
            lines += self._wrapped(f"{words.label('gloss', language)}: {isolate(gloss)}", width, _INDENT)
        if address := clean(evidence.url, _LONGEST_ADDRESS):
            lines.append(_INDENT + self._painted(address, _FAINT))
        return lines

    def _sentence(self, claim: Claim) -> str:
        """The sentence on one line, whatever its length: a terminal wraps Arabic itself, in the right direction."""
        pieces = quote(claim.evidence.sentence, claim.evidence.cues, _LONGEST_SENTENCE).pieces()
        shown = (self._painted(text, _CUE, around="*") if is_cue else text for text, is_cue in pieces)
        return self._wording.label("quoted", self._language, sentence=isolate("".join(shown)))

    def _painted(self, text: str, paint: str, around: str = "") -> str:
        return f"{paint}{text}{_PLAIN}" if self._color else f"{around}{text}{around}"

    def _wrapped(self, text: str, width: int, indent: str = "") -> list[str]:
        """English lines cut at spaces to the width; Arabic ones left whole."""
        if self._language == "ar":
            return [indent + text]
        lines = [""]
        for word in text.split(" "):
            if lines[-1] and _columns(f"{indent}{lines[-1]} {word}") > width:
                # An isolate ends with its line, so it is closed here and opened again on the next one.
                open_ = lines[-1].count(FIRST_STRONG_ISOLATE) - lines[-1].count(POP_ISOLATE)
                lines[-1] += POP_ISOLATE * open_
                lines.append(FIRST_STRONG_ISOLATE * open_ + word)
            else:
                lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
        return [indent + line for line in lines]


def _columns(text: str) -> int:
    """The columns that a terminal gives the text: none for marks and formats, two for wide characters."""
    return sum(
        0
        if unicodedata.category(character) in ("Mn", "Me", "Cf")
        else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )
