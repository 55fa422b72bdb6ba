// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// Reads and writes checkpoint files of all formats. No code in a file is ever run.
public enum CheckpointFile {
  /// Reads the weights of a checkpoint, whatever its extension.
  ///
  /// Weights that lie inside (`{"state_dict": ...}`) are found; `module.` and `_orig_mod.` are taken off.
  /// - `entry`: the set of weights to take where a file holds several, as `others` names them.
  /// - Throws: `Problem` where the file is missing, damaged, of an unknown format, or holds no weights.
  public static func read(_ path: String, entry: String? = nil) throws -> Checkpoint {
    let file = try InputFile(path)
    let start = try file.read(at: 0, count: 512)
    if isZip(start) {
      return try ZipCheckpoint.read(file, entry: entry)
    }
    // Before the pickle: the length of a header may begin with the bytes of one.
    if start.count > 8, start[8] == UInt8(ascii: "{"), start[5..<8].allSatisfy({ $0 == 0 }) {
      return try SafeTensors.read(file)
    }
    if start.count > 1, start[0] == 0x80, (2...5).contains(start[1]) {
      return try LegacyCheckpoint.read(file, entry: entry)
    }
    throw unknownFormat(path, start)
  }

  /// Whether a file is a TorchScript module, whatever its extension: a program with weights, for `ScriptModule`.
  ///
  /// - Throws: `Problem` where the file is missing or a damaged archive.
  public static func isTorchScript(_ path: String) throws -> Bool {
    let file = try InputFile(path)
    return isZip(try file.read(at: 0, count: 4)) ? try ZipCheckpoint.isProgram(file) : false
  }

  private static func isZip(_ start: [UInt8]) -> Bool {
    start.starts(with: [0x50, 0x4b, 3, 4]) || start.starts(with: [0x50, 0x4b, 5, 6])
  }

  /// Writes `checkpoint` in the format its extension names: `.pth`, `.pt` or `.safetensors`.
  ///
  /// A `.pth` holds the dictionaries that the checkpoint's places tell of, a bare state dict where they tell
  /// of none, as `torch.load(weights_only=True)` reads it, and the metadata in a record that PyTorch passes
  /// over. A `.safetensors`, which has no dictionaries, joins the keys below `around` with points. The file
  /// appears whole or not at all.
  /// - Throws: `Problem` where the extension is another or the file cannot be written.
  public static func write(_ checkpoint: Checkpoint, to path: String) throws {
    guard
      Set(checkpoint.tensors.map { checkpoint.places.path(of: $0.name) }).count == checkpoint.tensors.count
    else { fatalError("a checkpoint needs a place of its own for every tensor") }
    switch URL(fileURLWithPath: path).pathExtension.lowercased() {
    case "pth", "pt": try ZipCheckpoint.write(checkpoint, to: path)
    case "safetensors": try SafeTensors.write(checkpoint, to: path)
    case let other:
      throw Problem(
        "cannot write the checkpoint", at: path, because: "the extension \"\(other)\" names no format",
        remedy: "end the name in .pth, .pt or .safetensors")
    }
  }

  private static func unknownFormat(_ path: String, _ start: [UInt8]) -> Problem {
    let wanted = "a checkpoint is a .pth of torch.save or a .safetensors file"
    if start.count >= 262, start[257..<262].elementsEqual("ustar".utf8) {
      return unreadable(
        path, "it is a tar archive, \(wanted)",
        "unpack it first, or load it in Python and save it again with torch.save")
    }
    if start.starts(with: [0x1f, 0x8b]) {
      return unreadable(path, "it is packed by gzip, \(wanted)", "unpack it first")
    }
    let head = String(decoding: start.prefix(15), as: UTF8.self)
    if head.lowercased().hasPrefix("<!doctype") || head.lowercased().hasPrefix("<html") {
      return unreadable(path, "it is a web page, \(wanted)", "download the file itself, not its page")
    }
    if head.hasPrefix("version https") {
      return unreadable(path, "it is a Git LFS pointer, \(wanted)", "fetch the content with git lfs pull")
    }
    let isText = start.allSatisfy { $0 >= 0x20 && $0 < 0x7f || (9...13).contains($0) }
    let hex = start.prefix(4).map { String($0, radix: 16) }.joined(separator: " ")
    let found = isText ? "it is a text file" : "it begins with the bytes \(hex)"
    return unreadable(path, "\(found), \(wanted)", "name a checkpoint file")
  }
}
