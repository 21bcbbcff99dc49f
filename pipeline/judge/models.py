"""The models that are shipped, each loaded when it is first asked for; encoder and judge share one vocabulary."""

from __future__ import annotations

import json
import tomllib
from functools import cached_property

from pipeline.core.opinions import Judge
from pipeline.judge.alignment import Alignment
from pipeline.judge.blend import Blend
from pipeline.judge.crossencoder import CrossEncoder
from pipeline.judge.encoder import Encoder
from pipeline.judge.features import Features
from pipeline.judge.lexical import Lexical
from pipeline.judge.sealed import Weights
from pipeline.judge.vocabulary import Vocabulary


class Models:
    """What the sealed weights make. Every part raises `BadWeights` where a file is missing or altered."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    @cached_property
    def judge(self) -> Judge:
        """Compares two sentences: `judge.opinions([(earlier, later), …])` gives an `Opinion` for each pair.

        A second or two and 250 MB to load.
        """
        return Blend(self.cross_encoder, self.lexical, json.loads(self.weights.content("blend.json")))

    @cached_property
    def encoder(self) -> Encoder:
        """Gives the vectors of sentences: `encoder.vectors([sentence, …])`, 7 to 10 ms of CPU a headline."""
        return Encoder(self.vocabulary, self.weights.content("encoder.onnx"))

    @cached_property
    def cross_encoder(self) -> CrossEncoder:
        return CrossEncoder(self.vocabulary, self.weights.content("crossencoder.onnx"))

    @cached_property
    def lexical(self) -> Lexical:
        arrays = self.weights.arrays("lexical.npz")
        words = tomllib.loads(self.weights.content("words.toml").decode())
        return Lexical(Features(words, Alignment(self.vocabulary, arrays["centre"], arrays["common"])), arrays)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.weights.arrays("vocabulary.npz"))
