// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import SwiftletWeights
  import SwiftletFiles
  import Foundation
  import TestSupport
  import Testing

  /// The reader takes at most the file's size, eight times its header's size and 16 MB in all. Each header is read in a
  /// process of its own, whose memory is measured.
  struct SafetensorsMemoryTests {
    /// Headers that need the most memory for their size.
    enum Header: String, Codable, CaseIterable {
      case row4AsLongAsAllowed, row12LongNameOfEscapes, row13UnknownFields, row13UnknownValues, row19Dimensions
      case row23Metadata, row25AsManyTensorsAsAllowed, row25ManyTensors

      /// The error that the row asks for; nil if the file is valid.
      var reason: SafetensorsError.Problem? { self == .row25ManyTensors ? .tooManyTensors : nil }

      /// Passes on the header in parts, so that making it takes little memory.
      func write(to append: (String) throws -> Void) throws {
        let fields = #""dtype":"U8","shape":[0],"data_offsets":[0,0]"#
        func list(_ count: Int, _ element: (Int) -> String) throws {
          for i in 0..<count { try append((i == 0 ? "" : ",") + element(i)) }
        }
        try append("{")
        switch self {
        case .row4AsLongAsAllowed:
          for _ in 0..<999_999 { try append(String(repeating: " ", count: 100)) }
          try append(String(repeating: " ", count: 98))
        case .row12LongNameOfEscapes:
          try append("\"")
          for _ in 0..<100_000 { try append(String(repeating: #"\n"#, count: 100)) }
          try append("\":{\(fields)}")
        case .row13UnknownFields:
          try append("\"t\":{\(fields),")
          try list(65_536) { #""\#($0)":0"# }
          try append("}")
        case .row13UnknownValues:
          try append("\"t\":{\(fields),\"x\":[")
          try list(30_000) { _ in #"{"a":0}"# }
          try append("]}")
        case .row19Dimensions:
          try append(#""t":{"dtype":"U8","data_offsets":[0,0],"shape":["#)
          for _ in 0..<100_000 { try append(String(repeating: "0,", count: 100)) }
          try append("0]}")
        case .row23Metadata:
          try append("\"__metadata__\":{")
          try list(65_536) { #""key \#($0)":"a text of some length""# }
          try append("}")
        case .row25AsManyTensorsAsAllowed:
          try list(65_536) { "\"\($0)\":{\(fields)}" }
        case .row25ManyTensors:
          try list(1_600_000) { "\"\($0)\":{\(fields)}" }
        }
        try append("}")
      }
    }

    // Before Swift 6.3 the code that runs in a process of its own cannot take a value along.
    #if compiler(>=6.3)
      @Test(.enabled(if: canMeasureMemory), .timeLimit(.minutes(5)), arguments: Header.allCases)
      func readerStaysWithinItsBound(_ header: Header) async {
        await #expect(processExitsWith: .success) { [header = header as Header] in
          let folder = try TemporaryFolder()
          let (path, headerSize) = try SafetensorsMemoryTests.write(header, to: folder)
          var reason: SafetensorsError.Problem?
          var seconds = 0.0
          let peak = try peakMemory {
            // Of the processor, since other tests run beside this one: POSIX counts a million a second.
            let start = clock()
            do { _ = try SafetensorsFile(path: path) } catch let error as SafetensorsError { reason = error.problem }
            seconds = Double(clock() - start) / 1e6
          }
          #expect(reason == header.reason)
          #expect(peak <= (8 + headerSize) + 8 * headerSize + 16 << 20, "\(header.rawValue): \(peak >> 10) kB")
          #expect(seconds < 30)
        }
      }
    #endif

    /// The same bound for an index with as many tensors as it may have, each in a shard of its own.
    @Test(.enabled(if: canMeasureMemory)) func indexStaysWithinTheBound() async {
      await #expect(processExitsWith: .success) {
        let folder = try TemporaryFolder()
        // Written in parts, since memory that is freed again would hide the reader's use.
        let path = try folder.write(#"{"weight_map":{"#, to: "model.safetensors.index.json")
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        for i in 0..<65_530 {
          try file.write(contentsOf: Data((i == 0 ? "" : ",").utf8) + Data("\"\(i)\":\"\(i)\"".utf8))
        }
        try file.write(contentsOf: Data("}}".utf8))
        let size = try Int(file.offset())
        let peak = try peakMemory {
          _ = #expect(throws: ModelTensorsError.self) { try ModelTensors(folder: folder.path) }
        }
        #expect(peak <= size + 8 * size + 16 << 20, "\(peak >> 10) kB")
      }
    }

    /// Writes a file of this header and no data.
    private static func write(_ header: Header, to folder: TemporaryFolder) throws -> (path: String, size: Int) {
      let path = try folder.write(Array(repeating: 0, count: 8), to: "file")
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try file.seekToEnd()
      var size = 0
      var piece = Data()
      func flush() throws {
        try file.write(contentsOf: piece)
        size += piece.count
        piece.removeAll(keepingCapacity: true)
      }
      try header.write { text in
        piece.append(contentsOf: text.utf8)
        if piece.count >= 1 << 16 { try flush() }
      }
      try flush()
      try file.seek(toOffset: 0)
      try file.write(contentsOf: withUnsafeBytes(of: UInt64(size).littleEndian) { Data($0) })
      try file.close()
      return (path, size)
    }
  }
#endif
