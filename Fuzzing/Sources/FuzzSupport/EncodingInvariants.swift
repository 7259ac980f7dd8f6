// SPDX-License-Identifier: Apache-2.0

package import Swiftlet

/// Checks what must hold for the encoding of any text by any tokenizer. Where RoBERTa's post-processor trims white space
/// off ranges, what is left may be empty, and lie before the token before it.
package func checkInvariants(
  of encoding: Encoding, text: String, pair: String? = nil, trimsRanges: Bool, _ tokenizer: Tokenizer
) {
  let count = encoding.count
  let counts = [
    encoding.typeIDs.count, encoding.textIndices.count, encoding.tokens.count, encoding.offsets.count,
    encoding.utf8Ranges.count,
  ]
  expect(counts.allSatisfy { $0 == count }, "as many \(counts) as ids, \(count)")
  expect(encoding.ids.allSatisfy { 0..<Int32(tokenizer.vocabularySize) ~= $0 }, "ids in range")
  checkPlaces(encoding, textIndex: 0, text, inOrder: !trimsRanges)
  checkPlaces(encoding, textIndex: 1, pair ?? "", inOrder: !trimsRanges)
}

/// Checks that starts and ends lie at scalars, name one place in scalars and in bytes, and never go back.
private func checkPlaces(_ encoding: Encoding, textIndex: Int, _ text: String, inOrder: Bool) {
  let utf8 = Array(text.utf8)
  // scalarsBefore[i]: how many scalars start before byte i; nil inside a scalar.
  var scalarsBefore: [Int?] = []
  var scalars = 0
  for byte in utf8 {
    let starts = byte & 0xC0 != 0x80
    scalarsBefore.append(starts ? scalars : nil)
    if starts { scalars += 1 }
  }
  scalarsBefore.append(scalars)

  var last = 0..<0
  for index in encoding.ids.indices where encoding.textIndices[index] == textIndex {
    let range = encoding.utf8Ranges[index]
    if inOrder {
      expect(
        range.lowerBound >= last.lowerBound && range.upperBound >= last.upperBound, "ordered, not \(last), \(range)")
    }
    expect(range.upperBound <= utf8.count, "\(range) in a text of \(utf8.count) bytes")
    expect(scalarsBefore[range.lowerBound] == encoding.offsets[index].lowerBound, "start of \(range) in scalars")
    expect(scalarsBefore[range.upperBound] == encoding.offsets[index].upperBound, "end of \(range) in scalars")
    last = range
  }
}
