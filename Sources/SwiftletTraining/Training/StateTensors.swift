// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights

/// The tensors of a run as a checkpoint holds them: weights and moments by the parameters' names. An embedding table is
/// there as it was loaded, beside it its touched rows: their numbers, values and moments.
struct StateTensors {
  let weights: TrainableWeights
  /// nil for weights alone, as those of the best evaluation.
  let optimizer: AdamW?

  private struct Item {
    let tensor: SafetensorsWriter.Tensor
    let bytes: UnsafeRawBufferPointer
  }

  /// The tensors and where their numbers are. What is frozen is there too.
  private var items: [Item] {
    weights.layout.list.parameters.flatMap { parameter -> [Item] in
      let name = parameter.name
      func floats(_ suffix: String, _ base: UnsafeMutablePointer<Float>, _ shape: [Int]) -> Item {
        Item(
          tensor: SafetensorsWriter.Tensor(name: name + suffix, dtype: .f32, shape: shape),
          bytes: UnsafeRawBufferPointer(start: base, count: shape.reduce(4, *)))
      }
      guard let table = weights.tables[parameter.index] else {
        let start = weights.layout[parameter].lowerBound
        var items = [floats("", weights.base + start, parameter.shape)]
        if let optimizer {
          items.append(floats(" first moment", optimizer.firstMoments.base + start, parameter.shape))
          items.append(floats(" second moment", optimizer.secondMoments.base + start, parameter.shape))
        }
        return items
      }
      let touched = [table.touchedRows.count, table.columns]
      var items = [floats(" touched values", table.values, touched)]
      if optimizer != nil {
        items.append(floats(" first moment", table.firstMoments, touched))
        items.append(floats(" second moment", table.secondMoments, touched))
        items.append(
          Item(
            tensor: SafetensorsWriter.Tensor(name: name, dtype: table.stored.dtype, shape: parameter.shape),
            bytes: UnsafeRawBufferPointer(
              start: table.stored.base, count: table.rows * table.columns * table.stored.storage.byteCount)))
      }
      return items
    }
  }

  /// The bytes of all tensors.
  var byteCount: Int { items.reduce(0) { $0 + $1.bytes.count } }

  /// Writes the tensors to a safetensors file.
  func write(to path: String) throws {
    let items = items
    let bytes = Dictionary(uniqueKeysWithValues: items.map { ($0.tensor.name, $0.bytes) })
    try SafetensorsWriter.write(items.map(\.tensor), to: path) { tensor, append in
      if let bytes = bytes[tensor.name] { try append(bytes.bytes) }
    }
  }

  /// What the tables need beside their tensors: P, and which rows are touched, by slot.
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

  /// Reads weights back, and the moments of the dense parameters into `optimizer` if it is given.
  ///
  /// - Parameters:
  ///   - layout: the model's.
  ///   - tables: as ``tables`` gave them.
  ///   - stored: the embedding tables as loaded, for weights without them.
  /// - Throws: what reading does; ``StateError`` for a file that does not go with the model.
  static func read(
    _ path: String, tables: JSONObject, like model: TrainableWeights, into optimizer: AdamW?
  ) throws -> TrainableWeights {
    let file = try SafetensorsFile(path: path), layout = model.layout
    func read(_ name: String, _ shape: [Int], _ dtype: DType, into base: UnsafeMutableRawPointer) throws {
      guard let tensor = file[name], tensor.shape == shape, tensor.dtype == dtype else {
        throw StateError(path: path, name: name)
      }
      var bytes = UnsafeMutableRawBufferPointer(start: base, count: tensor.byteRange.count).mutableBytes
      try file.read(tensor, into: &bytes)
    }
    let dense = TensorBuffer(count: layout.count)
    dense.base.update(repeating: 0, count: layout.count)
    var restored: [Int: EmbeddingTable] = [:]
    for parameter in layout.list.parameters {
      let name = parameter.name
      guard let table = model.tables[parameter.index] else {
        let start = layout[parameter].lowerBound
        try read(name, parameter.shape, .f32, into: dense.base + start)
        if let optimizer {
          try read(name + " first moment", parameter.shape, .f32, into: optimizer.firstMoments.base + start)
          try read(name + " second moment", parameter.shape, .f32, into: optimizer.secondMoments.base + start)
        }
        continue
      }
      guard let decay = tables[name]?.object?["decay"]?.double,
        let rows = tables[name]?.object?["touched_rows"]?.array?.compactMap({ $0.int }),
        rows.allSatisfy({ 0..<table.rows ~= $0 }), Set(rows).count == rows.count
      else { throw StateError(path: path, name: name) }
      var stored = table.stored
      if optimizer != nil {
        stored = try StoredTable(rows: table.rows, columns: table.columns, storage: stored.storage) { bytes throws in
          if let base = bytes.baseAddress { try read(name, parameter.shape, table.stored.dtype, into: base) }
        }
      }
      let shape = [rows.count, table.columns]
      restored[parameter.index] = try EmbeddingTable(stored, decay: decay, touched: rows.map(Int32.init)) {
        values, first, second throws in
        try read(name + " touched values", shape, .f32, into: values)
        guard optimizer != nil else { return }
        try read(name + " first moment", shape, .f32, into: first)
        try read(name + " second moment", shape, .f32, into: second)
      }
    }
    return TrainableWeights(layout, dense: dense, tables: restored, kernels: model.kernels)
  }
}

extension StoredTable {
  fileprivate var dtype: DType {
    switch storage {
    case SWLT_F16: .f16
    case SWLT_BF16: .bf16
    case SWLT_F64: .f64
    default: .f32
    }
  }
}
