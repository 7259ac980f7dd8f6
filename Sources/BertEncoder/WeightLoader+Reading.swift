// SPDX-License-Identifier: Apache-2.0

import Autodiff
import CKernels
import Checkpoint
import FileFormats
import TensorCore

extension WeightLoader {
  /// Reads, converts, checks and packs all weights, on all threads of a pool.
  ///
  /// - Throws: ``WeightError`` that names every tensor with numbers that are not finite, or `FileError`.
  func load(on pool: ThreadPool) throws -> Weights {
    let reading = Reading(self)
    pool.run(count: reading.taskCount) { index, worker in reading.perform(index, worker.workspace) }
    // What a large tensor took, no batch will need.
    pool.releaseMemory()
    return try reading.result()
  }
}

/// The loading of one checkpoint: a task a table, a linear map, and one for all vectors.
private final class Reading: Sendable {
  private struct Outcome {
    var entries: [Weights.Entry]
    var problems: [WeightError.Problem] = []
    var failure: (any Error)?
  }

  private let loader: WeightLoader
  private let outcome: Monitor<Outcome>

  init(_ loader: WeightLoader) {
    self.loader = loader
    outcome = Monitor(Outcome(entries: Array(repeating: .partOfLinear, count: loader.sources.count)))
  }

  private var list: ParameterList { loader.parameters }

  var taskCount: Int { list.tables.count + list.linears.count + 1 }

  func perform(_ task: Int, _ workspace: Workspace) {
    do {
      if task < list.tables.count {
        let parameter = list.tables[task]
        set(parameter, .table(EmbeddingTable(try table(parameter, workspace))))
      } else if task < list.tables.count + list.linears.count {
        let linear = list.linears[task - list.tables.count]
        set(
          linear.parts[0].weight,
          .linear(try matrix(linear, workspace), bias: try vector(linear.parts.map(\.bias), workspace)))
      } else {
        for parameter in list.vectors { set(parameter, .vector(try vector([parameter], workspace))) }
      }
    } catch {
      outcome.withLock { $0.failure = $0.failure ?? error }
    }
  }

  func result() throws -> Weights {
    let outcome = outcome.withLock { $0 }
    if let failure = outcome.failure { throw failure }
    guard outcome.problems.isEmpty else {
      throw WeightError(folder: loader.folder, problems: outcome.problems.sorted { $0.name < $1.name })
    }
    return Weights(outcome.entries, kernels: loader.kernels)
  }

  private func set(_ parameter: Parameter, _ entry: Weights.Entry) {
    outcome.withLock { $0.entries[parameter.index] = entry }
  }

  /// The table as the file holds it, except that F64 is rounded to float32.
  private func table(_ parameter: Parameter, _ workspace: Workspace) throws -> StoredTable {
    let source = loader.sources[parameter.index]
    let rows = parameter.shape[0], columns = parameter.shape[1]
    guard let storage = source.dtype.storage, storage != CK_F64 else {
      return try StoredTable(rows: rows, columns: columns, storage: CK_F32) { bytes throws in
        try read(parameter, into: bytes.baseAddress?.assumingMemoryBound(to: Float.self), workspace)
      }
    }
    return try StoredTable(rows: rows, columns: columns, storage: storage) { bytes throws in
      try loader.checkpoint.read(source, into: bytes)
      check(parameter, UnsafeRawBufferPointer(bytes), storage)
    }
  }

  private func matrix(_ linear: Linear, _ workspace: Workspace) throws -> PackedMatrix {
    try PackedMatrix(inputs: linear.inputs, outputs: linear.outputs, kernels: loader.kernels, workspace: workspace) {
      rows throws in
      var next = rows
      for part in linear.parts {
        try read(part.weight, into: next, workspace)
        next += loader.sources[part.weight.index].elementCount
      }
    }
  }

  /// Vectors one after the other.
  private func vector(_ parameters: [Parameter], _ workspace: Workspace) throws -> Tensor {
    var tensor = Tensor(uninitialized: [parameters.reduce(0) { $0 + $1.shape[0] }])
    try tensor.withUnsafeMutableBufferPointer { values in
      var next = values.baseAddress
      for parameter in parameters {
        try read(parameter, into: next, workspace)
        next = next?.advanced(by: parameter.shape[0])
      }
    }
    return tensor
  }

  /// A parameter's numbers as float32.
  private func read(
    _ parameter: Parameter, into values: UnsafeMutablePointer<Float>?, _ workspace: Workspace
  ) throws {
    let source = loader.sources[parameter.index]
    guard let values, let storage = source.dtype.storage else { return }
    let byteCount = source.byteRange.count
    let stored = storage == CK_F32 ? nil : workspace.buffer(count: (byteCount + 3) / 4)
    let bytes = UnsafeMutableRawBufferPointer(start: stored?.base ?? values, count: byteCount)
    try loader.checkpoint.read(source, into: bytes)
    check(parameter, UnsafeRawBufferPointer(bytes), storage)
    if stored != nil {
      _ = loader.kernels.table.pointee.convert(source.elementCount, bytes.baseAddress, storage, values)
    }
  }

  private func check(_ parameter: Parameter, _ bytes: UnsafeRawBufferPointer, _ storage: ck_storage) {
    guard !loader.allowsNonFinite else { return }
    var first = 0
    let source = loader.sources[parameter.index]
    let bad = loader.kernels.table.pointee.count_non_finite(source.elementCount, bytes.baseAddress, storage, &first)
    guard bad > 0 else { return }
    outcome.withLock { $0.problems.append(.nonFinite(name: source.name, count: bad, firstIndex: first)) }
  }
}

extension DType {
  /// How the kernels call the type; nil if it holds no weights.
  var storage: ck_storage? {
    switch self {
    case .f32: CK_F32
    case .f16: CK_F16
    case .bf16: CK_BF16
    case .f64: CK_F64
    default: nil
    }
  }
}
