// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import SwiftletTensors
import Testing

@Suite struct TensorTests {
  @Test func holdsItsValues() {
    let tensor = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
    #expect(tensor[1, 0] == 4 && tensor[0, 2] == 3 && tensor.count == 6)
    #expect(tensor.reshaped([3, 2])[2, 1] == 6)
    #expect(Tensor(zeros: [0, 4]).values.isEmpty && Tensor([7], shape: []).values == [7])
  }

  @Test func copiesWhenShared() {
    let original = Tensor([1, 2], shape: [2])
    var copy = original
    copy.makeUnique()
    copy.vector[0] = 9
    #expect(original.values == [1, 2] && copy.values == [9, 2])
  }

  /// Disabled under a sanitizer, where each request has memory of its own.
  @Test(.enabled(if: !NumberMemory.isExact)) func workspaceReusesMemory() {
    let workspace = Workspace()
    func address(_ count: Int) -> UInt {
      let tensor = Tensor(uninitialized: [count], in: workspace)
      return tensor.withSpan { $0.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) } }
    }
    let first = address(1000)
    #expect(address(1001) == first, "another count of the same size class")
    #expect(first % 64 == 0)
    let held = Tensor(uninitialized: [1000], in: workspace)
    #expect(held.withSpan { $0.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) } } == first)
    #expect(address(1000) != first, "memory in use is nobody else's")
  }

  @Test func misuseTraps() async {
    await #expect(processExitsWith: .failure) { _ = Tensor([1], shape: [2]) }
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2], shape: [2])[2] }
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2], shape: [2]).reshaped([3]) }
  }

  /// What every access to a tensor relies on: the last number of a view is in its buffer.
  @Test func viewsStayInTheirBuffers() async {
    let buffer = TensorBuffer(count: 12)
    #expect(MatrixView(buffer, rows: 3, columns: 4).isContiguous)
    #expect(!MatrixView(buffer, rows: 2, columns: 3, rowStride: 7, columnStride: 2).isContiguous)
    #expect(MatrixView(buffer, offset: 12, rows: 0, columns: 4).rows == 0)
    await #expect(processExitsWith: .failure) {
      _ = MatrixView(TensorBuffer(count: 12), offset: 1, rows: 3, columns: 4)
    }
    await #expect(processExitsWith: .failure) {
      _ = MatrixView(TensorBuffer(count: 12), rows: 3, columns: 5, rowStride: 4)
    }
    await #expect(processExitsWith: .failure) {
      _ = MatrixView(TensorBuffer(count: 12), rows: 2, columns: 3, rowStride: 7, columnStride: 3)
    }
    await #expect(processExitsWith: .failure) {
      _ = MatrixView(TensorBuffer(count: 12), offset: -1, rows: 1, columns: 1)
    }
    await #expect(processExitsWith: .failure) {
      _ = MatrixView(TensorBuffer(count: 12), offset: 13, rows: 0, columns: 1)
    }
    await #expect(processExitsWith: .failure) { _ = VectorView(TensorBuffer(count: 12), 3..<13) }
    await #expect(processExitsWith: .failure) { _ = VectorView(TensorBuffer(count: 12), -1..<3) }
  }

  /// Each value is set in a process of its own.
  @Test func selectedByTheEnvironment() async {
    await #expect(processExitsWith: .success) {
      setenv("SWIFTLET_CPU", "scalar", 1)
      guard (try? Kernels.selected())?.path == "scalar" else { exit(1) }
    }
    await #expect(processExitsWith: .success) {
      setenv("SWIFTLET_CPU", "sse9", 1)
      do {
        _ = try Kernels.selected()
        exit(1)
      } catch {
        guard (error as? CPUPathError)?.requested == "sse9" else { exit(1) }
      }
    }
  }

  @Test func unknownPathIsAnError() {
    #expect(Kernels(path: "sse9") == nil)
    let error = CPUPathError(requested: "sse9\n", available: ["scalar"])
    #expect(error.description.contains(#""sse9\n""#) && !error.description.contains("\n"))
  }
}
