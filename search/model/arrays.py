"""Array aliases. See `search.model` for their shapes."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Wave: TypeAlias = NDArray[np.float32]
Waves: TypeAlias = NDArray[np.float32]
Vectors: TypeAlias = NDArray[np.float32]
HalfVectors: TypeAlias = NDArray[np.float16]
Probabilities: TypeAlias = NDArray[np.float32]
Spans: TypeAlias = NDArray[np.float64]
Ids: TypeAlias = NDArray[np.int64]
Scores: TypeAlias = NDArray[np.float32]
Bitmap: TypeAlias = NDArray[np.uint8]
