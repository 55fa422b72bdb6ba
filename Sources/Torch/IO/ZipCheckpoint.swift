// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// PyTorch's format since 1.6: a zip archive of `data.pkl`, `byteorder` and a record `data/KEY` a storage.
enum ZipCheckpoint {
  /// A record of ours beside PyTorch's, which its readers pass over.
  private static let ownMetadata = "iapc.json"

  static func read(_ file: InputFile, entry: String?) throws -> Checkpoint {
    try ZipDirectory.check(file)
    let archive = try ArchiveReader(file.path, fileSize: file.size)
    guard archive.names.contains("data.pkl") else {
      throw unreadable(
        file.path, "it is a zip archive without a data.pkl, so torch.save did not write it",
        "if it is a packed folder, unpack it and name the .pth inside")
    }
    if isProgram(archive) {
      throw unreadable(
        file.path, "it is a TorchScript module, and weights alone are wanted here",
        "load it with torch.jit.load in Python and save only the weights: torch.save(m.state_dict(), path)")
    }
    if archive.names.contains("byteorder"), try archive.read("byteorder") != Array("little".utf8) {
      throw unreadable(
        file.path, "its numbers are not in little-endian order", "save it again on a little-endian machine")
    }
    let source = ByteSource(try archive.read("data.pkl"), place: file.path)
    let found = try WeightsFinder(place: file.path, entry: entry).find(in: Unpickler.read(source))
    let own = try archive.names.contains(ownMetadata) ? metadata(archive.read(ownMetadata), file.path) : [:]
    return Checkpoint(
      tensors: try tensors(found.tensors, archive, file),
      metadata: found.metadata.merging(own) { _, own in own }, format: .zip,
      wrapper: found.wrapper, others: found.others, otherSets: found.otherSets,
      places: found.places)
  }

  /// Whether the file is an archive that `torch.jit.save` wrote: it holds code beside the tensors.
  static func isProgram(_ file: InputFile) throws -> Bool {
    try ZipDirectory.check(file)
    return isProgram(try ArchiveReader(file.path, fileSize: file.size))
  }

  private static func isProgram(_ archive: ArchiveReader) -> Bool {
    archive.names.contains("constants.pkl") || archive.names.contains { $0.hasPrefix("code/") }
  }

  private static func tensors(
    _ records: [(name: String, record: TensorRecord)], _ archive: ArchiveReader, _ file: InputFile
  ) throws -> [(name: String, tensor: StoredTensor)] {
    var storages: [String: [UInt8]] = [:]
    var gatherer = TensorGatherer(place: file.path, fileSize: file.size)
    return try records.map { name, record in
      let key = record.storage.key
      let storage = try storages[key] ?? archive.read("data/\(key)")
      storages[key] = storage
      return (name, try gatherer.gather(record, name: name, from: storage))
    }
  }

  private static func metadata(_ bytes: [UInt8], _ path: String) throws -> [String: String] {
    do { return try JSONDecoder().decode([String: String].self, from: Data(bytes)) } catch {
      throw unreadable(path, "its record \(ownMetadata) is damaged", "take another copy of the file")
    }
  }

  static func write(_ checkpoint: Checkpoint, to path: String) throws {
    let size = checkpoint.tensors.reduce(0) { $0 + $1.tensor.bytes.count }
    try AtomicFile.write(to: path, expecting: size) { file in
      try withUnsafeMutablePointer(to: &file) { file in
        // The archive writer and its sink do not outlive this closure.
        let archive = try ArchiveWriter { try file.pointee.append($0) }
        try archive.add("data.pkl", PickleWriter.stateDict(checkpoint.tensors, checkpoint.places))
        try archive.add("byteorder", Array("little".utf8))
        for (index, entry) in checkpoint.tensors.enumerated() {
          try archive.add("data/\(index)", entry.tensor.bytes)
        }
        if !checkpoint.metadata.isEmpty {
          let encoder = JSONEncoder()
          encoder.outputFormatting = .sortedKeys
          try archive.add(ownMetadata, Array(encoder.encode(checkpoint.metadata)))
        }
        try archive.finish()
      }
    }
  }
}
