// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights

extension WeightLoader {
  /// Reads, converts, checks and packs all weights, on all threads of a pool.
  ///
  /// - Throws: ``WeightError`` that names every tensor with numbers that are not finite, or `FileError`.
  func load(in precision: Precision, on pool: ThreadPool) throws -> Weights {
    let reading = WeightReading(self)
    let memory = packedMemory(precision)
    let entries = Monitor([Weights.Entry](repeating: .partOfLinear, count: sources.count))
    func set(_ parameter: Parameter, _ entry: Weights.Entry) { entries.withLock { $0[parameter.index] = entry } }
    try reading.run(
      on: pool,
      table: { set($0, .table($1)) },
      linear: { linear, workspace in
        let matrix = try PackedMatrix(
          inputs: linear.inputs, outputs: linear.outputs, format: format(linear, precision), kernels: kernels,
          in: memory[linear.parts[0].weight.index], workspace: workspace
        ) { rows throws in
          try reading.read(linear.parts.map(\.weight), into: rows, workspace)
        }
        let bias = Tensor(uninitialized: [linear.outputs])
        try reading.read(linear.parts.map(\.bias), into: bias.buffer.base, workspace)
        set(linear.parts[0].weight, .linear(matrix, bias: bias))
      },
      vector: { vector, workspace in
        let tensor = Tensor(uninitialized: vector.shape)
        try reading.read([vector], into: tensor.buffer.base, workspace)
        set(vector, .vector(tensor))
      })
    return Weights(entries.withLock { $0 }, precision: precision, kernels: kernels)
  }

  private func format(_ linear: Linear, _ precision: Precision) -> WeightFormat {
    let areHalves = linear.parts.allSatisfy { sources[$0.weight.index].dtype == .f16 }
    return WeightFormat(precision, areHalves: areHalves)
  }

  /// Memory for each packed matrix, by the index of its first weight: parts of one block, since a large page then holds
  /// several.
  private func packedMemory(_ precision: Precision) -> [Int: TensorBuffer] {
    var ranges: [Int: Range<Int>] = [:], end = 0
    for linear in parameters.linears {
      let count = PackedMatrix.packedCount(
        inputs: linear.inputs, outputs: linear.outputs, format: format(linear, precision), kernels: kernels)
      ranges[linear.parts[0].weight.index] = end..<end + count
      end += count
    }
    let block = TensorBuffer(count: end)
    return ranges.mapValues { TensorBuffer($0, of: block) }
  }

  /// The same, as a trainer needs the weights.
  func loadTrainable(on pool: ThreadPool) throws -> TrainableWeights {
    let reading = WeightReading(self), layout = ParameterLayout(parameters)
    let dense = TensorBuffer(count: layout.count)
    dense.base.update(repeating: 0, count: layout.count)
    let tables = Monitor([Int: EmbeddingTable]())
    try reading.run(
      on: pool,
      table: { parameter, table in tables.withLock { $0[parameter.index] = table } },
      linear: { linear, workspace in
        try reading.read(
          linear.parts.map(\.weight), into: dense.base + layout.matrix(linear).lowerBound, workspace)
        try reading.read(linear.parts.map(\.bias), into: dense.base + layout.bias(linear).lowerBound, workspace)
      },
      vector: { vector, workspace in
        try reading.read([vector], into: dense.base + layout[vector].lowerBound, workspace)
      })
    return TrainableWeights(layout, dense: dense, tables: tables.withLock { $0 }, kernels: kernels)
  }
}

/// The reading of one checkpoint's tensors: a task a table, a linear map, a vector.
private final class WeightReading: Sendable {
  private struct Outcome {
    var problems: [WeightError.Problem] = []
    var failure: (any Error)?
  }

  private let loader: WeightLoader
  private let outcome = Monitor(Outcome())

  init(_ loader: WeightLoader) { self.loader = loader }

  /// Hands out all parameters, on several threads at once.
  func run(
    on pool: ThreadPool, table: @escaping (Parameter, EmbeddingTable) -> Void,
    linear: @escaping (Linear, Workspace) throws -> Void, vector: @escaping (Parameter, Workspace) throws -> Void
  ) throws {
    let list = loader.parameters, tables = list.tables.count, linears = list.linears.count
    pool.run(count: tables + linears + list.vectors.count) { [self] task, worker in
      do {
        if task < tables {
          table(list.tables[task], EmbeddingTable(try stored(list.tables[task], worker.workspace)))
        } else if task < tables + linears {
          try linear(list.linears[task - tables], worker.workspace)
        } else {
          try vector(list.vectors[task - tables - linears], worker.workspace)
        }
      } catch {
        outcome.withLock { $0.failure = $0.failure ?? error }
      }
    }
    // What a large tensor took, no batch will need.
    pool.releaseMemory()
    let result = outcome.withLock { $0 }
    if let failure = result.failure { throw failure }
    guard result.problems.isEmpty else {
      throw WeightError(folder: loader.folder, problems: result.problems.sorted { $0.name < $1.name })
    }
  }

  /// The table as the file holds it, except that F64 is rounded to float32.
  private func stored(_ parameter: Parameter, _ workspace: Workspace) throws -> StoredTable {
    let source = loader.sources[parameter.index]
    let rows = parameter.shape[0], columns = parameter.shape[1]
    guard let storage = source.dtype.storage, storage != SWLT_F64 else {
      return try StoredTable(rows: rows, columns: columns, storage: SWLT_F32) { bytes throws in
        guard let values = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
        try read([parameter], into: values, workspace)
      }
    }
    return try StoredTable(rows: rows, columns: columns, storage: storage) { bytes throws in
      var span = bytes.mutableBytes
      try loader.checkpoint.read(source, into: &span)
      check(parameter, UnsafeRawBufferPointer(bytes), storage)
    }
  }

  /// Parameters' numbers as float32, one parameter after the other.
  func read(_ parameters: [Parameter], into values: UnsafeMutablePointer<Float>, _ workspace: Workspace) throws {
    var next = values
    for parameter in parameters {
      try read(parameter, into: next, workspace)
      next += parameter.count
    }
  }

  private func read(_ parameter: Parameter, into values: UnsafeMutablePointer<Float>, _ workspace: Workspace) throws {
    let source = loader.sources[parameter.index]
    guard let storage = source.dtype.storage else { return }
    let byteCount = source.byteRange.count
    let stored = storage == SWLT_F32 ? nil : workspace.buffer(count: (byteCount + 3) / 4)
    let bytes = UnsafeMutableRawBufferPointer(start: stored?.base ?? values, count: byteCount)
    var span = bytes.mutableBytes
    try loader.checkpoint.read(source, into: &span)
    check(parameter, UnsafeRawBufferPointer(bytes), storage)
    if stored != nil {
      _ = loader.kernels.table.pointee.convert(source.elementCount, bytes.baseAddress, storage, values)
    }
  }

  private func check(_ parameter: Parameter, _ bytes: UnsafeRawBufferPointer, _ storage: swlt_storage) {
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
  var storage: swlt_storage? {
    switch self {
    case .f32: SWLT_F32
    case .f16: SWLT_F16
    case .bf16: SWLT_BF16
    case .f64: SWLT_F64
    default: nil
    }
  }
}
