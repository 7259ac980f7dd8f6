// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

/// A member of the documents' metadata: its distinct values, and for each row which of them it has.
///
/// The files are opened with the segment, since a later commit may remove them. Values are read when they are asked for.
final class FieldColumn: Sendable {
  /// The values as JSON.
  private let texts: TextColumn

  /// A number a row: the place of its value, counted from 1; 0 where the document lacks the member.
  private let places: NumpyContents
  private let path: String

  /// All values, once a filter has asked for them.
  private let values = Monitor<[JSONValue]?>(nil)

  private static func valuesPath(_ path: String) -> String { path + ".values" }
  private static func placesPath(_ path: String) -> String { path + ".npy" }
  private static let placeType = "<u4"

  init(path: String, rows: Int, _ access: FileContents.Access) throws {
    self.path = path
    places = try NumpyContents(
      path: FieldColumn.placesPath(path), type: FieldColumn.placeType, shape: [rows], elementSize: 4, access)
    texts = try TextColumn(path: FieldColumn.valuesPath(path), access)
  }

  /// The place of a row's value in ``allValues()``, counted from 1; 0 if it has none.
  func place(of row: Int) throws(IndexError) -> Int {
    let place = Int(places.number(at: row, as: UInt32.self))
    guard place <= texts.rows else {
      throw IndexError(.damaged("row \(row) has a value that is not there"), path: FieldColumn.placesPath(path))
    }
    return place
  }

  func value(of row: Int) throws -> JSONValue? {
    let place = try place(of: row)
    return place == 0 ? nil : try JSONParser.parse(Array(try texts.text(of: place - 1).utf8))
  }

  /// The distinct values.
  func allValues() throws -> [JSONValue] {
    if let values = values.withLock({ $0 }) { return values }
    let read = try (0..<texts.rows).map { try JSONParser.parse(Array(try texts.text(of: $0).utf8)) }
    values.withLock { $0 = read }
    return read
  }

  /// Collects a column, row after row. Memory grows with the distinct values.
  struct Writer {
    private var placeOfValue: [UTF8Key: UInt32] = [:]
    private var places: [UInt32] = []

    /// Adds the value of a row, after those rows before it that have none.
    mutating func append(_ value: JSONValue, row: Int) {
      places += repeatElement(0, count: row - places.count)
      var line: [UInt8] = []
      JSONWriter.append(value, to: &line)
      let text = UTF8Key(String(decoding: line, as: UTF8.self))
      let place = placeOfValue[text] ?? UInt32(placeOfValue.count + 1)
      placeOfValue[text] = place
      places.append(place)
    }

    func write(path: String, rows: Int) throws {
      var values = try TextColumn.Writer(path: valuesPath(path))
      for (text, _) in placeOfValue.sorted(by: { $0.value < $1.value }) { try values.append(text.string) }
      try values.commit()
      var numbers = try NumpyFile(path: placesPath(path), type: placeType)
      for place in places + repeatElement(0, count: rows - places.count) { try numbers.append(place) }
      try numbers.commit(shape: [rows])
    }
  }
}
