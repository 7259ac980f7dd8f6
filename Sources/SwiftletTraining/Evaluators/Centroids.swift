// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// The sums of the vectors of each label, in double, for computing centroids.
private struct LabelSums {
  let dimension: Int
  /// The number of vectors of each label.
  private(set) var counts: [Int]
  private var sums: [Double]

  init(_ references: LabeledVectors) {
    let dimension = references.vectors.dimension, labels = (references.labels.max() ?? -1) + 1
    var counts = [Int](repeating: 0, count: labels), sums = [Double](repeating: 0, count: labels * dimension)
    references.vectors.tensor.withSpan { values in
      for (row, label) in references.labels.enumerated() {
        counts[label] += 1
        for i in 0..<dimension { sums[label * dimension + i] += Double(values[row * dimension + i]) }
      }
    }
    (self.dimension, self.counts, self.sums) = (dimension, counts, sums)
  }

  /// The centroid of a label: the sum of its vectors, scaled to unit length. `excluded` is a vector to leave out.
  func centroid(of label: Int, without excluded: [Float]? = nil) -> [Float] {
    let sum = (0..<dimension).map { sums[label * dimension + $0] - Double(excluded?[$0] ?? 0) }
    let length = max(sum.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
    return sum.map { Float($0 / length) }
  }
}

/// Whether each vector is nearest to the centroid of its own label. Of equally near centroids the first counts. Without
/// references, the vectors are compared among themselves, and each is left out of its label's centroid.
func centroidHits(of queries: LabeledVectors, among references: LabeledVectors?, on pool: ThreadPool) -> [Bool] {
  let sums = LabelSums(references ?? queries), leavesOneOut = references == nil
  let present = sums.counts.indices.filter { sums.counts[$0] > 0 }
  let centroids = UnitVectors(centroids: present.map { sums.centroid(of: $0) }, dimension: sums.dimension)
  let labels = queries.labels, vectors = queries.vectors.tensor.matrix, dimension = sums.dimension
  return queries.vectors.mapSimilarities(with: centroids, on: pool) { query, cosines in
    let vector = vectors.row(query).values
    var best: (label: Int, cosine: Float)?
    for (index, label) in present.enumerated() {
      var cosine = cosines[index]
      if leavesOneOut && label == labels[query] {
        if sums.counts[label] == 1 { continue }
        // Add in the order of a matrix product, so that equal centroids have equal cosines.
        let centroid = sums.centroid(of: label, without: vector)
        cosine = (0..<dimension).reduce(0) { $0.addingProduct(vector[$1], centroid[$1]) }
      }
      if cosine > best?.cosine ?? -.infinity { best = (label, cosine) }
    }
    return best?.label == labels[query]
  }
}

extension UnitVectors {
  fileprivate init(centroids: [[Float]], dimension: Int) {
    tensor = Tensor(centroids.flatMap { $0 }, shape: [centroids.count, dimension])
  }
}
