// SPDX-License-Identifier: Apache-2.0

import CImage
import Files

/// Reading of JPEG, PNG, WebP, TIFF and BMP files, by what they hold.
///
/// Every error is a `Problem`: a missing, empty, truncated or damaged file, a directory, something that is no
/// image, an extension that contradicts the content, a picture of too many pixels.
public enum ImageFile {
  /// No picture may have more pixels than this, whatever limit the caller gives.
  public static let mostPixels = 1 << 27

  // Enough for the header of nearly every file; the others are read whole.
  private static let headerBytes = 1 << 16

  /// The colours of a picture: palettes looked up, grey spread to three channels, alpha dropped,
  /// 16-bit samples cut to their high byte.
  public static func readRGB(
    _ path: String, limit: Int = mostPixels, exif: ExifOrientation = .apply
  ) throws -> RGBImage {
    try decode(FileBytes.read(path), name: path, limit: limit, exif: exif)
  }

  /// The samples of a file as they are stored, for label files: of a PNG, TIFF, BMP or lossless WebP.
  public static func readIndices(
    _ path: String, limit: Int = mostPixels, exif: ExifOrientation = .apply
  ) throws -> IndexImage {
    try decodeIndices(FileBytes.read(path), name: path, limit: limit, exif: exif)
  }

  /// The size that the header tells; the picture itself may still be damaged.
  public static func readSize(_ path: String, exif: ExifOrientation = .apply) throws -> PixelSize {
    let header = try readHeader(path)
    return exif == .apply ? header.turn.size(of: header.size) : header.size
  }

  /// Whether the file's EXIF asks viewers to turn the picture.
  public static func isTurned(_ path: String) throws -> Bool { try readHeader(path).turn != .none }

  private static func readHeader(_ path: String) throws -> Header {
    let start = try FileBytes.beginning(of: path, limit: headerBytes)
    // Only a JPEG tells its orientation before the picture for certain.
    let isEnough = start.count < headerBytes || ImageFormat(sniffing: start) == .jpeg
    if isEnough, let header = try? Header(start, name: path, limit: mostPixels) { return header }
    let bytes = start.count < headerBytes ? start : try FileBytes.read(path)
    return try Header(bytes, name: path, limit: mostPixels)
  }

  /// `readRGB` of bytes in memory. The name is used in messages, and its extension is checked.
  public static func decode(
    _ bytes: [UInt8], name: String, limit: Int = mostPixels, exif: ExifOrientation = .apply
  ) throws -> RGBImage {
    let header = try Header(bytes, name: name, limit: limit)
    try header.checkPlausible()
    let count = 3 * header.size.area
    var info = header.info
    let pixels = try [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
      try header.check { ci_decode_rgb(bytes, bytes.count, &info, out.baseAddress, $0) }
      initialized = count
    }
    let turn = exif == .apply ? header.turn : .none
    return RGBImage(
      size: turn.size(of: header.size), pixels: turn.turned(pixels, header.size, channels: 3))
  }

  /// `readIndices` of bytes in memory.
  public static func decodeIndices(
    _ bytes: [UInt8], name: String, limit: Int = mostPixels, exif: ExifOrientation = .apply
  ) throws -> IndexImage {
    // Before the name is looked at: to rename a JPEG would not help.
    if ImageFormat(sniffing: bytes) == .jpeg { throw blurred(name, .jpeg) }
    let header = try Header(bytes, name: name, limit: limit)
    guard header.info.is_lossy == 0 else { throw blurred(name, ImageFormat(sniffing: bytes)) }
    try header.checkPlausible()
    let channels = Int(header.info.channels)
    let count = channels * header.size.area
    var info = header.info
    let values = try [UInt16](unsafeUninitializedCapacity: count) { out, initialized in
      try header.check { ci_decode_samples(bytes, bytes.count, &info, out.baseAddress, $0) }
      initialized = count
    }
    let turn = exif == .apply ? header.turn : .none
    return IndexImage(
      size: turn.size(of: header.size), channels: channels,
      values: turn.turned(values, header.size, channels: channels), isPalette: header.info.is_palette != 0)
  }
}

