# SPDX-License-Identifier: Apache-2.0
"""Sentence embeddings on the CPU, whose bits depend on the text alone.

    from swiftlet_embed import Encoder

    encoder = Encoder("all-MiniLM-L6-v2")
    vectors, truncated = encoder.encode(["A man is eating food.", "Someone has a meal."])

A vector has the same bits in any batch, on any number of threads and, in float32 and int8, on every CPU. So an engine may
split, repeat and reorder the work as it likes. `swiftlet_embed.spark` has it for Spark.
"""
from ._encoder import Encoder, shared_encoder
from ._library import SwiftletError

__all__ = ["Encoder", "SwiftletError", "shared_encoder"]
__version__ = "0.1.0"
