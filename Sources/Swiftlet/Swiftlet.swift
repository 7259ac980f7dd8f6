// SPDX-License-Identifier: Apache-2.0

// `import Swiftlet` gives the public parts of every layer.
@_exported public import SwiftletAutodiff
@_exported public import SwiftletEncoders
@_exported public import SwiftletFiles
@_exported public import SwiftletTensors
@_exported public import SwiftletTokenizers
@_exported public import SwiftletTraining
@_exported public import SwiftletWeights
