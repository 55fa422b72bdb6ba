// SPDX-License-Identifier: Apache-2.0

/// A number that JSON tells as null where nothing could be measured; the key is always there.
@propertyWrapper
public struct Measured: Codable, Equatable, Sendable {
  /// The number; nil where there is none.
  public var wrappedValue: Double?

  /// A number, or none.
  public init(wrappedValue: Double?) { self.wrappedValue = wrappedValue }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? nil : try container.decode(Double.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}

/// The line that tells why labelled images have no mean IoU.
///
/// - `space`: the name of the label space that the files were read in.
public func whyNoScore(images: Int, space: String) -> String {
  let files = images == 1 ? "the one label file" : "the \(images) label files"
  return "no score: no pixel of \(files) has a class, all are ignored in \(space); "
    + "if the files hold other ids, name their space with --label-space"
}
