// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights

/// Writes and reads the tensors of a checkpoint: weights and moments by the parameters' names. An embedding table is
/// stored as it was loaded, together with the indices, values and moments of its touched rows.
struct StateTensors {
  let weights: TrainableWeights
  /// The optimizer with its moments; nil to store only weights, for example those of the best evaluation.
  let optimizer: AdamW?

  private struct Item {
    let tensor: SafetensorsWriter.Tensor
    let numbers: StoredNumbers
  }

  /// All tensors with their numbers, including frozen ones.
  private var items: [Item] {
    weights.layout.list.parameters.flatMap { parameter -> [Item] in
      let name = parameter.name
      func floats(_ suffix: String, _ numbers: VectorView, _ shape: [Int]) -> Item {
        Item(
          tensor: SafetensorsWriter.Tensor(name: name + suffix, dtype: .f32, shape: shape),
          numbers: StoredNumbers(numbers))
      }
      guard let table = weights.tables[parameter.index] else {
        let range = weights.layout[parameter]
        var items = [floats("", weights[parameter], parameter.shape)]
        if let optimizer {
          items.append(floats(" first moment", VectorView(optimizer.firstMoments, range), parameter.shape))
          items.append(floats(" second moment", VectorView(optimizer.secondMoments, range), parameter.shape))
        }
        return items
      }
      let touched = [table.touchedRows.count, table.columns]
      var items = [floats(" touched values", table.values.vector, touched)]
      if optimizer != nil {
        items.append(floats(" first moment", table.firstMoments.vector, touched))
        items.append(floats(" second moment", table.secondMoments.vector, touched))
        items.append(
          Item(
            tensor: SafetensorsWriter.Tensor(name: name, dtype: table.stored.dtype, shape: parameter.shape),
            numbers: table.stored.numbers))
      }
      return items
    }
  }

  /// The size of all tensors in bytes.
  var byteCount: Int { items.reduce(0) { $0 + $1.tensor.byteCount } }

  /// Writes the tensors to a safetensors file.
  func write(to path: String) throws {
    let items = items
    let numbers = Dictionary(uniqueKeysWithValues: items.map { ($0.tensor.name, $0.numbers) })
    try SafetensorsWriter.write(items.map(\.tensor), to: path) { tensor, append in
      try numbers[tensor.name]?.withBytes { bytes throws in try append(bytes) }
    }
  }

  /// The decay factor and the touched rows of each embedding table, which are not in the tensors.
  var tables: JSONObject {
    var json = JSONObject()
    for parameter in weights.layout.list.tables {
      guard let table = weights.tables[parameter.index] else { continue }
      json[parameter.name] = .object([
        "decay": .number(JSONNumber(table.decay)),
        "touched_rows": .array(table.touchedRows.map { .number(JSONNumber(Int($0))) }),
      ])
    }
    return json
  }

  /// Reads weights and moments.
  ///
  /// - Parameters:
  ///   - tables: the value of ``tables`` when the file was written.
  ///   - model: weights with the same layout; their stored tables are used if `optimizer` is nil.
  ///   - optimizer: receives the moments; nil: the file has none.
  /// - Throws: the errors of reading; ``StateError`` for a file that does not fit the model.
  static func read(
    _ path: String, tables: JSONObject, like model: TrainableWeights, into optimizer: AdamW?
  ) throws -> TrainableWeights {
    let file = try SafetensorsFile(path: path), layout = model.layout
    func tensor(_ name: String, _ shape: [Int], _ dtype: DType) throws -> TensorInfo {
      guard let tensor = file[name], tensor.shape == shape, tensor.dtype == dtype else {
        throw StateError(path: path, name: name)
      }
      return tensor
    }
    func read(_ name: String, _ shape: [Int], into numbers: VectorView) throws {
      let tensor = try tensor(name, shape, .f32)
      try numbers.withMutableBytes { bytes throws in try tensor.read(into: &bytes) }
    }
    let dense = TensorBuffer(count: layout.count)
    VectorView(dense).fill(0)
    var restored: [Int: EmbeddingTable] = [:]
    for parameter in layout.list.parameters {
      let name = parameter.name
      guard let table = model.tables[parameter.index] else {
        let range = layout[parameter]
        try read(name, parameter.shape, into: VectorView(dense, range))
        if let optimizer {
          try read(name + " first moment", parameter.shape, into: VectorView(optimizer.firstMoments, range))
          try read(name + " second moment", parameter.shape, into: VectorView(optimizer.secondMoments, range))
        }
        continue
      }
      guard let decay = tables[name]?.object?["decay"]?.double,
        let rows = tables[name]?.object?["touched_rows"]?.array?.compactMap({ $0.int }),
        rows.allSatisfy({ 0..<table.rows ~= $0 }), Set(rows).count == rows.count
      else { throw StateError(path: path, name: name) }
      var stored = table.stored
      if optimizer != nil {
        let tensor = try tensor(name, parameter.shape, table.stored.dtype)
        stored = try StoredTable(rows: table.rows, columns: table.columns, format: stored.format) { bytes throws in
          try tensor.read(into: &bytes)
        }
      }
      let shape = [rows.count, table.columns]
      restored[parameter.index] = try EmbeddingTable(
        stored, decay: decay, touched: rows.map(Int32.init), hasMoments: optimizer != nil
      ) { table throws in
        try read(name + " touched values", shape, into: table.values.vector)
        guard optimizer != nil else { return }
        try read(name + " first moment", shape, into: table.firstMoments.vector)
        try read(name + " second moment", shape, into: table.secondMoments.vector)
      }
    }
    return TrainableWeights(layout, dense: dense, tables: restored, kernels: model.kernels)
  }
}

extension StoredTable {
  fileprivate var dtype: DType {
    switch format {
    case .float16: .f16
    case .bfloat16: .bf16
    case .float64: .f64
    case .float32: .f32
    }
  }
}

/// Thrown for a checkpoint that is undamaged but does not fit this model: another version of the package wrote it.
package struct StateError: SwiftletError, Equatable {
  /// The file.
  package let path: String?
  /// The part that is missing or has another shape.
  package let name: String

  package var reason: String { "\(quoted(name)) is missing or not this model's" }
  package var remedy: String { "start anew in another folder" }
}
