// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A member of the documents' metadata: its distinct values, and for each row which of them it has.
struct FieldColumn {
  /// The distinct values; rows refer to them by their place, counted from 1.
  let values: [JSONValue]

  /// A number a row: 0 where the document lacks the member.
  private let places: NumpyContents
  private let path: String

  private static func valuesPath(_ path: String) -> String { path + ".values.jsonl" }
  private static func placesPath(_ path: String) -> String { path + ".npy" }
  private static let placeType = "<u4"
  private static let maximumByteCount = 1 << 32

  init(path: String, rows: Int, _ access: FileContents.Access) throws {
    self.path = path
    places = try NumpyContents(
      path: FieldColumn.placesPath(path), type: FieldColumn.placeType, shape: [rows], elementSize: 4, access)
    var lines = try LineReader(path: FieldColumn.valuesPath(path), maximumLength: FieldColumn.maximumByteCount)
    var values: [JSONValue] = []
    while let line = try lines.next() { values.append(try JSONParser.parse(Array(line.utf8))) }
    self.values = values
  }

  /// The place of a row's value in ``values``, counted from 1; 0 if it has none.
  func place(of row: Int) throws(IndexError) -> Int {
    let place = Int(places.number(at: row, as: UInt32.self))
    guard place <= values.count else {
      throw IndexError(.damaged("row \(row) has a value that is not there"), path: FieldColumn.placesPath(path))
    }
    return place
  }

  func value(of row: Int) throws(IndexError) -> JSONValue? {
    let place = try place(of: row)
    return place == 0 ? nil : values[place - 1]
  }

  /// Collects a column, row after row. Memory grows with the distinct values.
  struct Writer {
    private var text: [UInt8] = []
    private var placeOfValue: [UTF8Key: UInt32] = [:]
    private var places: [UInt32] = []

    /// - Parameter rows: how many rows there are before the first that has the member.
    init(rows: Int) { places = [UInt32](repeating: 0, count: rows) }

    mutating func append(_ value: JSONValue?) {
      guard let value else { return places.append(0) }
      var line: [UInt8] = []
      JSONWriter.append(value, to: &line)
      let key = UTF8Key(String(decoding: line, as: UTF8.self))
      if let place = placeOfValue[key] { return places.append(place) }
      let place = UInt32(placeOfValue.count + 1)
      placeOfValue[key] = place
      places.append(place)
      text += line + [UInt8(ascii: "\n")]
    }

    func write(path: String) throws {
      var values = try BufferedFile(path: valuesPath(path))
      try values.append { $0 += text }
      try values.commit()
      var numbers = try NumpyFile(path: placesPath(path), type: placeType)
      for place in places { try numbers.append(place) }
      try numbers.commit(shape: [places.count])
    }
  }
}
