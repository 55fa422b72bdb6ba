// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// Finds out that a checkpoint holds a SegFormer, and which, and brings its entries to the network's names and back.
enum SegFormerReading {
  /// The weights of a file under the network's names; nil where they are not those of a SegFormer of this size.
  ///
  /// - `bodies`: whether weights of an encoder without a head will do.
  static func recognise(
    _ checkpoint: Checkpoint, as size: SegFormer.Description.Size, bodies: Bool = false
  ) -> RecognisedWeights? {
    let shapes = checkpoint.shapes
    for dialect in SegFormerDialect.allCases {
      for prefix in bodies ? ["", dialect.encoderPrefix] : [""] {
        guard let found = SegFormer.Description(shapes, dialect, prefix: prefix, bodies: bodies) else {
          continue
        }
        // Its entries are taken apart for the one family that they are of.
        return found.size == size ? unpacked(checkpoint, prefix, dialect, found) : nil
      }
    }
    return nil
  }

  private static func unpacked(
    _ checkpoint: Checkpoint, _ prefix: String, _ dialect: SegFormerDialect,
    _ description: SegFormer.Description
  ) -> RecognisedWeights {
    var result = RecognisedWeights(checkpoint: checkpoint)
    result.packing = dialect
    result.checkpoint.tensors = []
    result.checkpoint.places.keys = [:]
    let given = Dictionary(
      checkpoint.tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    var taken: Set<String> = []
    for name in description.entryNames {
      let place = dialect.place(of: name)
      let file = prefix.isEmpty ? place.name : String(place.name.dropFirst(prefix.count))
      guard let packed = given[file], let tensor = packed.part(place) else { continue }
      taken.insert(file)
      result.checkpoint.tensors.append((name, tensor))
    }
    for entry in checkpoint.tensors where !taken.contains(entry.name) {
      if unused.contains(where: entry.name.hasPrefix) {
        result.ignored.append(entry.name)
      } else {
        result.checkpoint.tensors.append(entry)
      }
    }
    return result
  }

  /// What files have and no network needs: mmseg's head, which the authors' inherits, and classifiers of images.
  private static let unused = ["decode_head.conv_seg.", "head.", "classifier."]

  /// The entries as a file of a dialect has them.
  static func packed(
    _ tensors: [(name: String, tensor: StoredTensor)], _ dialect: SegFormerDialect
  ) -> [(name: String, tensor: StoredTensor)] {
    var order: [String] = []
    var parts: [String: [(place: SegFormerPlace, tensor: StoredTensor)]] = [:]
    for entry in tensors {
      let place = dialect.place(of: entry.name)
      if parts[place.name] == nil { order.append(place.name) }
      parts[place.name, default: []].append((place, entry.tensor))
    }
    return order.map { name in
      let sorted = (parts[name] ?? []).sorted { $0.place.part < $1.place.part }
      return (name, StoredTensor(joining: sorted.map(\.tensor), asConvolution: sorted[0].place.isConvolution))
    }
  }
}

extension StoredTensor {
  /// An entry out of a file's one; nil where it does not divide so.
  fileprivate func part(_ place: SegFormerPlace) -> StoredTensor? {
    var shape = shape
    if place.isConvolution {
      guard shape.count == 4, shape[2...] == [1, 1] else { return nil }
      shape.removeLast(2)
    }
    guard place.parts > 1 else { return StoredTensor(dtype: dtype, shape: shape, bytes: bytes) }
    guard let rows = shape.first, rows % place.parts == 0 else { return nil }
    shape[0] = rows / place.parts
    let length = bytes.count / place.parts
    return StoredTensor(
      dtype: dtype, shape: shape, bytes: Array(bytes[place.part * length..<(place.part + 1) * length]))
  }

  /// Parts of equal shape one after another along the first axis.
  fileprivate init(joining parts: [StoredTensor], asConvolution: Bool) {
    var shape = parts[0].shape
    if parts.count > 1 { shape[0] = parts.reduce(0) { $0 + ($1.shape.first ?? 0) } }
    if asConvolution { shape += [1, 1] }
    self.init(dtype: parts[0].dtype, shape: shape, bytes: parts.flatMap(\.bytes))
  }
}

extension SegFormer.Description {
  /// What names and shapes of a file show; nil where they are not a SegFormer's in this dialect.
  ///
  /// - `prefix`: what the dialect has before all names of the encoder, and a file of a body lacks.
  init?(_ shapes: [String: [Int]], _ dialect: SegFormerDialect, prefix: String = "", bodies: Bool = false) {
    func shape(_ name: String) -> [Int]? {
      shapes[String(dialect.place(of: name).name.dropFirst(prefix.count))]
    }
    let encoder = "segformer.encoder"
    let widths = (0..<4).map { shape("\(encoder).patch_embeddings.\($0).proj.weight")?.first ?? 0 }
    let depths = (0..<4).map { i in
      (0..<Self.mostBlocks).first { shape("\(encoder).block.\(i).\($0).layer_norm_1.weight") == nil }
        ?? Self.mostBlocks
    }
    let fitting = Size.allCases.filter { $0.widths == widths && $0.depths == depths }
    let classifier = shape("decode_head.classifier.weight")
    let width = classifier.flatMap { $0.count == 4 ? $0[1] : nil }
    guard let size = fitting.first(where: { width == nil || $0.decoder == width }) else { return nil }
    guard width != nil || bodies else { return nil }
    self.init(size, outputs: max(1, classifier?.first ?? 1))
    norms = dialect.norms
    if shape("decode_head.linear_c.0.batch_norm.weight") != nil { branch = .normalised }
    counters = width == nil || shape("decode_head.batch_norm.num_batches_tracked") != nil
  }

  /// More than any stage has: a file may name any number without holding their weights.
  private static let mostBlocks = 64
}
