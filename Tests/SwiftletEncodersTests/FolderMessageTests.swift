// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletEncoders
import SwiftletFiles
import TestSupport
import Testing

/// What a user is told about a folder that is not a model, or not one that can be read: what it is, and what to do.
struct FolderMessageTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(Self.config(), to: "config.json")
  }

  private static func config(_ more: String = "") -> String {
    #"{"vocab_size":9,"hidden_size":8,"num_attention_heads":2,"intermediate_size":8\#(more)}"#
  }

  private func message(_ path: String? = nil) throws -> String {
    do {
      _ = try ModelFolder(path: path ?? folder.path)
    } catch let error as any SwiftletError {
      #expect(!error.description.contains("\n"))
      return error.description
    }
    Issue.record("the folder was read")
    return ""
  }

  @Test(arguments: [
    (#""model_type":"distilbert2""#, "model_type \"distilbert2\" is not supported, only bert"),
    (#""model_type":"new""#, "model_type \"new\" is not supported, only bert"),
    (#""architectures":["T5EncoderModel"]"#, "the architecture \"T5EncoderModel\" is not supported, only bert"),
  ])
  func otherArchitectures(_ key: String, text: String) throws {
    try folder.write(Self.config("," + key), to: "config.json")
    #expect(try message().contains(text))
    #expect(try message().hasSuffix("give a model of one of these architectures"))
  }

  @Test func bertsByArchitectureAlone() throws {
    try folder.write(Self.config(#","architectures":["BertForMaskedLM"]"#), to: "config.json")
    #expect(throws: Never.self) { try ModelFolder(path: folder.path) }
  }

  @Test(arguments: [
    ("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n", "is a Git LFS pointer", "git lfs pull"),
    ("\n<!DOCTYPE html>\n<html></html>", "is a web page", "download the raw file"),
    ("<HTML><body>", "is a web page", "download the raw file"),
    ("\u{FEFF}{}", "byte order mark", "without the mark"),
  ])
  func filesOfAnotherKind(_ text: String, what: String, remedy: String) throws {
    for file in ["config.json", "modules.json"] {
      try folder.write(text, to: file)
      let message = try message()
      #expect(message.hasPrefix(folder.path(file)) && message.contains(what) && message.hasSuffix(remedy))
      try folder.write(file == "config.json" ? Self.config() : "[]", to: file)
    }
    try folder.write([0xFF, 0xFE, 0x7B, 0x00], to: "config.json")
    try folder.write("[]", to: "modules.json")
    #expect(throws: ConfigurationError.self) { try ModelFolder(path: folder.path) }
  }

  @Test func textsInUTF16AndArchives() throws {
    let files: [([UInt8], String)] = [
      ([0xFF, 0xFE, 0x7B, 0x00], "UTF-16"), ([0x1F, 0x8B, 0x08], "archive"), ([0x50, 0x4B, 3, 4], "archive"),
    ]
    for (bytes, what) in files {
      try folder.write(bytes, to: "config.json")
      #expect(try message().contains(what))
    }
  }

  @Test func namesOnTheHub() throws {
    let message = try message("sentence-transformers/all-MiniLM-L12-v2")
    #expect(message.contains("a model's name on the hub"))
    #expect(message.contains("hf download sentence-transformers/all-MiniLM-L12-v2 --local-dir all-MiniLM-L12-v2"))
    for path in ["./a/b", "/a/b", "a/b/c", folder.path("absent")] {
      #expect(throws: FileError.self) { try ModelFolder(path: path) }
    }
  }

  @Test("a run that was stopped is no model yet")
  func unfinishedRuns() throws {
    try folder.write("{}", to: "run/checkpoints/step-000500/state.json")
    #expect(try message(folder.path("run")).contains("not complete; finish the run"))
  }

  @Test("the root of a hub cache means its snapshot")
  func hubCaches() throws {
    let root = folder.path("models--org--name")
    try folder.write("", to: "models--org--name/snapshots/.keep")
    let names = ["0123", "4567"]
    try folder.write(Self.config(), to: "models--org--name/snapshots/0123/config.json")
    #expect(try ModelFolder(path: root).path == root + "/snapshots/0123")
    try folder.write("another", to: "models--org--name/refs/main")
    #expect(try ModelFolder(path: root).path == root + "/snapshots/0123")
    for name in names { try folder.write(Self.config(), to: "models--org--other/snapshots/\(name)/config.json") }
    let other = folder.path("models--org--other")
    #expect(try message(other).contains("hub cache with 2 snapshots") && message(other).contains("below snapshots/"))
    try folder.write("4567\n", to: "models--org--other/refs/main")
    #expect(try ModelFolder(path: other).path == other + "/snapshots/4567")
  }

  @Test("the digest of a hub cache is that of its snapshot")
  func digestsOfHubCaches() throws {
    let digests = try ["gelu-mean-normalized", "cased-gelu-new-task-heads"].map { name in
      let root = folder.path("models--org--\(name)"), model = fixture("\(name)/model")
      try folder.write("0123", to: "models--org--\(name)/refs/main")
      try folder.write("", to: "models--org--\(name)/snapshots/.keep")
      try FileManager.default.copyItem(atPath: model, toPath: root + "/snapshots/0123")
      let digest = try SentenceEncoder(folder: root).modelDigest()
      #expect(try digest == SentenceEncoder(folder: model).modelDigest())
      return digest
    }
    #expect(digests[0] != digests[1])
  }

  @Test func quantizedWeights() throws {
    try folder.write(Self.config(#","quantization_config":{"quant_method":"bitsandbytes"}"#), to: "config.json")
    #expect(try message().contains("quantization_config \"bitsandbytes\" is not supported"))
    #expect(try message().contains("original weights"))
  }

  @Test func crossEncodersAreNamed() throws {
    try folder.write(Self.config(#","architectures":["BertForSequenceClassification"]"#), to: "config.json")
    let warnings = try ModelFolder(path: folder.path).warnings
    #expect(warnings.count == 2 && warnings[1].contains("cross-encoder") && warnings[1].contains("rerank"))
  }
}
