// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SwiftletTensors

@Suite struct JobListTests {
  private func job(_ count: Int) -> Job { Job(count: count) { _, _ in } }

  @Test func jobsComeInTheirOrder() {
    var list = JobList()
    let jobs = [1, 0, 2, 1].map(job)
    for job in jobs { list.append(job) }
    #expect(list.waiting == 4)
    var begun: [Int] = []
    while let first = list.first, let index = jobs.firstIndex(where: { $0 === first }) {
      #expect(list.begin(first) != nil)
      begun.append(index)
    }
    #expect(begun == [0, 2, 2, 3])
    #expect(list.waiting == 0)
  }

  /// Jobs leave at the head, the end and in the middle. The others keep their order.
  @Test(arguments: 0..<4) func jobsLeaveFromAnywhere(index: Int) {
    for isCancelled in [false, true] {
      var list = JobList()
      let jobs = (0..<4).map { _ in job(2) }
      for job in jobs { list.append(job) }
      if isCancelled {
        list.cancel(jobs[index])
      } else {
        #expect(list.begin(jobs[index]) == 0 && list.begin(jobs[index]) == 1)
      }
      #expect(list.begin(jobs[index]) == nil)
      #expect(list.waiting == 6)
      let added = job(1)
      list.append(added)
      var rest: [Job] = []
      while let first = list.first {
        rest.append(first)
        list.cancel(first)
      }
      let expected = jobs.indices.filter { $0 != index }.map { jobs[$0] } + [added]
      #expect(rest.map(ObjectIdentifier.init) == expected.map(ObjectIdentifier.init))
      #expect(list.waiting == 0 && list.first == nil)
    }
  }

  /// A done job must be released, since its closure may own the pool.
  @Test func anExhaustedJobIsLetGo() {
    var list = JobList()
    let first = job(1)
    weak var second: Job?
    list.append(first)
    do {
      let job = job(1)
      list.append(job)
      second = job
      _ = list.begin(job)
    }
    #expect(second == nil && list.first === first)
  }

  @Test func aJobThatIsNotListedCanBeCancelled() {
    var list = JobList()
    let job = job(3)
    list.cancel(job)
    list.append(job)
    #expect(list.first == nil && list.waiting == 0 && job.isDone)
  }
}
