// SPDX-License-Identifier: Apache-2.0

/// Draws faces, rods and foliage into a canvas with depth test, and shadows onto the ground.
struct Painter {
  let camera: Camera
  let light: Light
  let canvas: Canvas
  let shader: Shader

  /// A linear function of the canvas position.
  struct Slope {
    var x: Float
    var y: Float
    var c: Float
    @inline(__always) func row(_ py: Float) -> Float { y * py + c }
  }

  /// The function whose value at a canvas point is `d · ray`, with `d` in camera axes.
  func slope(_ d: V3) -> Slope {
    let (x, y) = (d.x / camera.focal, d.y / camera.focal)
    return Slope(x: x, y: y, c: d.z - x * camera.centre.x - y * camera.centre.y)
  }

  /// Clips a polygon of world points at the near plane, projects it and hands its corners to `body`.
  func withOutline(_ corners: UnsafeBufferPointer<V3>, _ body: (UnsafeBufferPointer<V2>) -> Void) {
    withUnsafeTemporaryAllocation(of: V2.self, capacity: corners.count + 2) { out in
      var count = 0
      var last = camera.local(corners[corners.count - 1])
      for corner in corners {
        let here = camera.local(corner)
        if (here.z >= Camera.near) != (last.z >= Camera.near), count < out.count {
          let t = (Camera.near - last.z) / (here.z - last.z)
          var cut = last + (here - last) * t
          cut.z = Camera.near
          out.initializeElement(at: count, to: camera.project(cut))
          count += 1
        }
        if here.z >= Camera.near, count < out.count {
          out.initializeElement(at: count, to: camera.project(here))
          count += 1
        }
        last = here
      }
      if count >= 3 { body(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(out)[0..<count])) }
    }
  }

  /// Calls `span` with each row of a convex outline and its first and past-the-last column.
  @inline(__always)
  func scan(_ outline: UnsafeBufferPointer<V2>, _ span: (Int, Int, Int) -> Void) {
    var (low, high) = (Float.infinity, -Float.infinity)
    for p in outline { (low, high) = (min(low, p.y), max(high, p.y)) }
    let first = max(0, column(low, canvas.height))
    let end = min(canvas.height, column(high, canvas.height))
    guard first < end else { return }
    for y in first..<end {
      let py = Float(y) + 0.5
      var (left, right) = (Float.infinity, -Float.infinity)
      var a = outline[outline.count - 1]
      for b in outline {
        if (a.y <= py) != (b.y <= py) {
          let x = a.x + (b.x - a.x) * ((py - a.y) / (b.y - a.y))
          (left, right) = (min(left, x), max(right, x))
        }
        a = b
      }
      let from = column(left, canvas.width)
      let to = column(right, canvas.width)
      if from < to { span(y, from, to) }
    }
  }

  /// The first sample whose centre is not left of `x`, within 0 ... limit.
  @inline(__always) func column(_ x: Float, _ limit: Int) -> Int {
    Int(floorIndex(max(0, min(Float(limit), x + 0.5))))
  }

  /// Draws one face.
  func draw(_ face: Face, of model: borrowing Model) {
    let normal = camera.turned(face.normal)
    let offset = dot(normal, camera.local(model.points[face.points.lowerBound]))
    guard offset.magnitude > 1e-4, offset < 0 || face.twoSided else { return }
    let nearness = slope(normal / offset)
    let origin = camera.local(face.origin)
    let (u, v) = (camera.turned(face.uAxis), camera.turned(face.vAxis))
    let uSlope = slope(u - normal * (dot(u, origin) / offset))
    let vSlope = slope(v - normal * (dot(v, origin) / offset))
    let outward = offset < 0 ? face.normal : -face.normal
    let surface = Shader.Surface(light: light.falling(on: outward), normal: outward, scale: 1 / camera.focal)
    let material = model.materials[face.material]
    let (width, depths, colours, labels) = (canvas.width, canvas.nearness, canvas.colour, canvas.label)
    let instances = canvas.instance
    model.points.withUnsafeBufferPointer { points in
      withOutline(UnsafeBufferPointer(rebasing: points[face.points])) { outline in
        scan(outline) { y, from, to in
          let py = Float(y) + 0.5
          let (n0, u0, v0) = (nearness.row(py), uSlope.row(py), vSlope.row(py))
          for x in from..<to {
            let px = Float(x) + 0.5
            let near = nearness.x * px + n0
            let i = y * width + x
            guard near > depths[i] else { continue }
            let distance = 1 / near
            let at = V2(uSlope.x * px + u0, vSlope.x * px + v0) * distance
            guard let colour = shader.colour(material, at, distance, surface) else { continue }
            depths[i] = near
            colours[i] = colour
            labels[i] = face.label.rawValue
            instances[i] = face.instance
          }
        }
      }
    }
  }
}
