// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights

extension WeightLoader {
  /// Reads, converts, checks and packs all weights, using all threads of the pool.
  ///
  /// - Throws: ``WeightError``, which names every tensor that has non-finite numbers, or `FileError`.
  func load(in precision: Precision, on pool: ThreadPool) throws -> Weights {
    let reading = WeightReading(self)
    let memory = packedMemory(precision)
    let entries = Monitor([Weights.Entry](repeating: .partOfLinear, count: sources.count))
    func set(_ parameter: Parameter, _ entry: Weights.Entry) { entries.withLock { $0[parameter.index] = entry } }
    try reading.run(
      on: pool, mapsTables: mapsTables,
      table: { set($0, .table($1)) },
      linear: { linear, workspace in
        let matrix = try PackedMatrix(
          inputs: linear.inputs, outputs: linear.outputs, format: format(linear, precision), kernels: kernels,
          in: memory[linear.parts[0].weight.index], workspace: workspace
        ) { outputs, rows throws in
          let numbers = outputs.lowerBound * linear.inputs..<outputs.upperBound * linear.inputs
          try reading.read(linear.parts.map(\.weight), numbers, into: rows.vector, workspace)
        }
        let bias = linear.biases.isEmpty ? nil : Tensor(uninitialized: [linear.outputs])
        if let bias { try reading.read(linear.biases, into: bias.vector, workspace) }
        set(linear.parts[0].weight, .linear(matrix, bias: bias))
      },
      vector: { vector, workspace in
        let tensor = Tensor(uninitialized: vector.shape)
        try reading.read([vector], into: tensor.vector, workspace)
        set(vector, .vector(tensor))
      })
    return Weights(entries.withLock { $0 }, precision: precision, kernels: kernels)
  }

  private func format(_ linear: Linear, _ precision: Precision) -> WeightFormat {
    let areHalves = linear.parts.allSatisfy { sources[$0.weight.index].dtype == .f16 }
    return WeightFormat(precision, areHalves: areHalves)
  }

  /// Memory for each packed matrix, by the index of its first weight. All matrices share one block, so that a large
  /// page holds several.
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

  /// Reads the weights in the form that a trainer updates.
  func loadTrainable(on pool: ThreadPool) throws -> TrainableWeights {
    let reading = WeightReading(self), layout = ParameterLayout(parameters)
    let dense = TensorBuffer(count: layout.count)
    VectorView(dense).fill(0)
    let tables = Monitor([Int: EmbeddingTable]())
    try reading.run(
      on: pool,
      table: { parameter, table in tables.withLock { $0[parameter.index] = table } },
      linear: { linear, workspace in
        try reading.read(
          linear.parts.map(\.weight), into: VectorView(dense, layout.matrix(linear)), workspace)
        if let bias = layout.bias(linear) {
          try reading.read(linear.biases, into: VectorView(dense, bias), workspace)
        }
      },
      vector: { vector, workspace in
        try reading.read([vector], into: VectorView(dense, layout[vector]), workspace)
      })
    return TrainableWeights(layout, dense: dense, tables: tables.withLock { $0 }, kernels: kernels)
  }
}

/// Reads the tensors of a model, with one task for each table, linear layer and vector.
private final class WeightReading: Sendable {
  private struct Outcome {
    /// The numbers that are not finite, by parameter: how many, and the first.
    var bad: [Int: (count: Int, first: Int)] = [:]
    var failure: (any Error)?
  }

  private let loader: WeightLoader
  private let outcome = Monitor(Outcome())

  init(_ loader: WeightLoader) { self.loader = loader }

  /// Calls a closure for each parameter, on several threads at once.
  ///
  /// - Parameter mapsTables: whether tables stay in their file, where they can.
  func run(
    on pool: ThreadPool, mapsTables: Bool = false, table: @escaping (Parameter, EmbeddingTable) -> Void,
    linear: @escaping (Linear, Workspace) throws -> Void, vector: @escaping (Parameter, Workspace) throws -> Void
  ) throws {
    let list = loader.parameters, tables = list.tables.count, linears = list.linears.count
    pool.run(count: tables + linears + list.vectors.count) { [self] task, worker in
      do {
        if task < tables {
          let parameter = list.tables[task], mapped = mapsTables ? try mappedTable(parameter) : nil
          table(parameter, EmbeddingTable(try mapped ?? stored(parameter, worker.workspace)))
        } else if task < tables + linears {
          try linear(list.linears[task - tables], worker.workspace)
        } else {
          try vector(list.vectors[task - tables - linears], worker.workspace)
        }
      } catch {
        outcome.withLock { $0.failure = $0.failure ?? error }
      }
    }
    // Free the memory that was held: a batch needs other sizes.
    pool.releaseMemory()
    let result = outcome.withLock { $0 }
    if let failure = result.failure { throw failure }
    guard result.bad.isEmpty else {
      let problems = result.bad.map { index, bad in
        WeightError.Problem.nonFinite(name: loader.names[index], count: bad.count, firstIndex: bad.first)
      }
      throw WeightError(path: loader.folder, problems: problems.sorted { $0.name < $1.name })
    }
  }

