// SPDX-License-Identifier: Apache-2.0

// `import Swiftlet` gives the public parts of every layer.
@_exported public import Autodiff
@_exported public import BertEncoder
@_exported public import Checkpoint
@_exported public import FileFormats
@_exported public import FineTuning
@_exported public import TensorCore
@_exported public import WordPiece
