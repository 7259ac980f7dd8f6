// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FuzzSupport
import Swiftlet

nonisolated(unsafe) private let folder = ScratchFolder()

/// Tunes a small BERT of any sizes by a step on texts of any lengths. Pieces and threads must not change a bit.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var choices = Choices(Array(UnsafeBufferPointer(start: start, count: count)))
  let model = RandomModel(&choices)
  let pieceSize = choices.pick([1, 2, 3, 5]), threads = choices.pick([1, 2, 3]),
    dropout = choices.pick([0, 0.1] as [Float])
  let labels = (0..<6).map { ["a", "b", "c"][$0 % 3] }
  let texts = labels.map { _ in text(ofWords: choices.number(below: 120), &choices) }
  let done = DispatchSemaphore(value: 0)
  Task.detached {
    do {
      try model.write(to: folder)
      let whole = try await tunedBits(texts, labels, pieceSize: 64, threads: 1, dropout)
      let pieces = try await tunedBits(texts, labels, pieceSize: pieceSize, threads: threads, dropout)
      expect(whole == pieces, "pieces of \(pieceSize) texts on \(threads) threads as the whole batch")
    } catch {
      expect("\(error)".contains("NaN or infinite"), "a step, not \(error)")
    }
    done.signal()
  }
  done.wait()
  return 0
}

/// The bits of the vectors of texts after a step of training on them.
private func tunedBits(
  _ texts: [String], _ labels: [String], pieceSize: Int, threads: Int, _ dropout: Float
) async throws -> [[UInt32]] {
  var settings = FineTuningSettings()
  settings.length = .steps(1)
  settings.pieceSize = pieceSize
  settings.threadCount = threads
  settings.dropout = dropout
  settings.optimizer.learningRate = 0.01
  let data = LabeledTexts(texts: texts, labels: labels)
  let trainer = try Trainer(
    model: folder.path, data: .labeled(data, labelsPerBatch: 3, samplesPerLabel: 2),
    loss: BatchHardTripletLoss(margin: 0.3), settings: settings)
  try await trainer.run()
  return try await trainer.tunedEncoder().encode(texts).map { $0.map(\.bitPattern) }
}
