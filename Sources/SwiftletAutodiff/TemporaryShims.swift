import SwiftletTensors

extension MatrixView {
  init(_ t: Tensor) { self = t.matrix }
  init(transposed t: Tensor) { self = t.matrix.transposed }
}
