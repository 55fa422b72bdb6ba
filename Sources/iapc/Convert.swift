// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Segmentation
import Torch

struct Convert: EventCommand {
  static let configuration = CommandConfiguration(
    abstract: "Convert weights between .pth and .safetensors, and between code bases' names.",
    discussion: """
      Example:
        iapc convert old.pth new.safetensors
        iapc convert --dialect advent fada.pth advent.pth
        iapc convert --entry teacher run.pth teacher.pth
        iapc convert runs/a/adapted.pth segformer-folder

      Reads .pth of any PyTorch and runs none of the code in it. Weights keep their
      names and the dictionaries around them; --dialect gives them those of another
      code base, and the file then also says what its new names would hide. What it
      writes opens with torch.load(..., weights_only=True).

      A SegFormer is read from a folder that save_pretrained of transformers wrote, too,
      and an output without an ending is written as one, for from_pretrained.
      """)

  @Argument(help: "The weights to read: a file, or a folder of save_pretrained.", completion: .weights)
  var input: String
  @Argument(
    help: "The file to write, whose ending names the format; without one, a folder for from_pretrained.",
    completion: .weights)
  var output: String
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
  @OptionGroup var events: EventOptions

  func run() throws {
    if URL(fileURLWithPath: output).pathExtension.isEmpty { return try writeFolder() }
    // What is only rewritten keeps its names.
    var checkpoint =
      dialect == nil && entry == nil
      ? try NetworkFile.stored(input) : try NetworkFile.read(input, entry: entry)
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
    EventLog.leave(["output": output])
    print("wrote \(checkpoint.tensors.count) entries: \(output)")
  }

  /// Writes a SegFormer as save_pretrained does.
  private func writeFolder() throws {
    guard dialect == nil else {
      throw ValidationError(
        "--dialect names the entries of a file; a folder for from_pretrained has its own.")
    }
    let loaded = try NetworkFile.load(input, variant: origin.variant, normalisation: origin.normalisation)
    if !overwrite, FileManager.default.fileExists(atPath: output) {
      throw Problem(
        "cannot write the folder", at: output, because: "it is there already",
        remedy: "name another place, or replace its files with --overwrite")
    }
    try makeFolder(output)
    try PretrainedFolder.write(loaded, to: output)
    EventLog.leave(["output": output])
    print("wrote \(loaded.network.name) for from_pretrained: \(output)")
  }
}
