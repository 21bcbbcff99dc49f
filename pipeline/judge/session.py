"""Running a network of onnxruntime, one thread a call: no sum is split, so the same input gives the same output."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Session:
    """A network with inputs by name and one output; may be called from several threads."""

    def __init__(self, model: bytes) -> None:
        # Imported here, as it takes a quarter of a second that most commands need not spend.
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def __call__(self, **inputs: np.ndarray[Any, Any]) -> NDArray[np.float32]:
        (output,) = self._session.run(None, inputs)
        result: NDArray[np.float32] = output
        return result
