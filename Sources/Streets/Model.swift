// SPDX-License-Identifier: Apache-2.0

/// A flat convex polygon with a material laid on by two axes.
struct Face {
  var points: Range<Int>
  var material: Int
  var label: StreetClass
  var normal: V3
  /// Texture coordinates of a point p: (p - origin) · uAxis, (p - origin) · vAxis.
  var origin: V3
  var uAxis: V3
  var vAxis: V3
  var twoSided = false
  var castsShadow = false
  var instance: UInt16 = 0
}

/// A straight round bar with rounded ends, from `a` to `b`; a ball where they are the same.
struct Rod {
  var a: V3
  var b: V3
  var radiusA: Float
  var radiusB: Float
  var colour: V3
  var label: StreetClass
  /// Light the rod gives out itself.
  var emission: Float = 0
  var castsShadow = true
  var instance: UInt16 = 0
}

/// A ragged ball of foliage.
struct Foliage {
  var centre: V3
  var radius: Float
  var colour: V3
  /// The middle of the whole crown: leaves on its far side from the light are darker.
  var crown: V3
  var seed: UInt32
}

/// A soft ellipse on the ground: a contact shadow (negative strength) or the pool of light under a lamp.
struct Spot {
  var centre: V3
  var along: V3
  var across: V3
  var strength: Float
}

/// Everything that stands in a scene.
struct Model {
  var points: [V3] = []
  var faces: [Face] = []
  var rods: [Rod] = []
  var foliage: [Foliage] = []
  var materials: [Material] = []
  var facades: [Facade] = []
  var spots: [Spot] = []
  /// How many countable things there are.
  private(set) var instances: UInt16 = 0

  /// Adds a material and says its index.
  mutating func add(_ material: Material) -> Int {
    materials.append(material)
    return materials.count - 1
  }

  /// Builds a countable thing: the faces and rods that `build` adds get a number and a class of their own.
  mutating func addInstance(_ label: StreetClass, _ build: (inout Model) -> Void) {
    let (firstFace, firstRod) = (faces.count, rods.count)
    build(&self)
    instances += 1
    for i in firstFace..<faces.count { (faces[i].label, faces[i].instance) = (label, instances) }
    for i in firstRod..<rods.count { (rods[i].label, rods[i].instance) = (label, instances) }
  }

  /// Adds a polygon whose normal is that of its first three corners (anticlockwise seen from outside).
  mutating func addFace(
    _ corners: [V3], _ material: Int, _ label: StreetClass, twoSided: Bool = false, shadow: Bool = false
  ) {
    let start = points.count
    points.append(contentsOf: corners)
    let u = normalised(corners[1] - corners[0])
    let normal = normalised(cross(corners[1] - corners[0], corners[2] - corners[0]))
    faces.append(
      Face(
        points: start..<points.count, material: material, label: label, normal: normal, origin: corners[0],
        uAxis: u, vAxis: cross(normal, u), twoSided: twoSided, castsShadow: shadow))
  }

  /// Adds a rod of one radius.
  mutating func addRod(_ a: V3, _ b: V3, _ radius: Float, _ colour: V3, _ label: StreetClass) {
    rods.append(Rod(a: a, b: b, radiusA: radius, radiusB: radius, colour: colour, label: label))
  }

  /// Adds the six sides of an upright box.
  mutating func addBox(_ box: Box, _ material: Int, _ label: StreetClass, shadow: Bool = false) {
    let (a, b, up) = (box.along, box.across, V3(0, 0, box.height))
    let base = [box.base - a - b, box.base + a - b, box.base + a + b, box.base - a + b]
    for i in 0..<4 {
      let (p, q) = (base[i], base[(i + 1) % 4])
      addFace([p, q, q + up, p + up], material, label, shadow: shadow)
    }
    addFace(base.map { $0 + up }, material, label, shadow: shadow)
    addFace(base.reversed(), material, label)
  }
}

/// An upright box: half extents `along` and `across` (with along × across upward) on a base.
struct Box {
  var base: V3
  var along: V3
  var across: V3
  var height: Float
}

/// A plane through `middle`: outlines are drawn on it in units of `right` and `up`.
struct Plane {
  var middle: V3
  var right: V3
  var up: V3
}
