// SPDX-License-Identifier: Apache-2.0

/// The header of a NumPy array file (.npy): the type of the numbers and the shape; the numbers follow, row-major.
///
/// numpy.org/doc/stable/reference/generated/numpy.lib.format.html
public struct NumpyHeader: Equatable, Sendable {
  /// The type of a number in NumPy's words, for example `<f4` for float32.
  public let type: String
  /// The extent of each axis.
  public let shape: [Int]

  /// The number of bytes that ``bytes`` has, whatever the shape: so a header can be completed last.
  public static let byteCount = 128

  /// A header of such an array.
  public init(type: String, shape: [Int]) {
    self.type = type
    self.shape = shape
  }

  /// The header in version 1.0 of the format, padded to ``byteCount``.
  public var bytes: [UInt8] {
    let axes = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    let dictionary = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(axes)), }"
    let start = NumpyHeader.magic + [1, 0], size = NumpyHeader.byteCount - start.count - 2
    precondition(dictionary.utf8.count < size, "a shape of \(shape.count) axes")
    let padding = [UInt8](repeating: UInt8(ascii: " "), count: size - 1 - dictionary.utf8.count)
    return start + [UInt8(size), 0] + Array(dictionary.utf8) + padding + [UInt8(ascii: "\n")]
  }

  private static let magic = [0x93] + Array("NUMPY".utf8)
}
