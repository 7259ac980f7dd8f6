// SPDX-License-Identifier: Apache-2.0

/// A deck of cards that are dealt in random order and shuffled again when none are left.
struct Deck {
  private var cards: [Int]
  private var dealt: Int

  init(_ cards: [Int]) {
    self.cards = cards
    dealt = cards.count
  }

  /// Deals `count` different cards, or all cards if there are fewer.
  ///
  /// If the deck runs out while dealing, the cards already in the hand go to the end of the shuffled deck.
  mutating func deal(_ count: Int, _ random: inout RandomStream) -> ArraySlice<Int> {
    let count = min(count, cards.count)
    var hand = cards[dealt..<min(dealt + count, cards.count)]
    dealt += hand.count
    if hand.count < count {
      random.shuffle(&cards)
      let held = Set(hand)
      cards = cards.filter { !held.contains($0) } + cards.filter(held.contains)
      dealt = count - hand.count
      hand += cards[..<dealt]
    }
    return hand
  }
}
