// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Files
import Foundation
import Segmentation
import Torch

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Convert weights between .pth and .safetensors, and between code bases' names.",
    discussion: """
      Example:
        iapc convert old.pth new.safetensors
        iapc convert --dialect advent fada.pth advent.pth
        iapc convert --entry teacher run.pth teacher.pth

      Reads .pth of any PyTorch and runs none of the code in it. Weights keep their
      names and the dictionaries around them; --dialect gives them those of another
      code base, and the file then also says what its new names would hide. What it
      writes opens with torch.load(..., weights_only=True).
      """)

  @Argument(help: "The weights to read.", completion: .weights) var input: String
  @Argument(help: "The file to write; its ending names the format.", completion: .weights) var output: String
  @Option(
    help: ArgumentHelp(
      "Whose names to give the entries: \(NetworkFile.dialects.joined(separator: ", ")).",
      valueName: "name"), completion: .dialects)
  var dialect: String?
  @Option(
    help: ArgumentHelp(
      "The set of weights to take where the file holds several: a dictionary's name, or what the entries' names "
        + "begin with. (default: the one that every command takes)", valueName: "name"))
  var entry: String?
  @OptionGroup var origin: OriginOptions
  @Flag(help: "Replace the output where it is there already.") var overwrite = false

  func run() throws {
    // What is only rewritten keeps its names.
    var checkpoint =
      dialect == nil && entry == nil
      ? try CheckpointFile.read(input) : try NetworkFile.read(input, entry: entry)
    if entry != nil { checkpoint.places = CheckpointPlaces() }
    try checkNewFile(output, overwrite: overwrite)
    if let dialect {
      let translated = try NetworkFile.translate(
        checkpoint, to: dialect, variant: origin.variant, normalisation: origin.normalisation)
      checkpoint = translated.checkpoint
      for note in translated.notes { print(note) }
    }
    let spoiled = NetworkFile.notFinite(checkpoint)
    if let first = spoiled.first {
      print("warning: in \(first.name) \(first.words), \(spoiled.count) such entries: no command takes them")
    }
    try CheckpointFile.write(checkpoint, to: output)
    if !checkpoint.others.isEmpty { print("left out \(checkpoint.others.joined(separator: ", "))") }
    print("wrote \(checkpoint.tensors.count) entries: \(output)")
  }
}
