// SPDX-License-Identifier: Apache-2.0

/// The tables and settings that a pass of a Unigram tokenizer over a text reads: made once, shared by all its users.
final class UnigramStages: Sendable {
  let addedTokens: AddedTokenFinders
  let normalization: UnigramNormalization
  let splitting: UnigramSplitting
  let model: UnigramModel
  let kinds: ScalarKinds
  /// nil where plain words need more than a look-up.
  let plainWords: PlainWords?
  /// The replacement of spaces in UTF-8.
  let metaspaceBytes: ContiguousArray<UInt8>
  private let memories = PassMemories()

  convenience init(
    addedTokens: [AddedToken], normalization: UnigramNormalization, splitting: UnigramSplitting, model: UnigramModel
  ) {
    let kinds = ScalarKinds(normalization, splitting)
    let plain = UnigramStages(.none, normalization, splitting, model, kinds)
    let finders = AddedTokenFinders(addedTokens) { (text) throws(TokenizerError) in
      try UnigramPass.normalize(text, plain)
    }
    self.init(finders, normalization, splitting, model, kinds)
  }

  private init(
    _ addedTokens: AddedTokenFinders, _ normalization: UnigramNormalization, _ splitting: UnigramSplitting,
    _ model: UnigramModel, _ kinds: ScalarKinds
  ) {
    self.addedTokens = addedTokens
    self.normalization = normalization
    self.splitting = splitting
    self.model = model
    self.kinds = kinds
    metaspaceBytes = splitting.metaspace.map { ContiguousArray(String($0.replacement).utf8) } ?? []
    plainWords = addedTokens.normalized.isEmpty ? PlainWords(normalization, splitting, kinds) : nil
  }

  /// A box for a pass's memory that nobody else uses until it is given back.
  func takeBox() -> PassMemoryBox { memories.take() ?? PassMemoryBox() }

  func giveBack(_ box: PassMemoryBox) { memories.giveBack(box) }

  func newMemory() -> PassMemory {
    PassMemory(words: WordCaches(), path: BestPath(model), steps: StepStates(normalization.steps))
  }
}

/// What the stages before the model do with each scalar, in one byte each.
struct ScalarKinds: Sendable {
  /// The lowest bits are a `GraphemeClass`.
  static let classMask: UInt8 = 0x1F
  /// White space.
  static let whitespace: UInt8 = 0x20
  /// A space, or what stands for one.
  static let separator: UInt8 = 0x40
  /// The character map replaces the scalar, or something that it starts.
  static let mapped: UInt8 = 0x80

  let table: ContiguousArray<UInt8>
  /// For each grapheme class the classes that join it when it starts a cluster, as bits.
  private let joining = GraphemeCluster.joiningPairs

  init(_ normalization: UnigramNormalization, _ splitting: UnigramSplitting) {
    var table = ContiguousArray<UInt8>(repeating: 0, count: 0x110000)
    if let characters = normalization.characters {
      GraphemeClass.forEachRun { scalars, kind in
        for scalar in scalars { table[Int(scalar)] = kind.rawValue }
      }
      characters.forEachMappedRange { scalars in
        for scalar in scalars where scalar < 0x110000 { table[Int(scalar)] |= Self.mapped }
      }
    }
    // No white space is above.
    for scalar in 0...0x3000 where UnicodeTables.shared.properties(of: UInt32(scalar)).isWhitespace {
      table[scalar] |= Self.whitespace
    }
    if let metaspace = splitting.metaspace {
      table[0x20] |= Self.separator
      table[Int(metaspace.replacement.value)] |= Self.separator
    }
    self.table = table
  }

  @inline(__always)
  subscript(scalar: UInt32) -> UInt8 { table[Int(scalar)] }

  /// Whether a scalar of one kind, at the start of a grapheme cluster, is joined by one of another.
  @inline(__always)
  func joins(_ first: UInt8, _ next: UInt8) -> Bool {
    joining[Int(first & Self.classMask)] &>> UInt32(next & Self.classMask) & 1 != 0
  }
}