  /// The table where it lies in the file; nil if it cannot be used there. Its numbers are not checked, since that would read
  /// them all.
  private func mappedTable(_ parameter: Parameter) throws -> StoredTable? {
    let source = loader.sources[parameter.index]
    guard let format = source.dtype.numberFormat, format != .float64, parameter.count > 0 else { return nil }
    let numbers = StoredNumbers(try source.mappedFile(), byteRange: source.byteRange, format: format)
    return numbers.map { StoredTable($0, rows: parameter.shape[0]) }
  }

  /// The table in the file's number format, except that F64 is rounded to float32.
  private func stored(_ parameter: Parameter, _ workspace: Workspace) throws -> StoredTable {
    let source = loader.sources[parameter.index]
    let rows = parameter.shape[0], columns = parameter.shape[1]
    guard let format = source.dtype.numberFormat, format != .float64 else {
      let numbers = TensorBuffer(count: rows * columns)
      try read([parameter], into: VectorView(numbers), workspace)
      return StoredTable(float32: MatrixView(numbers, rows: rows, columns: columns))
    }
    let table = try StoredTable(rows: rows, columns: columns, format: format) { bytes throws in
      try source.read(into: &bytes)
    }
    note(loader.kernels.nonFinite(in: table.numbers), in: parameter)
    return table
  }

  /// Reads the numbers of parameters as float32, one parameter after the other.
  func read(_ parameters: [Parameter], into values: VectorView, _ workspace: Workspace) throws {
    try read(parameters, 0..<parameters.reduce(0) { $0 + $1.count }, into: values, workspace)
  }

  /// Reads some of these numbers.
  func read(
    _ parameters: [Parameter], _ range: Range<Int>, into values: VectorView, _ workspace: Workspace
  ) throws {
    var start = 0
    for parameter in parameters {
      let part = range.clamped(to: start..<start + parameter.count)
      if !part.isEmpty {
        try read(
          parameter, part.lowerBound - start..<part.upperBound - start,
          into: values[part.lowerBound - range.lowerBound..<part.upperBound - range.lowerBound], workspace)
      }
      start += parameter.count
    }
  }

  private func read(
    _ parameter: Parameter, _ range: Range<Int>, into values: VectorView, _ workspace: Workspace
  ) throws {
    precondition(values.count == range.count, "\(range.count) numbers into \(values.count)")
    let source = loader.sources[parameter.index]
    guard let format = source.dtype.numberFormat else { return }
    if format == .float32 {
      try values.withMutableBytes { bytes throws in try source.read(range, into: &bytes) }
      return note(loader.kernels.nonFinite(in: values), in: parameter, from: range.lowerBound)
    }
    let stored = try StoredNumbers(count: range.count, format: format, in: workspace) { bytes throws in
      try source.read(range, into: &bytes)
    }
    note(loader.kernels.nonFinite(in: stored), in: parameter, from: range.lowerBound)
    loader.kernels.convert(stored, into: values)
  }

  /// Notes which of a parameter's numbers from `start` on are bad. One task reads a parameter, from its first number on.
  private func note(_ bad: (count: Int, first: Int), in parameter: Parameter, from start: Int = 0) {
    guard bad.count > 0, !loader.allowsNonFinite else { return }
    outcome.withLock { $0.bad[parameter.index, default: (0, start + bad.first)].count += bad.count }
  }
}

extension DType {
  /// The kernels' number format for the type; nil if weights cannot have this type.
  var numberFormat: NumberFormat? {
    switch self {
    case .f32: .float32
    case .f16: .float16
    case .bf16: .bfloat16
    case .f64: .float64
    default: nil
    }
  }
}
