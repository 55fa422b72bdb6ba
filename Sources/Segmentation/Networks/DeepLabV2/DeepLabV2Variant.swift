// SPDX-License-Identifier: Apache-2.0

import Files

extension DeepLabV2.Description {
  /// A property of a variant text: how it is written and set.
  struct Property: Sendable {
    let name: String
    /// What may be written, for messages.
    let values: String
    /// Whether a VGG has it.
    var isOfVGG = false
    /// Whether names and shapes of weights tell it, so that it is chosen only for a fresh network.
    var isShown = false
    let text: @Sendable (DeepLabV2.Description) -> String
    /// False where the text is no value of this property.
    let set: @Sendable (inout DeepLabV2.Description, String) -> Bool
  }

  static let properties: [Property] = [
    Property(name: "branches", values: "2 or 4", isOfVGG: true, text: { "\($0.branches)" }) { d, text in
      guard let value = Int(text), [2, 4].contains(value) else { return false }
      d.branches = value
      return true
    },
    Property(name: "stride", values: "1x1 or 3x3", text: { $0.stride.rawValue }) { d, text in
      guard let value = StrideSite(rawValue: text) else { return false }
      d.stride = value
      return true
    },
    Property(name: "ceil", values: "true or false", text: { "\($0.ceil)" }) { d, text in
      guard let value = Bool(text) else { return false }
      d.ceil = value
      return true
    },
    Property(
      name: "dilation", values: "full or contracted",
      text: { $0.contracted ? "contracted" : "full" }
    ) { d, text in
      guard ["full", "contracted"].contains(text) else { return false }
      d.contracted = text == "contracted"
      return true
    },
    Property(name: "norm", values: "batch or frozen", text: { $0.norm.rawValue }) { d, text in
      guard let value = Norm(rawValue: text) else { return false }
      d.norm = value
      d.epsilon = value == .frozen ? 0 : 1e-5
      return true
    },
    Property(name: "eps", values: "0 or a small number", text: { "\($0.epsilon)" }) {
      d, text in
      guard let value = Double(text), value.isFinite, (0..<1).contains(value) else { return false }
      d.epsilon = value
      return true
    },
    Property(name: "width", values: "a multiple of 2", isOfVGG: true, isShown: true, text: { "\($0.width)" })
    {
      d, text in
      guard let value = Int(text), value > 0, value <= 1024, value % 2 == 0 else { return false }
      d.width = value
      return true
    },
    Property(name: "stem", values: "7x7 or 3x3", isShown: true, text: { $0.stem.rawValue }) { d, text in
      guard let value = Stem(rawValue: text) else { return false }
      d.stem = value
      return true
    },
    Property(name: "auxiliary", values: "true or false", isShown: true, text: { "\($0.auxiliary)" }) {
      d, text in
      guard let value = Bool(text) else { return false }
      d.auxiliary = value
      return true
    },
  ]

  /// What weights do not show, as a variant text: "branches=4,stride=1x1,...".
  public var variantText: String {
    Self.properties.filter { !$0.isShown && (backbone != .vgg16 || $0.isOfVGG) }.map {
      "\($0.name)=\($0.text(self))"
    }
    .joined(separator: ",")
  }

  /// Sets one property.
  /// - Throws: `Problem` for an unknown name or value.
  mutating func set(_ given: VariantProperty) throws {
    let known = Self.properties.filter { backbone != .vgg16 || $0.isOfVGG }
    guard let property = known.first(where: { $0.name == given.name }) else {
      throw unknownName(given.name, of: "property of the variant", known: known.map(\.name))
    }
    guard property.set(&self, given.value) else {
      throw Problem(
        "cannot use the variant", at: "\(given.name)=\(given.value)", because: "expected \(property.values)",
        remedy: "correct the value")
    }
  }
}

extension DeepLabV2 {
  public var variantText: String { description.variantText }

  public var variant: String {
    let d = description
    var read = ["\(d.outputs) outputs"]
    if d.width != 64 { read.append("width \(d.width)") }
    if d.stem == .deep { read.append("deep stem") }
    if d.auxiliary { read.append("auxiliary head") }
    return "\(d.variantText); \(read.joined(separator: ", "))"
  }
}