/// The problem of labels in a format that changes them.
private func blurred(_ name: String, _ format: ImageFormat) -> Problem {
  Problem(
    "cannot read the labels", at: name,
    because: "expected a PNG, found \(format == .jpeg ? "a JPEG" : "a lossy \(format.name.dropFirst(2))"), "
      + "which blurs label values" + (name.lowercased().hasSuffix(".png") ? ", under the name of a PNG" : ""),
    remedy: "write the label map as a PNG from what it was made of: a renamed or converted file stays blurred"
  )
}

/// What the first part of an image file tells, checked.
private struct Header {
  let info: ci_info
  let name: String
  let byteCount: Int

  /// As the pixels are stored.
  var size: PixelSize { PixelSize(width: Int(info.width), height: Int(info.height)) }
  var turn: ExifTurn { ExifTurn(rawValue: Int(info.orientation)) ?? .none }

  init(_ bytes: [UInt8], name: String, limit: Int) throws {
    guard !bytes.isEmpty else {
      throw Problem(
        "cannot read the image", at: name, because: "the file is empty (0 bytes)", remedy: "copy it again")
    }
    let format = ImageFormat(sniffing: bytes)
    if case .other(let found) = format {
      throw Problem(
        "cannot read the image", at: name, because: "expected a JPEG, PNG, WebP, TIFF or BMP, found \(found)",
        remedy: "convert it to PNG or remove it")
    }
    try format.checkExtension(of: name)
    var info = ci_info()
    try Self.check(name, bytes.count) { ci_read_info(bytes, bytes.count, &info, $0) }
    (self.info, self.name, byteCount) = (info, name, bytes.count)
    let allowed = min(limit, ImageFile.mostPixels)
    let (pixels, overflow) = Int(info.width).multipliedReportingOverflow(by: Int(info.height))
    guard !overflow, pixels > 0, pixels <= allowed else {
      throw Problem(
        "cannot read the image", at: name,
        because: "its \(info.width)x\(info.height) pixels are more than the \(allowed) that are allowed",
        remedy: "give a smaller picture")
    }
  }

  /// Refuses a file that is too short for the picture that its header promises, before memory is taken.
  ///
  /// Deflate makes at least one byte of 1032; a JPEG has at least one bit for each block of 8x8 pixels.
  func checkPlausible() throws {
    let needed =
      switch info.format {
      case CI_FORMAT_PNG: size.area / 8 * Int(info.channels) * Int(info.bits) / 1032
      case CI_FORMAT_JPEG: size.area / 512
      // BMP's reader asks for every row; the others can hold a picture of one colour in a few bytes.
      default: 0
      }
    guard byteCount < needed else { return }
    throw Problem(
      "cannot read the image", at: name,
      because: "the file is truncated or damaged: its \(size) pixels take at least \(needed) bytes, it has "
        + "\(byteCount)",
      remedy: "copy it again or remove it")
  }

  func check(_ call: (UnsafeMutablePointer<CChar>) -> ci_status) throws {
    try Self.check(name, byteCount, call)
  }

  private static func check(
    _ name: String, _ byteCount: Int, _ call: (UnsafeMutablePointer<CChar>) -> ci_status
  ) throws {
    var status = CI_OK
    let message = cMessage { status = call($0) }
    guard status != CI_OK else { return }
    let (why, remedy) =
      switch status {
      case CI_TRUNCATED:
        ("the file is truncated: it ends after \(byteCount) bytes, before the picture does", "copy it again")
      case CI_UNSUPPORTED: ("this kind of file is not read: \(message)", "convert it to an 8-bit PNG")
      case CI_OUT_OF_MEMORY: ("not enough memory to decode it", "give a smaller picture")
      default: ("the file is damaged: \(message)", "copy it again or remove it")
      }
    throw Problem("cannot read the image", at: name, because: why, remedy: remedy)
  }
}

/// The text that a C function writes into its message buffer.
func cMessage(_ body: (UnsafeMutablePointer<CChar>) -> Void) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CI_MESSAGE_SIZE)) { buffer in
    buffer.initialize(repeating: 0)
    body(buffer.baseAddress!)
    return String(cString: buffer.baseAddress!)
  }
}
