// SPDX-License-Identifier: Apache-2.0

// `import Swiftlet` gives the types listed here, with their members and extensions, and nothing else of their modules.
// Files, tables, JSON and safetensors are in the product SwiftletFiles, whose modules programs import by name.

// The list is sorted by topic:
// swift-format-ignore-file: OrderedImports

// Encoders
@_exported public import struct SwiftletEncoders.CrossEncoder
@_exported public import struct SwiftletEncoders.CrossEncoderSettings
@_exported public import struct SwiftletEncoders.EmbeddedText
@_exported public import class SwiftletEncoders.EmbeddingCache
@_exported public import struct SwiftletEncoders.EmbeddingSequence
@_exported public import struct SwiftletEncoders.Embeddings
@_exported public import struct SwiftletEncoders.EncoderSettings
@_exported public import struct SwiftletEncoders.ModelRequest
@_exported public import struct SwiftletEncoders.PairScores
@_exported public import enum SwiftletEncoders.PoolingMode
@_exported public import struct SwiftletEncoders.QuantizedEmbeddings
@_exported public import struct SwiftletEncoders.RankedDocument
@_exported public import class SwiftletEncoders.RequestQueue
@_exported public import enum SwiftletEncoders.RequestQueueError
@_exported public import struct SwiftletEncoders.SentenceEncoder
@_exported public import struct SwiftletEncoders.TransformerConfiguration

// Search
@_exported public import struct SwiftletSearch.FilterError
@_exported public import struct SwiftletSearch.IndexDescription
@_exported public import struct SwiftletSearch.IndexError
@_exported public import struct SwiftletSearch.IndexUpdate
@_exported public import struct SwiftletSearch.IndexedDocument
@_exported public import struct SwiftletSearch.IndexedModel
@_exported public import struct SwiftletSearch.SearchFilter
@_exported public import struct SwiftletSearch.SearchHit
@_exported public import struct SwiftletSearch.SearchResults
@_exported public import struct SwiftletSearch.TextWindows
@_exported public import struct SwiftletSearch.VectorIndex
@_exported public import class SwiftletSearch.VectorIndexWriter

// Errors
@_exported public import protocol SwiftletFiles.SwiftletError

// Tokenizers
@_exported public import struct SwiftletTokenizers.AddedToken
@_exported public import struct SwiftletTokenizers.Encoding
@_exported public import struct SwiftletTokenizers.EncodingOptions
@_exported public import struct SwiftletTokenizers.Normalization
@_exported public import enum SwiftletTokenizers.TextTruncation
@_exported public import struct SwiftletTokenizers.TokenBatch
@_exported public import struct SwiftletTokenizers.Tokenizer

// Numbers: whole modules, as a scoped import of Variable would hide its operators. All their public types are meant.
@_exported public import SwiftletAutodiff
@_exported public import SwiftletTensors

// Training
@_exported public import struct SwiftletTraining.AdamWSettings
@_exported public import struct SwiftletTraining.BatchSettings
@_exported public import struct SwiftletTraining.FineTuningResult
@_exported public import struct SwiftletTraining.FineTuningSettings
@_exported public import enum SwiftletTraining.Mining
@_exported public import class SwiftletTraining.Trainer
@_exported public import struct SwiftletTraining.TrainingData
@_exported public import enum SwiftletTraining.TrainingEvent
@_exported public import protocol SwiftletTraining.TrainingGroup

// Data sets
@_exported public import enum SwiftletTraining.Dataset
@_exported public import struct SwiftletTraining.DatasetReader
@_exported public import struct SwiftletTraining.LabeledPairs
@_exported public import struct SwiftletTraining.LabeledTexts
@_exported public import struct SwiftletTraining.PositivePairs
@_exported public import struct SwiftletTraining.ScoredPairs
@_exported public import struct SwiftletTraining.TextTriplets

// Evaluators
@_exported public import struct SwiftletTraining.Evaluation
@_exported public import struct SwiftletTraining.Evaluator
@_exported public import struct SwiftletTraining.NearestNeighbor

// Losses
@_exported public import struct SwiftletTraining.AnglELoss
@_exported public import struct SwiftletTraining.BatchAllTripletLoss
@_exported public import struct SwiftletTraining.BatchHardSoftMarginTripletLoss
@_exported public import struct SwiftletTraining.BatchHardTripletLoss
@_exported public import struct SwiftletTraining.BatchSemiHardTripletLoss
@_exported public import struct SwiftletTraining.BinaryCrossEntropyLoss
@_exported public import struct SwiftletTraining.CandidateRankingLoss
@_exported public import struct SwiftletTraining.CoSENTLoss
@_exported public import struct SwiftletTraining.ContrastiveLoss
@_exported public import struct SwiftletTraining.CosineHingeLoss
@_exported public import struct SwiftletTraining.CosineSimilarityLoss
@_exported public import struct SwiftletTraining.FaceNetSemiHardTripletLoss
@_exported public import struct SwiftletTraining.HardestOfKTripletLoss
@_exported public import struct SwiftletTraining.MatryoshkaLoss
@_exported public import struct SwiftletTraining.MeanSquaredErrorLoss
@_exported public import struct SwiftletTraining.MultipleNegativesRankingLoss
@_exported public import struct SwiftletTraining.MultipleNegativesSymmetricRankingLoss
@_exported public import struct SwiftletTraining.OnlineContrastiveLoss
@_exported public import struct SwiftletTraining.SoftmaxCrossEntropyLoss
@_exported public import struct SwiftletTraining.TripletLoss

// Writing a loss
@_exported public import protocol SwiftletTraining.AnchoredBatch
@_exported public import protocol SwiftletTraining.AnchorwiseLoss
@_exported public import struct SwiftletTraining.BatchStatistics
@_exported public import struct SwiftletTraining.CandidateBatch
@_exported public import struct SwiftletTraining.ClassBatch
@_exported public import struct SwiftletTraining.LabeledBatch
@_exported public import protocol SwiftletTraining.Loss
@_exported public import struct SwiftletTraining.LossChoice
@_exported public import struct SwiftletTraining.LossEvaluation
@_exported public import struct SwiftletTraining.LossTerms
@_exported public import struct SwiftletTraining.LossValue
@_exported public import protocol SwiftletTraining.MinableBatch
@_exported public import protocol SwiftletTraining.NamedLoss
@_exported public import struct SwiftletTraining.PairBatch
@_exported public import struct SwiftletTraining.RankingBatch
@_exported public import struct SwiftletTraining.ScoredBatch
@_exported public import struct SwiftletTraining.TripletBatch
@_exported public import protocol SwiftletTraining.VectorBatch

/// The version of this package, a semantic version (semver.org). The repository's tag of a release is the same.
public let swiftletVersion = "0.1.0"
