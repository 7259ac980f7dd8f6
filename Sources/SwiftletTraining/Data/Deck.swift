// SPDX-License-Identifier: Apache-2.0

/// Cards that are dealt in a random order, and shuffled anew when none is left.
struct Deck {
  private var cards: [Int]
  private var dealt: Int

  init(_ cards: [Int]) {
    self.cards = cards
    dealt = cards.count
  }

  /// Deals different cards, as many as `count` or as there are at all.
  ///
  /// Where the deck runs out in the middle, the cards already in the hand go to the end of the shuffled deck.
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
