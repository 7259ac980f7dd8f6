// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import RunReport

struct PrincipalPlaneTests {
  /// A matrix, and what scikit-learn's PCA makes of it: Scripts/make_report_golden.py.
  private struct Golden: Decodable {
    let rows: [[Double]]
    let points: [[Double]]
    let shares: [Double]
  }

  @Test func pointsAndSharesAreThoseOfTheReference() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/pca.json")
    let goldens = try JSONDecoder().decode([Golden].self, from: Data(contentsOf: path))
    #expect(goldens.count == 3)
    for golden in goldens {
      let plane = PrincipalPlane(golden.rows)
      for (point, expected) in zip(plane.points, golden.points) {
        #expect(abs(point.x - expected[0]) < 1e-8 && abs(point.y - expected[1]) < 1e-8)
      }
      #expect(abs(plane.shares.x - golden.shares[0]) < 1e-10 && abs(plane.shares.y - golden.shares[1]) < 1e-10)
    }
  }

  @Test func pointsOnALineHaveNoSecondComponent() {
    let plane = PrincipalPlane([[0, 0, 1], [3, 4, 1], [6, 8, 1]])
    #expect(zip(plane.points, [-5.0, 0, 5]).allSatisfy { abs($0.x - $1) < 1e-12 && abs($0.y) < 1e-12 })
    #expect(abs(plane.shares.x - 1) < 1e-12 && abs(plane.shares.y) < 1e-12)
  }

  @Test func equalPointsLieInTheMiddle() {
    let plane = PrincipalPlane([[1, 2], [1, 2]])
    #expect(plane.points.allSatisfy { $0 == (0, 0) } && plane.shares == (0, 0))
  }

  @Test func axesAreTurnedToThoseOfAnotherPlane() {
    let rows: [[Double]] = [[2, 0], [-2, 0], [0, 1], [0, -1]]
    let plane = PrincipalPlane(rows), mirrored = PrincipalPlane(rows.map { [-$0[0], $0[1]] })
    let turned = mirrored.oriented(like: plane)
    #expect(zip(turned.points, plane.points).allSatisfy { abs($0.x - $1.x) < 1e-12 && abs($0.y - $1.y) < 1e-12 })
  }
}
