// SPDX-License-Identifier: Apache-2.0

import Files

/// PyTorch's format before 1.6: four pickles (magic number, version, system, object), a pickled list of
/// storage keys, then each storage as its element count and its raw elements.
enum LegacyCheckpoint {
  private static let magic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
  private static let version = 1001

  static func read(_ file: InputFile, entry: String?) throws -> Checkpoint {
    let source = ByteSource(file)
    guard try Unpickler.read(source) == .bigInteger(magic) else {
      throw unreadable(
        file.path, "it is a pickle that torch.save did not write",
        "open it in Python and save the weights with torch.save or safetensors")
    }
    guard case .int(let found) = try Unpickler.read(source) else {
      throw damaged(file.path, "its format version is no number")
    }
    guard found == version else {
      throw unreadable(
        file.path, "its format version is \(found), expected \(version)", "save it again with a newer PyTorch"
      )
    }
    guard try isLittleEndian(Unpickler.read(source)) else {
      throw unreadable(
        file.path, "its numbers are not in little-endian order", "save it again on a little-endian machine")
    }
    let (object, storages) = try Unpickler.readWithStorages(source)
    let weights = try WeightsFinder(place: file.path, entry: entry).find(in: object)
    return Checkpoint(
      tensors: try tensors(weights.tensors, storages, source, file), metadata: weights.metadata,
      format: .legacyPickle, wrapper: weights.wrapper, others: weights.others,
      otherSets: weights.otherSets,
      places: weights.places)
  }

  private static func isLittleEndian(_ system: PickleValue) -> Bool {
    guard case .dict(let entries) = system else { return false }
    return entries.last { $0.key == .string("little_endian") }?.value == .bool(true)
  }

  private static func tensors(
    _ records: [(name: String, record: TensorRecord)], _ storages: [String: StorageRecord],
    _ source: ByteSource, _ file: InputFile
  ) throws -> [(name: String, tensor: StoredTensor)] {
    let wanted = Set(records.map(\.record.storage.key))
    let data = try read(wanted, of: storages, source)
    var gatherer = TensorGatherer(place: file.path, fileSize: file.size)
    return try records.map { name, record in
      guard let storage = data[record.storage.key] else {
        throw damaged(file.path, "the storage \(record.storage.key) of \(name) is missing")
      }
      return (name, try gatherer.gather(record, name: name, from: storage))
    }
  }

  /// The bytes of the wanted storages; the others are skipped.
  private static func read(
    _ wanted: Set<String>, of storages: [String: StorageRecord], _ source: ByteSource
  ) throws -> [String: [UInt8]] {
    guard case .list(let keys) = try Unpickler.read(source) else {
      throw damaged(source.place, "the list of storages is missing")
    }
    var data: [String: [UInt8]] = [:]
    for key in keys where data.count < wanted.count {
      guard case .string(let key) = key, let storage = storages[key] else {
        throw damaged(source.place, "the list of storages names one that no tensor uses")
      }
      let (count, width) = (try source.unsigned(8), storage.dtype.byteWidth)
      guard count == storage.count, count <= source.remaining / width else {
        throw damaged(
          source.place,
          "storage \(key) has \(count) elements, expected \(storage.count); \(source.remaining) bytes left"
        )
      }
      if wanted.contains(key) {
        data[key] = try source.bytes(count * width)
      } else {
        try source.skip(count * width)
      }
    }
    return data
  }
}
