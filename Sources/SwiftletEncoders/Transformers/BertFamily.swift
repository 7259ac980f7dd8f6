// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletTokenizers

/// An architecture made of BERT's parts. Its file has the names, sizes and options; the computation is
/// ``BertEncoder``'s.
package protocol BertFamily: ConfiguredTransformer {
  var encoder: BertEncoder { get }
  init(_ encoder: BertEncoder)
}

extension BertFamily {
  package var parameters: ParameterList { encoder.parameters }

  package var configuration: TransformerConfiguration {
    let sizes = encoder.configuration
    return TransformerConfiguration(
      architecture: sizes.architecture, vocabularySize: sizes.vocabularySize, hiddenSize: sizes.hiddenSize,
      layerCount: sizes.layerCount, maxPositions: sizes.maxPositions, typeVocabularySize: sizes.typeVocabularySize,
      padTokenID: sizes.padTokenID)
  }

  package func settingDropout(_ probability: Float) -> Self { Self(encoder.settingDropout(probability)) }

  package func callAsFunction(
    _ batch: TokenBatch, reading rows: TokenRows, in context: Context, visit: (Variable) -> Void
  ) -> Features {
    encoder(batch, reading: rows, in: context, visit: visit)
  }
}
