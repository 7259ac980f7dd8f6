// SPDX-License-Identifier: Apache-2.0

extension ThreadPool {
  /// Calls `transform` for each index below `count`, on several threads at once, and returns the results in order.
  package func map<Result>(
    count: Int, _ transform: @escaping (_ index: Int, _ worker: Worker) -> Result
  ) -> [Result] {
    let results = Monitor([Result?](repeating: nil, count: count))
    run(count: count) { index, worker in
      let result = transform(index, worker)
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap { $0 } }
  }
}

extension Worker {
  /// Calls `transform` for each index below `count`, on the threads of the team, and returns the results in order.
  package func map<Result>(count: Int, _ transform: @escaping (_ index: Int) -> Result) -> [Result] {
    let results = Monitor([Result?](repeating: nil, count: count))
    forEach(count) { index in
      let result = transform(index)
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap { $0 } }
  }
}
