// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
import SwiftletTensors
import TestSupport
import Testing

/// The weights that a trainer changes are those that an encoder reads.
@Suite struct TrainableWeightTests {
  private static let texts = ["the cat sat", "The dog, and 12 cats.", "", "a mat a mat a mat a mat a mat a mat a mat"]

  private func bits(_ encoder: SentenceEncoder) throws -> [UInt32] {
    try encoder.encode(Self.texts).tensor.values.map(\.bitPattern)
  }

  /// For files of every type, of one part and of several, and for the bundled model.
  @Test(arguments: Golden.randomModels + ["all-MiniLM-L6-v2"]) func giveTheSameVectors(name: String) throws {
    let isBundled = name == "all-MiniLM-L6-v2"
    let folder = isBundled ? repositoryPath("weights/\(name)") : fixture("\(name)/model")
    for kernels in isBundled ? [.best] : Kernels.available {
      for threads in isBundled ? [2] : [1, 3] {
        let settings = EncoderSettings(threadCount: threads)
        let encoder = try SentenceEncoder(folder: folder, settings: settings, kernels: kernels)
        let trained = try EncoderPipeline(ModelFolder(path: folder), settings: settings)
        let weights = try trained.trainableWeights(kernels: kernels)
        let expected = try bits(encoder)
        let current = trained.reading(weights.forModel(on: encoder.pool))
        #expect(try bits(current) == expected, "\(kernels.path), \(threads) threads")
        ThreadPool(threadCount: 1).run(count: 1) { _, worker in
          #expect((try? bits(trained.reading(weights.forModel(worker)))) == expected, "\(kernels.path)")
        }
      }
    }
  }

  /// A change of any weight is read by the next weights for the model, and by no other encoder. (A key's bias adds the
  /// same to all scores of a query.)
  @Test func changesAreRead() throws {
    let folder = fixture("gelu-mean-normalized/model")
    let encoder = try SentenceEncoder(folder: folder)
    let weights = try encoder.pipeline.trainableWeights(kernels: .best)
    let expected = try bits(encoder)
    var last = expected
    for parameter in weights.layout.list.parameters where !parameter.name.contains("key.bias") {
      if let table = weights.tables[parameter.index] {
        let read = Int32(parameter.name.contains("word") ? 2 : 0)
        table.touch([read], kernels: .best)
        table.values[table.slot(of: read) ?? 0, 0] += 0.5
      } else {
        weights[parameter][0] += 0.5
      }
      let changed = try bits(encoder.pipeline.reading(weights.forModel(on: encoder.pool)))
      #expect(changed != last, "\(parameter.name)")
      last = changed
    }
    #expect(try bits(encoder) == expected)
  }
}
